import { Failure } from '../errors/failure.ts';
import { calendarDateOf, parseIsoDate, renderIsoDate, type CalendarDate } from '../values/calendar-date.ts';
import { FIRST_YEAR } from '../versions/version.ts';
import type { WorkflowContext } from './build-request.ts';

/**
 * The day that a version is of, UTC: the one asked for, else that of SOURCE_DATE_EPOCH (reproducible-builds.org), else
 * today. A build asks once, when it plans; however long it takes, its day stays.
 * @param asked `YYYY-MM-DD`
 * @throws Failure `E_DATE` for what is no day
 */
export function versionDayOf(
  asked: string | undefined,
  { clock, environment }: Pick<WorkflowContext, 'clock' | 'environment'>,
): CalendarDate {
  const epoch = environment['SOURCE_DATE_EPOCH'] ?? '';
  if (asked === undefined) return epoch === '' ? calendarDateOf(clock.now()) : dayOfEpoch(epoch);
  const date = parseIsoDate(asked);
  if (date) return date;
  throw new Failure('usage', 'E_DATE', `--date takes YYYY-MM-DD; found ${JSON.stringify(asked)}`, {
    hint: 'write an existing day, such as 2026-11-21',
  });
}

function dayOfEpoch(epoch: string): CalendarDate {
  const instant = new Date(/^[0-9]+$/.test(epoch) ? Number(epoch) * 1000 : Number.NaN);
  if (Number.isNaN(instant.getTime())) {
    throw badEpoch(`must be whole seconds since 1970-01-01; found ${JSON.stringify(epoch.slice(0, 40))}`);
  }
  const date = calendarDateOf(instant);
  if (date.year >= FIRST_YEAR) return date;
  throw badEpoch(`is of ${renderIsoDate(date)}; versions are of ${FIRST_YEAR} and later`);
}

function badEpoch(problem: string): Failure {
  return new Failure('usage', 'E_DATE', `SOURCE_DATE_EPOCH ${problem}`, {
    hint: 'unset it, or pass --date YYYY-MM-DD, which goes before it',
  });
}
