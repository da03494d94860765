import { describe, expect, test } from '@jest/globals';
import { renderIsoDate } from '../../../src/values/calendar-date.ts';
import { versionDayOf } from '../../../src/workflows/version-day.ts';

interface Row {
  readonly now: string;
  readonly asked?: string;
  readonly epoch?: string;
  readonly is: string;
  readonly because: string;
}

function day({ now, asked, epoch }: Omit<Row, 'is' | 'because'>): string {
  const clock = { now: () => new Date(now) };
  return renderIsoDate(versionDayOf(asked, { clock, environment: { SOURCE_DATE_EPOCH: epoch } }));
}

describe('the day of a version', () => {
  const NOW = '2026-11-21T12:00:00Z';
  const rows: readonly Row[] = [
    { now: NOW, is: '2026-11-21', because: 'today, when nothing else is said' },
    { now: NOW, epoch: '1790000000', is: '2026-09-21', because: 'SOURCE_DATE_EPOCH goes before the clock' },
    { now: NOW, epoch: '', is: '2026-11-21', because: 'an empty variable says nothing' },
    {
      now: NOW,
      epoch: '1790000000',
      asked: '2026-01-02',
      is: '2026-01-02',
      because: '--date goes before both',
    },
    {
      now: NOW,
      epoch: 'x',
      asked: '2026-01-02',
      is: '2026-01-02',
      because: 'what is not needed is not judged',
    },
    { now: '2026-12-31T23:30:00-05:00', is: '2027-01-01', because: 'it is next year already in UTC' },
    { now: '2027-01-01T00:30:00+14:00', is: '2026-12-31', because: 'and still last year here' },
    {
      now: '2026-03-29T01:30:00Z',
      is: '2026-03-29',
      because: 'clocks that change at night change nothing in UTC',
    },
    { now: '2016-12-31T23:59:59.999Z', is: '2016-12-31', because: 'a leap second belongs to its day' },
    { now: '2028-02-29T23:59:59Z', is: '2028-02-29', because: 'leap years have it' },
    { now: '2100-02-28T23:59:59Z', is: '2100-02-28', because: '2100 has 28 days in February' },
  ];
  test.each(rows)('$is: $because', ({ is, ...row }) => {
    expect(day(row)).toBe(is);
  });

  const refused: readonly Omit<Row, 'is'>[] = [
    { now: NOW, asked: '2026-02-29', because: '2026 is no leap year' },
    { now: NOW, asked: '21.11.2026', because: 'days are written YYYY-MM-DD' },
    { now: NOW, epoch: 'yesterday', because: 'an epoch is a number' },
    { now: NOW, epoch: '-1', because: 'from 0' },
    { now: NOW, epoch: '9'.repeat(30), because: 'that a clock can show' },
    { now: NOW, epoch: '315532800', because: 'some build systems set 1980' },
  ];
  test.each(refused)('is none: $because', ({ now, asked, epoch }) => {
    expect(() =>
      day({ now, ...(asked === undefined ? {} : { asked }), ...(epoch === undefined ? {} : { epoch }) }),
    ).toThrow(expect.objectContaining({ kind: 'usage', code: 'E_DATE', hint: expect.any(String) }));
  });
});
