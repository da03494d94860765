import { Failure } from '../errors/failure.ts';
import {
  compareCalendarDates,
  isCalendarDate,
  renderIsoDate,
  type CalendarDate,
} from '../values/calendar-date.ts';
import { FIRST_YEAR, LAST_YEAR, MAX_BUILD, MAX_REV, renderLong, type VersionRecord } from './version.ts';

/** `daily`: SHORT is the build's day. `line`: SHORT and REV stay what they are and only BUILD grows. */
export type VersionPolicy = 'daily' | 'line';

/** What the next version of a line depends on. */
export interface NextVersionInput {
  /** Newest version of the line that is released or being built; absent for a new line. */
  readonly last?: VersionRecord;
  /** Whether the recipe is the one that `last` was made from. */
  readonly sameRecipe: boolean;
  readonly policy: VersionPolicy;
  /** The build's day, UTC. */
  readonly date: CalendarDate;
  /** The BUILD to use; the caller knows that it is free. */
  readonly build: number;
}

/**
 * The version that the next build of a line gets.
 * @throws Failure `E_VERSION_DATE` for a day before the last one, or outside 2016 to 2999;
 * `E_VERSION_EXHAUSTED` when REV or BUILD would pass their limit
 */
export function planNextVersion(input: NextVersionInput): VersionRecord {
  const { last, policy, build } = input;
  if (build > MAX_BUILD) throw exhausted('BUILD', MAX_BUILD);
  if (policy === 'line' && last) return { scheme: 'date', date: last.date, rev: last.rev, build };
  checkDate(input.date, last);
  const rev = nextRev(input);
  if (rev > MAX_REV) throw exhausted('REV', MAX_REV);
  return { scheme: 'date', date: input.date, rev, build };
}

function nextRev({ last, date, sameRecipe }: NextVersionInput): number {
  if (!last || compareCalendarDates(last.date, date) !== 0) return 1;
  return sameRecipe ? last.rev : last.rev + 1;
}

function checkDate(date: CalendarDate, last: VersionRecord | undefined): void {
  if (!isCalendarDate(date) || date.year < FIRST_YEAR || date.year > LAST_YEAR) {
    throw new Failure('usage', 'E_VERSION_DATE', `${renderIsoDate(date)} cannot be the day of a version`, {
      hint: `give an existing day from ${FIRST_YEAR} to ${LAST_YEAR}`,
    });
  }
  if (!last || compareCalendarDates(date, last.date) >= 0) return;
  const [day, lastDay] = [renderIsoDate(date), renderIsoDate(last.date)];
  throw new Failure(
    'conflict',
    'E_VERSION_DATE',
    `${day} is before the line's last day, ${lastDay} (${renderLong(last)})`,
    {
      hint: `set this machine's clock right, or pass --date ${lastDay} or a later day`,
      evidence: { date: day, lastDate: lastDay, last: renderLong(last) },
    },
  );
}

function exhausted(counter: string, limit: number): Failure {
  return new Failure('conflict', 'E_VERSION_EXHAUSTED', `${counter} would pass its limit, ${limit}`, {
    hint: counter === 'REV' ? 'wait for the next day (UTC)' : 'start a new line',
  });
}
