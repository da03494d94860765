import { describe, expect, test } from '@jest/globals';
import { calendarDateOf } from '../../../src/values/calendar-date.ts';
import { compareRecords } from '../../../src/versions/compare-versions.ts';
import { parseIdentity, parseVersion, readVersion } from '../../../src/versions/parse-version.ts';
import {
  renderForms,
  renderLong,
  type VersionForm,
  type VersionRecord,
  type VersionScheme,
} from '../../../src/versions/version.ts';

// What trips up dated versions, in one place; the tests of each part go deeper.

function recordAt(instant: string, build = 57): VersionRecord {
  return { scheme: 'date', date: calendarDateOf(new Date(instant)), rev: 1, build };
}

describe('the day is the one in UTC', () => {
  const rows: readonly { at: string; is: string; because: string }[] = [
    { at: '2026-12-31T23:30:00-05:00', is: '27.1.1-1.57', because: 'New York has not yet gone over' },
    { at: '2027-01-01T00:30:00+14:00', is: '26.12.31-1.57', because: 'Kiribati has, and UTC has not' },
    { at: '2026-12-31T23:59:59.999Z', is: '26.12.31-1.57', because: 'the last millisecond of a year' },
    { at: '2027-01-01T00:00:00Z', is: '27.1.1-1.57', because: 'the first of the next' },
    {
      at: '2026-10-25T02:30:00+02:00',
      is: '26.10.25-1.57',
      because: 'an hour that comes twice is on one day',
    },
    { at: '2028-02-29T12:00:00Z', is: '28.2.29-1.57', because: 'a leap day' },
    { at: '2099-12-31T23:59:59Z', is: '99.12.31-1.57', because: 'the last year of two digits' },
    { at: '2100-01-01T00:00:00Z', is: '100.1.1-1.57', because: 'and the first of three, where %y says 0' },
    { at: '2100-03-01T00:00:00Z', is: '100.3.1-1.57', because: '2100 has no leap day' },
  ];
  test.each(rows)('$at is $is: $because', ({ at, is }) => {
    expect(renderLong(recordAt(at))).toBe(is);
    expect(parseIdentity(is)).toEqual(recordAt(at));
  });
});

test('first and last day of every year from 2016 to 2999 are read back, in order, in every form', () => {
  let before: VersionRecord | undefined;
  for (let year = 2016; year <= 2999; year += 1) {
    for (const [month, day] of [
      [1, 1],
      [12, 31],
    ] as const) {
      const record: VersionRecord = { scheme: 'date', date: { year, month, day }, rev: 1, build: year };
      const { long, serial, wire } = renderForms(record);
      expect(parseIdentity(long)).toEqual(record);
      expect(parseIdentity(serial)).toEqual(record);
      expect(parseVersion(wire, 'date')).toMatchObject({ date: record.date, build: year });
      if (before) expect(compareRecords(before, record)).toBeLessThan(0);
      before = record;
    }
  }
});

test('as text, unpadded months are out of order; as versions they are not', () => {
  const longs = ['26.9.1-1.3', '26.10.1-1.4'];
  expect(longs.toSorted()).toEqual(['26.10.1-1.4', '26.9.1-1.3']);
  expect(longs.map(parseIdentity).toSorted(compareRecords).map(renderLong)).toEqual(longs);
});

describe('texts', () => {
  const rows: readonly {
    text: string;
    scheme?: VersionScheme;
    is: VersionForm | 'refused';
    because: string;
  }[] = [
    { text: '28.2.29-1.1', is: 'long', because: '2028 is a leap year' },
    { text: '26.2.29-1.1', is: 'refused', because: '2026 is none' },
    { text: '100.2.29-1.1', is: 'refused', because: 'nor is 2100' },
    { text: '26.11.21-2.57\n', is: 'refused', because: 'a newline came along' },
    { text: ' 26.11.21-2.57', is: 'refused', because: 'a blank came along' },
    { text: '26.11.21-2.57\u00a0', is: 'refused', because: 'a no-break space came along' },
    { text: '26.11.21-2.57\0', is: 'refused', because: 'NUL ends no version' },
    { text: 'v26.11.21-2.57', is: 'refused', because: 'v is no part of a version' },
    { text: '26.11.2١-2.57', is: 'refused', because: 'an Arabic digit one' },
    { text: '２６.11.21-2.57', is: 'refused', because: 'digits of full width' },
    { text: '26․11․21-2.57', is: 'refused', because: 'dots that only look like dots' },
    { text: '26.11.21‐2.57', is: 'refused', because: 'a hyphen that only looks like one' },
    { text: '26.11.21-2.999999999', is: 'long', because: 'nine digits fit a Java int' },
    { text: '26.11.21-2.1000000000', is: 'refused', because: 'ten may not' },
    { text: '26.11.21-0.57', is: 'refused', because: 'REV begins at 1' },
    { text: '26.11.21-2.0', is: 'refused', because: 'so does BUILD' },
    { text: '26.11.21-02.57', is: 'refused', because: 'nothing is padded' },
    { text: '26.04.03-1.1', is: 'refused', because: 'not even months, though date +%m does it' },
    { text: '26.11.21--2.57', is: 'refused', because: 'no number is negative' },
    { text: '26.11.21-2.5e1', is: 'refused', because: 'nor written with an exponent' },
    { text: '26.11.21-0x2.57', is: 'refused', because: 'nor in hexadecimal' },
    { text: '4.6.0', is: 'legacy', because: 'no year is 4' },
    { text: '4.19.1.3', is: 'legacy', because: 'CloudStack has four numbers' },
    { text: '24.1.1', is: 'refused', because: 'CloudStack 24.1.1 or New Year 2024' },
    { text: '24.1.1', scheme: 'legacy', is: 'legacy', because: 'it was said which' },
    { text: '24.1.1', scheme: 'date', is: 'short', because: 'it was said which' },
    { text: '26.11.21.57', is: 'refused', because: 'WIRE fits both schemes as well' },
    { text: '26.11.21-2', is: 'inter', because: 'no product version has a dash' },
    { text: '4.6.0-1', is: 'refused', because: 'so it is a day, and there is no year 4' },
  ];
  test.each(rows)('$text, scheme $scheme: $is, because $because', ({ text, scheme, is }) => {
    const reading = readVersion(text, scheme);
    expect('version' in reading ? reading.version.form : 'refused').toBe(is);
  });
});

test.each([['26.11.21'], ['26.11.21-2'], ['26.11.21.57']])(
  'the alias %s is refused where one release must be named',
  (alias) => {
    expect(() => parseIdentity(alias)).toThrow(
      expect.objectContaining({ code: 'E_VERSION_INVALID', hint: expect.stringContaining('26.11.21-2.57') }),
    );
  },
);
