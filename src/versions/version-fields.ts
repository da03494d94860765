import type { Fault } from '../errors/fault.ts';
import { isCalendarDate, type CalendarDate } from '../values/calendar-date.ts';
import { FIRST_YEAR, LAST_YEAR, MAX_BUILD, MAX_REV } from './version.ts';

/** One number inside a version text: where it stands and what it may be. */
interface FieldRule {
  /** Place in the version record, for the fault. */
  readonly path: string;
  readonly min: number;
  readonly max: number;
}

const YEAR: FieldRule = { path: '.date.year', min: FIRST_YEAR - 2000, max: LAST_YEAR - 2000 };
const MONTH: FieldRule = { path: '.date.month', min: 1, max: 12 };
const DAY: FieldRule = { path: '.date.day', min: 1, max: 31 };
const REV: FieldRule = { path: '.rev', min: 1, max: MAX_REV };
const BUILD: FieldRule = { path: '.build', min: 1, max: MAX_BUILD };

/** Reads `26`, `11`, `21` as a day; every field that is wrong becomes a fault, and so does a day that does not exist. */
export function readDate(fields: readonly string[], faults: Fault[]): CalendarDate {
  const before = faults.length;
  const date = {
    year: 2000 + readNumber(fields[0], YEAR, faults),
    month: readNumber(fields[1], MONTH, faults),
    day: readNumber(fields[2], DAY, faults),
  };
  if (faults.length === before) checkDayExists(date, faults);
  return date;
}

/** Reads the year, or year and month, before an `x`: the year in full, as {@link readDate} gives it. */
export function readLeadingFields(fields: readonly (string | undefined)[], faults: Fault[]): number[] {
  const [year, month] = fields;
  const head = [2000 + readNumber(year, YEAR, faults)];
  return month === undefined ? head : [...head, readNumber(month, MONTH, faults)];
}

/** Reads the eight digits of a SERIAL's day. */
export function readPaddedDate(text: string | undefined, faults: Fault[]): CalendarDate {
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(text ?? '');
  if (!match) faults.push({ path: '.date', message: `must be eight digits YYYYMMDD; found "${text}"` });
  const [year, month, day] = match?.slice(1).map(Number) ?? [];
  const date = { year: year ?? 0, month: month ?? 0, day: day ?? 0 };
  if (!match) return date;
  const before = faults.length;
  checkRange(date.year - 2000, YEAR, faults);
  checkRange(date.month, MONTH, faults);
  checkRange(date.day, DAY, faults);
  if (faults.length === before) checkDayExists(date, faults);
  return date;
}

/** Reads REV. */
export function readRev(text: string | undefined, faults: Fault[]): number {
  return readNumber(text, REV, faults);
}

/** Reads BUILD. */
export function readBuild(text: string | undefined, faults: Fault[]): number {
  return readNumber(text, BUILD, faults);
}

/** Reads a number padded with zeros to `width` digits, as SERIAL has them; more digits only where needed. */
export function readPadded(
  text: string | undefined,
  field: 'rev' | 'build',
  width: number,
  faults: Fault[],
): number {
  const rule = field === 'rev' ? REV : BUILD;
  const canonical = /^\d+$/.test(text ?? '') && String(Number(text)).padStart(width, '0') === text;
  if (canonical) return checkRange(Number(text), rule, faults);
  faults.push({ path: rule.path, message: `must be ${width} digits, padded with zeros; found "${text}"` });
  return Number.NaN;
}

/** Reads one field of a legacy version; the first one starts at 1. */
export function readLegacyPart(text: string, index: number, faults: Fault[]): number {
  return readNumber(text, { path: `.parts[${index}]`, min: index === 0 ? 1 : 0, max: MAX_BUILD }, faults);
}

function readNumber(text: string | undefined, rule: FieldRule, faults: Fault[]): number {
  if (text !== undefined && /^(?:0|[1-9][0-9]*)$/.test(text)) return checkRange(Number(text), rule, faults);
  const must = /^[0-9]+$/.test(text ?? '') ? 'not begin with a zero' : 'be a whole number in digits 0 to 9';
  faults.push({ path: rule.path, message: `must ${must}; found ${JSON.stringify(text ?? '')}` });
  return Number.NaN;
}

function checkRange(value: number, rule: FieldRule, faults: Fault[]): number {
  if (value < rule.min || value > rule.max) {
    faults.push({ path: rule.path, message: `must be from ${rule.min} to ${rule.max}; found ${value}` });
  }
  return value;
}

function checkDayExists(date: CalendarDate, faults: Fault[]): void {
  if (isCalendarDate(date)) return;
  const day = `${date.year}-${date.month}-${date.day}`;
  faults.push({ path: '.date', message: `must be a day of the calendar; ${day} does not exist` });
}
