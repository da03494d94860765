import { Failure } from '../errors/failure.ts';
import { compareCalendarDates, renderIsoDate, type CalendarDate } from '../values/calendar-date.ts';
import { parseVersion, readVersion } from './parse-version.ts';
import { renderShort, type VersionRecord } from './version.ts';

/** The version that a person gives to an image that was made elsewhere; without BUILD it gets the line's next one. */
export type GivenVersion = Pick<VersionRecord, 'date' | 'rev'> & { readonly build?: number };

/** Days that a given version is held against. */
export interface ImportDays {
  /** Today, UTC. */
  readonly today: CalendarDate;
  /** When the image was made, as far as its file tells; what a hint proposes. */
  readonly made: CalendarDate;
}

/**
 * Reads the version of an image that was made elsewhere: LONG or SERIAL, or SHORT (REV 1) or INTER.
 * @throws Failure of kind `usage`: `E_VERSION_INVALID`, also for a channel or a WIRE, which leaves REV open;
 * `E_VERSION_LEGACY` for a product version; `E_VERSION_DATE` for a day that is still to come
 */
export function parseGivenVersion(text: string, { today, made }: ImportDays): GivenVersion {
  const proposal = `give the day on which it was made, such as ${renderShort(made)}`;
  const isDated = 'version' in readVersion(text, 'date');
  if (!isDated && 'version' in readVersion(text, 'legacy')) {
    const message = `${text} is a product version, and lines hold dated ones: others could not be compared with it`;
    throw new Failure('usage', 'E_VERSION_LEGACY', message, { hint: proposal, evidence: { text } });
  }
  const version = parseVersion(text, 'date');
  if (version.form === 'wire' || version.form === 'legacy') {
    throw new Failure('usage', 'E_VERSION_INVALID', `${text} leaves REV open`, {
      hint: `write it in full, such as ${renderShort(made)}-1.57`,
      evidence: { text, form: version.form },
    });
  }
  const { date } = version;
  if (compareCalendarDates(date, today) > 0) {
    const message = `${text} is of ${renderIsoDate(date)}, which is still to come`;
    throw new Failure('usage', 'E_VERSION_DATE', message, { hint: proposal });
  }
  if (version.form === 'short') return { date, rev: 1 };
  return version.form === 'inter'
    ? { date, rev: version.rev }
    : { date, rev: version.rev, build: version.build };
}
