import { describe, expect, test } from '@jest/globals';
import { parseIsoDate } from '../../../src/values/calendar-date.ts';
import { planNextVersion, type VersionPolicy } from '../../../src/versions/next-version.ts';
import { parseIdentity } from '../../../src/versions/parse-version.ts';
import { renderForms, renderLong } from '../../../src/versions/version.ts';

interface Row {
  readonly update: string;
  readonly last: string;
  readonly date: string;
  readonly policy: VersionPolicy;
  readonly sameRecipe: boolean;
  readonly is: string;
  readonly because: string;
}

function next({ last, date, policy, sameRecipe }: Omit<Row, 'is' | 'update' | 'because'>) {
  const day = parseIsoDate(date);
  if (!day) throw new Error(`row with a bad day: ${date}`);
  const before = parseIdentity(last);
  return planNextVersion({ last: before, date: day, policy, sameRecipe, build: before.build + 1 });
}

const DAILY = { policy: 'daily', last: '26.11.21-1.57' } as const;
const LINE = { policy: 'line', last: '26.6.1-2.10', date: '2026-11-21' } as const;

describe('what an update does to the version', () => {
  const rows: readonly Row[] = [
    {
      ...DAILY,
      update: 'new application version',
      date: '2026-11-22',
      sameRecipe: false,
      is: '26.11.22-1.58',
      because: 'SHORT changes',
    },
    {
      ...DAILY,
      update: 'new application version on the day of the last',
      date: '2026-11-21',
      sameRecipe: false,
      is: '26.11.21-2.58',
      because: 'a day has one SHORT, so INTER changes',
    },
    {
      ...DAILY,
      update: 'image fix on the same day',
      date: '2026-11-21',
      sameRecipe: false,
      is: '26.11.21-2.58',
      because: 'INTER changes',
    },
    {
      ...DAILY,
      update: 'image fix on a later day',
      date: '2026-11-22',
      sameRecipe: false,
      is: '26.11.22-1.58',
      because: 'the day says it all',
    },
    {
      ...DAILY,
      update: 'rebuild for a dependency on the same day',
      date: '2026-11-21',
      sameRecipe: true,
      is: '26.11.21-1.58',
      because: 'only BUILD grows, and who follows INTER receives it',
    },
    {
      ...DAILY,
      update: 'rebuild for a dependency on a later day',
      date: '2026-11-22',
      sameRecipe: true,
      is: '26.11.22-1.58',
      because: 'minimum-version checks can tell it from yesterday',
    },
    {
      ...DAILY,
      update: 'maintenance update of the core package',
      date: '2026-11-22',
      sameRecipe: true,
      is: '26.11.22-1.58',
      because: 'it is a rebuild like any other',
    },
    {
      ...LINE,
      update: 'rebuild for a dependency',
      sameRecipe: true,
      is: '26.6.1-2.11',
      because: 'SHORT and INTER are frozen, and who follows them receives it',
    },
    {
      ...LINE,
      update: 'maintenance update of the core package',
      sameRecipe: true,
      is: '26.6.1-2.11',
      because: 'it is a rebuild like any other',
    },
    {
      ...LINE,
      policy: 'daily',
      date: '2026-06-01',
      update: 'image fix',
      sameRecipe: false,
      is: '26.6.1-3.11',
      because: 'one build under daily with the frozen day makes a new REV',
    },
    {
      ...LINE,
      last: '26.6.1-3.11',
      update: 'rebuild after the image fix',
      sameRecipe: false,
      is: '26.6.1-3.12',
      because: 'the line is frozen at the new REV',
    },
    {
      ...LINE,
      policy: 'daily',
      update: 'new application version',
      sameRecipe: false,
      is: '26.11.21-1.11',
      because: 'one build under daily makes a new SHORT',
    },
    {
      ...LINE,
      last: '26.11.21-1.11',
      date: '2026-12-24',
      update: 'rebuild after the new application version',
      sameRecipe: false,
      is: '26.11.21-1.12',
      because: 'the line is frozen at the new day',
    },
  ];
  test.each(rows)('$policy, $update: $is, because $because', ({ is, ...row }) => {
    expect(renderLong(next(row))).toBe(is);
  });
});

test('a router of a frozen line sees each of its rebuilds as newer, by WIRE', () => {
  const wires = [
    next({ ...LINE, sameRecipe: true }),
    next({ ...LINE, last: '26.6.1-2.11', sameRecipe: true }),
  ];
  expect(wires.map((version) => renderForms(version).wire)).toEqual(['26.6.1.11', '26.6.1.12']);
});
