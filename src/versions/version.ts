import { startOfDayMs, type CalendarDate } from '../values/calendar-date.ts';

/** How a version is to be read. Stored beside it, never guessed: product versions such as 24.1.1 look like days. */
export type VersionScheme = 'date' | 'legacy';

/** Every spelling a version can have; see design section 4. */
export type VersionForm = 'short' | 'inter' | 'long' | 'wire' | 'serial' | 'legacy';

/** The identity of a release. Every text form is derived from it, and from nothing else. */
export interface VersionRecord {
  readonly scheme: 'date';
  /** Day of the version, UTC. */
  readonly date: CalendarDate;
  /** Recipe revision of that day, from 1. */
  readonly rev: number;
  /** Counter of the line, from 1; never reset, never reused. */
  readonly build: number;
}

/** What a version text says. Only `long` and `serial` name one release; the other dated forms are aliases. */
export type ParsedVersion =
  | { readonly scheme: 'date'; readonly form: 'short'; readonly date: CalendarDate }
  | { readonly scheme: 'date'; readonly form: 'inter'; readonly date: CalendarDate; readonly rev: number }
  | { readonly scheme: 'date'; readonly form: 'wire'; readonly date: CalendarDate; readonly build: number }
  | (VersionRecord & { readonly form: 'long' | 'serial' })
  | { readonly scheme: 'legacy'; readonly form: 'legacy'; readonly parts: readonly number[] };

/** All spellings of one release. */
export interface VersionForms {
  readonly short: string;
  readonly inter: string;
  readonly long: string;
  readonly wire: string;
  readonly serial: string;
}

/** First year of the date scheme (Cosmic's versions began with 16.4); lower first fields are legacy versions. */
export const FIRST_YEAR = 2016;
/** Last year: the first field has at most three digits. */
export const LAST_YEAR = 2999;
/** Largest REV: SERIAL has four digits for it. */
export const MAX_REV = 9999;
/** Largest BUILD: nine digits, so that consumers that keep it in a 32-bit integer can. */
export const MAX_BUILD = 999_999_999;

/** `26.11.21`: the year is counted from 2000 and nothing is padded; 2100 is 100, which `date +%y` gets wrong. */
export function renderShort(date: CalendarDate): string {
  return `${date.year - 2000}.${date.month}.${date.day}`;
}

/** `26.11.21-2`. */
export function renderInter(version: Pick<VersionRecord, 'date' | 'rev'>): string {
  return `${renderShort(version.date)}-${version.rev}`;
}

/** `26.11.21-2.57`, the only form that is an identity. */
export function renderLong(version: VersionRecord): string {
  return `${renderInter(version)}.${version.build}`;
}

/** `26.11.21.57`, for consumers that take integers and dots only. */
export function renderWire(version: Pick<VersionRecord, 'date' | 'build'>): string {
  return `${renderShort(version.date)}.${version.build}`;
}

/**
 * `20261121_0002.000057`, which simplestreams sorts as text.
 * BUILDs above 999999 take more digits, and their text order is no longer their order.
 */
export function renderSerial(version: VersionRecord): string {
  const { year, month, day } = version.date;
  const date = `${padded(year, 4)}${padded(month, 2)}${padded(day, 2)}`;
  return `${date}_${padded(version.rev, 4)}.${padded(version.build, 6)}`;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** All spellings of a release. */
export function renderForms(version: VersionRecord): VersionForms {
  return {
    short: renderShort(version.date),
    inter: renderInter(version),
    long: renderLong(version),
    wire: renderWire(version),
    serial: renderSerial(version),
  };
}

/** The text a version was parsed from, in its own form. */
export function renderVersion(version: ParsedVersion): string {
  switch (version.form) {
    case 'short':
      return renderShort(version.date);
    case 'inter':
      return renderInter(version);
    case 'wire':
      return renderWire(version);
    case 'long':
      return renderLong(version);
    case 'serial':
      return renderSerial(version);
    default:
      return version.parts.join('.');
  }
}

/** The release a version names, or undefined where it is only an alias or of the legacy scheme. */
export function identityOf(version: ParsedVersion): VersionRecord | undefined {
  if (version.form !== 'long' && version.form !== 'serial') return undefined;
  return { scheme: 'date', date: version.date, rev: version.rev, build: version.build };
}

/** SOURCE_DATE_EPOCH of a release: midnight UTC of its day, in seconds since the epoch. */
export function sourceDateEpochOf(version: Pick<VersionRecord, 'date'>): number {
  return startOfDayMs(version.date) / 1000;
}
