import { describe, expect, test } from '@jest/globals';
import { calendarDateOf, parseIsoDate } from '../../../src/values/calendar-date.ts';
import { planNextVersion, type VersionPolicy } from '../../../src/versions/next-version.ts';
import { parseIdentity } from '../../../src/versions/parse-version.ts';
import { renderLong, sourceDateEpochOf } from '../../../src/versions/version.ts';

interface Row {
  readonly last?: string;
  readonly date: string;
  readonly build: number;
  readonly same?: boolean;
  readonly policy?: VersionPolicy;
  readonly because: string;
}

function next({ last, date, build, same = true, policy = 'daily' }: Row): string {
  const day = parseIsoDate(date);
  if (!day) throw new Error(`row with a bad day: ${date}`);
  const previous = last === undefined ? {} : { last: parseIdentity(last) };
  return renderLong(planNextVersion({ ...previous, date: day, build, sameRecipe: same, policy }));
}

describe('planNextVersion', () => {
  const rows: readonly (Row & { is: string })[] = [
    { date: '2026-11-21', build: 1, is: '26.11.21-1.1', because: 'a line begins at 1' },
    {
      last: '26.11.20-3.56',
      date: '2026-11-21',
      build: 57,
      is: '26.11.21-1.57',
      because: 'a new day begins at REV 1 and BUILD goes on',
    },
    {
      last: '26.11.21-1.57',
      date: '2026-11-21',
      build: 58,
      is: '26.11.21-1.58',
      because: 'the same recipe on one day keeps its REV',
    },
    {
      last: '26.11.21-1.57',
      date: '2026-11-21',
      build: 58,
      same: false,
      is: '26.11.21-2.58',
      because: 'another recipe is another REV',
    },
    {
      last: '26.11.21-1.57',
      date: '2026-11-21',
      build: 90,
      is: '26.11.21-1.90',
      because: 'gaps are normal: numbers are burnt',
    },
    { last: '26.12.31-1.8', date: '2027-01-01', build: 9, is: '27.1.1-1.9', because: 'the year turns' },
    {
      last: '99.12.31-1.8',
      date: '2100-01-01',
      build: 9,
      is: '100.1.1-1.9',
      because: 'the century turns: year minus 2000',
    },
    {
      last: '26.6.1-2.10',
      date: '2026-11-21',
      build: 11,
      same: false,
      policy: 'line',
      is: '26.6.1-2.11',
      because: 'policy line freezes SHORT and REV',
    },
    {
      last: '26.6.1-2.10',
      date: '2026-01-01',
      build: 11,
      policy: 'line',
      is: '26.6.1-2.11',
      because: 'and does not look at the day at all',
    },
    {
      date: '2026-11-21',
      build: 1,
      policy: 'line',
      is: '26.11.21-1.1',
      because: 'a frozen line begins on its first day',
    },
  ];
  test.each(rows)('$is: $because', (row) => {
    expect(next(row)).toBe(row.is);
  });

  const refused: readonly (Row & { code: string; kind: string })[] = [
    {
      last: '26.11.21-1.57',
      date: '2026-11-20',
      build: 58,
      code: 'E_VERSION_DATE',
      kind: 'conflict',
      because: 'the clock was set back',
    },
    {
      date: '2015-12-31',
      build: 1,
      code: 'E_VERSION_DATE',
      kind: 'usage',
      because: 'the scheme began in 2016',
    },
    {
      date: '3000-01-01',
      build: 1,
      code: 'E_VERSION_DATE',
      kind: 'usage',
      because: 'four digits of year have no form',
    },
    {
      last: '26.11.21-9999.57',
      date: '2026-11-21',
      build: 58,
      same: false,
      code: 'E_VERSION_EXHAUSTED',
      kind: 'conflict',
      because: 'REV has four digits',
    },
    {
      date: '2026-11-21',
      build: 1_000_000_000,
      code: 'E_VERSION_EXHAUSTED',
      kind: 'conflict',
      because: 'BUILD has nine',
    },
  ];
  test.each(refused)('refuses $date after $last: $because', ({ code, kind, ...row }) => {
    expect(() => next(row)).toThrow(expect.objectContaining({ code, kind, hint: expect.any(String) }));
  });
});

test('half past eleven at night west of Greenwich is the next year already', () => {
  const date = calendarDateOf(new Date('2026-12-31T23:30:00-05:00'));
  expect(renderLong({ scheme: 'date', date, rev: 1, build: 9 })).toBe('27.1.1-1.9');
});

test('SOURCE_DATE_EPOCH is midnight UTC of the version day, in seconds', () => {
  expect(sourceDateEpochOf(parseIdentity('26.11.21-2.57'))).toBe(1_795_219_200);
});
