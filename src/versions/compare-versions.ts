import compareSemver from 'semver/functions/compare.js';
import parseSemver from 'semver/functions/parse.js';
import { Failure } from '../errors/failure.ts';
import { compareCalendarDates } from '../values/calendar-date.ts';
import {
  renderInter,
  renderLong,
  renderShort,
  renderVersion,
  type ParsedVersion,
  type VersionRecord,
} from './version.ts';

/**
 * Negative, zero or positive as release `a` is older than, the same as or newer than `b`: the order of their LONGs by
 * semantic versioning, number by number, because a catalogue is sorted by it again and again.
 */
export function compareRecords(a: VersionRecord, b: VersionRecord): number {
  return compareCalendarDates(a.date, b.date) || a.rev - b.rev || a.build - b.build;
}

/**
 * Negative, zero or positive as `a` is lower than, equal to or higher than `b`.
 * @throws Failure `E_VERSION_MIXED` when the two are of different forms: semver puts 26.11.21 above every
 * 26.11.21-x and dpkg below, so there is no order that all consumers share
 */
export function compareParsed(a: ParsedVersion, b: ParsedVersion): number {
  if (orderGroup(a) !== orderGroup(b)) throw mixed(a, b);
  const order = compareSemver(semverKey(a), semverKey(b));
  if (order !== 0 || a.form !== 'legacy' || b.form !== 'legacy') return order;
  return compareFourthParts(a.parts, b.parts);
}

/** Whether a text is a semantic version to the letter: node-semver itself forgives a `v` and blanks. */
export function isStrictSemver(text: string): boolean {
  const version = parseSemver(text);
  if (version === null) return false;
  return text === [version.version, ...(version.build.length > 0 ? [version.build.join('.')] : [])].join('+');
}

/** Order of two semantic versions. @throws TypeError for texts that are none; see {@link isStrictSemver} */
export function compareSemverTexts(a: string, b: string): number {
  return compareSemver(a, b);
}

/** A copy in ascending order. @throws Failure `E_VERSION_MIXED` for a list of several forms */
export function sortVersions(versions: readonly ParsedVersion[]): ParsedVersion[] {
  const [first, ...others] = versions;
  const stranger = first && others.find((other) => orderGroup(other) !== orderGroup(first));
  if (first && stranger) throw mixed(first, stranger);
  return versions.toSorted(compareParsed);
}

/** The newest of some releases, or undefined when there is none. */
export function newestRecord<T extends VersionRecord>(versions: Iterable<T>): T | undefined {
  let newest: T | undefined;
  for (const version of versions) {
    if (newest === undefined || compareRecords(version, newest) > 0) newest = version;
  }
  return newest;
}

/** LONG and SERIAL say the same thing and may be compared. */
function orderGroup(version: ParsedVersion): string {
  return version.form === 'serial' ? 'long' : version.form;
}

/** A semantic version that orders like the version itself among versions of its group. */
function semverKey(version: ParsedVersion): string {
  switch (version.form) {
    case 'short':
      return renderShort(version.date);
    case 'inter':
      return renderInter(version);
    case 'wire':
      return `${renderShort(version.date)}-${version.build}`;
    case 'long':
    case 'serial':
      return renderLong(version);
    default:
      return version.parts.slice(0, 3).join('.');
  }
}

/** 4.6.0 comes before 4.6.0.0: the longer one wins, as in CloudStack's own comparison. */
function compareFourthParts(a: readonly number[], b: readonly number[]): number {
  return Math.sign((a[3] ?? -1) - (b[3] ?? -1));
}

function mixed(a: ParsedVersion, b: ParsedVersion): Failure {
  return new Failure('usage', 'E_VERSION_MIXED', `${quote(a)} and ${quote(b)} have no order`, {
    hint: 'compare versions of one form, best the full one such as 26.11.21-2.57',
    evidence: { forms: [a.form, b.form] },
  });
}

function quote(version: ParsedVersion): string {
  return `${renderVersion(version)} (${version.form.toUpperCase()})`;
}
