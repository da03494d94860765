import { Failure } from '../errors/failure.ts';
import { renderFaults, type Fault } from '../errors/fault.ts';
import { renderIsoDate } from '../values/calendar-date.ts';
import {
  readBuild,
  readDate,
  readLegacyPart,
  readPadded,
  readPaddedDate,
  readRev,
} from './version-fields.ts';
import {
  FIRST_YEAR,
  identityOf,
  type ParsedVersion,
  type VersionRecord,
  type VersionScheme,
} from './version.ts';

/** The outcome of reading a version text: the version, or everything that is wrong with it. */
export type VersionReading =
  { readonly version: ParsedVersion } | { readonly faults: readonly Fault[]; readonly hint?: string };

/** No form is longer than 25 characters; anything beyond this is not quoted back. */
const LONGEST_TEXT = 64;

const SCHEME_HINT = 'pass --scheme date or --scheme legacy, or write the full form such as 26.11.21-2.57';

/**
 * Reads a version text of any form. Text without a dash that could be a day as well as a product version
 * is refused unless `scheme` says which.
 */
export function readVersion(text: string, scheme?: VersionScheme): VersionReading {
  if (text.length > LONGEST_TEXT) {
    return fault('.', `must have at most ${LONGEST_TEXT} characters; found ${text.length}`);
  }
  const wrapping = wrappingFaults(text);
  const reading = readBare(text.trim().replace(/^[vV](?=\d)/, ''), scheme);
  if (wrapping.length === 0) return reading;
  return 'faults' in reading
    ? { ...reading, faults: [...wrapping, ...reading.faults] }
    : { faults: wrapping };
}

/** As {@link readVersion}. @throws Failure `E_VERSION_INVALID` with every fault */
export function parseVersion(text: string, scheme?: VersionScheme): ParsedVersion {
  const reading = readVersion(text, scheme);
  if ('version' in reading) return reading.version;
  const options = { details: renderFaults(reading.faults), evidence: { text, faults: reading.faults } };
  const subject = JSON.stringify(text.slice(0, LONGEST_TEXT));
  throw new Failure(
    'usage',
    'E_VERSION_INVALID',
    `${subject} is not a version`,
    reading.hint === undefined ? options : { ...options, hint: reading.hint },
  );
}

/**
 * Reads a LONG (or SERIAL) where one release must be named.
 * @throws Failure `E_VERSION_INVALID`, also for an alias: which release it means changes with time
 */
export function parseIdentity(text: string): VersionRecord {
  const version = parseVersion(text, 'date');
  const identity = identityOf(version);
  if (identity) return identity;
  throw new Failure('usage', 'E_VERSION_INVALID', `${text} does not name one release: it is an alias`, {
    hint: 'write the full form, such as 26.11.21-2.57',
    evidence: { text, form: version.form },
  });
}

function readBare(text: string, scheme: VersionScheme | undefined): VersionReading {
  if (scheme === 'legacy') return readLegacy(text);
  const split = (pattern: RegExp): string[] | undefined => pattern.exec(text)?.slice(1);
  const serial = split(/^([^_.-]*)_([^_.-]*)\.([^_.-]*)$/);
  if (serial) return readSerial(serial);
  const dashed = split(/^([^_.-]*)\.([^_.-]*)\.([^_.-]*)-([^_.-]*)(?:\.([^_.-]*))?$/);
  if (dashed) return readDashed(dashed);
  const dotted = split(/^([^_.-]+)\.([^_.-]*)\.([^_.-]*)(?:\.([^_.-]*))?$/);
  if (dotted) return readDotted(text, dotted, scheme);
  return fault(
    '.',
    'must look like 26.11.21, 26.11.21-2, 26.11.21-2.57, 26.11.21.57 or 20261121_0002.000057',
  );
}

function readSerial([day, revText, buildText]: readonly string[]): VersionReading {
  const faults: Fault[] = [];
  const date = readPaddedDate(day, faults);
  const rev = readPadded(revText, 'rev', 4, faults);
  const build = readPadded(buildText, 'build', 6, faults);
  return outcome({ scheme: 'date', form: 'serial', date, rev, build }, faults);
}

function readDashed(fields: readonly (string | undefined)[]): VersionReading {
  const faults: Fault[] = [];
  const date = readDate(fields.slice(0, 3).map(String), faults);
  const rev = readRev(fields[3], faults);
  if (fields[4] === undefined) return outcome({ scheme: 'date', form: 'inter', date, rev }, faults);
  const build = readBuild(fields[4], faults);
  return outcome({ scheme: 'date', form: 'long', date, rev, build }, faults);
}

/** SHORT and WIRE, which share their looks with product versions. */
function readDotted(
  text: string,
  fields: readonly (string | undefined)[],
  scheme: VersionScheme | undefined,
): VersionReading {
  if (scheme === undefined && /^\d+$/.test(fields[0] ?? '') && Number(fields[0]) < FIRST_YEAR - 2000) {
    return readLegacy(text);
  }
  const dated = readDatedDotted(fields);
  if (scheme === 'date') return dated;
  if (!('version' in dated)) {
    return 'version' in readLegacy(text)
      ? { ...dated, hint: 'pass --scheme legacy if this is a product version' }
      : dated;
  }
  const day = 'date' in dated.version ? renderIsoDate(dated.version.date) : '';
  return { ...fault('.', `could be the day ${day} or a product version`), hint: SCHEME_HINT };
}

function readDatedDotted(fields: readonly (string | undefined)[]): VersionReading {
  const faults: Fault[] = [];
  const date = readDate(fields.slice(0, 3).map(String), faults);
  if (fields[3] === undefined) return outcome({ scheme: 'date', form: 'short', date }, faults);
  const build = readBuild(fields[3], faults);
  return outcome({ scheme: 'date', form: 'wire', date, build }, faults);
}

function readLegacy(text: string): VersionReading {
  const fields = text.split('.');
  if (fields.length < 3 || fields.length > 4) {
    return fault('.', `must have three or four numbers, such as 4.6.0; found ${fields.length}`);
  }
  const faults: Fault[] = [];
  const parts = fields.map((field, index) => readLegacyPart(field, index, faults));
  return outcome({ scheme: 'legacy', form: 'legacy', parts }, faults);
}

function wrappingFaults(text: string): Fault[] {
  const faults: Fault[] = [];
  if (text !== text.trim()) faults.push({ path: '.', message: 'must have no white space around it' });
  if (/^\s*[vV]\d/.test(text)) faults.push({ path: '.', message: 'must not begin with v' });
  return faults;
}

function outcome(version: ParsedVersion, faults: readonly Fault[]): VersionReading {
  return faults.length === 0 ? { version } : { faults };
}

function fault(path: string, message: string): { faults: readonly Fault[] } {
  return { faults: [{ path, message }] };
}
