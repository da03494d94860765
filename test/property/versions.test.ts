import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compare as compareSemver, satisfies, valid as validSemver } from 'semver';
import { calendarDateOf } from '../../src/values/calendar-date.ts';
import { compareRecords } from '../../src/versions/compare-versions.ts';
import { planNextVersion } from '../../src/versions/next-version.ts';
import { parseVersion } from '../../src/versions/parse-version.ts';
import { matchesRange, parseRange } from '../../src/versions/version-range.ts';
import {
  identityOf,
  renderForms,
  renderInter,
  renderLong,
  renderShort,
  renderVersion,
  type VersionRecord,
} from '../../src/versions/version.ts';

const days = fc
  .date({ min: new Date('2016-01-01'), max: new Date('2199-12-31'), noInvalidDate: true })
  .map(calendarDateOf);
/** Few values where ties matter, and the whole range now and then. */
const revs = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 9999 }));
const builds = fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 999_999_999 }));
const records: fc.Arbitrary<VersionRecord> = fc.record({
  scheme: fc.constant('date'),
  date: fc.oneof(days, fc.constantFrom({ year: 2026, month: 9, day: 30 }, { year: 2026, month: 10, day: 1 })),
  rev: revs,
  build: builds,
});

function fields(version: VersionRecord): number[] {
  return [version.date.year, version.date.month, version.date.day, version.rev, version.build];
}

/** The order by definition: day, then REV, then BUILD. */
function definedOrder(a: VersionRecord, b: VersionRecord): number {
  const [left, right] = [fields(a), fields(b)];
  const index = left.findIndex((value, place) => value !== right[place]);
  return index < 0 ? 0 : Math.sign((left[index] ?? 0) - (right[index] ?? 0));
}

test('every spelling of every release is read back as what it says', () => {
  fc.assert(
    fc.property(records, (record) => {
      const forms = renderForms(record);
      for (const text of Object.values(forms)) expect(renderVersion(parseVersion(text, 'date'))).toBe(text);
      expect(identityOf(parseVersion(forms.long))).toEqual(record);
      expect(identityOf(parseVersion(forms.serial))).toEqual(record);
      expect(parseVersion(forms.wire, 'date')).toMatchObject({ date: record.date, build: record.build });
    }),
  );
});

test('legacy versions are read back as what they say', () => {
  const part = fc.integer({ min: 0, max: 99_999 });
  const parts = fc.tuple(fc.integer({ min: 1, max: 99 }), fc.array(part, { minLength: 2, maxLength: 3 }));
  fc.assert(
    fc.property(parts, ([first, others]) => {
      const text = [first, ...others].join('.');
      expect(renderVersion(parseVersion(text, 'legacy'))).toBe(text);
    }),
  );
});

test('no text is accepted that is not exactly a rendered version', () => {
  const noise = fc.string({ unit: fc.constantFrom(...Array.from('0123456789.-_v+~ x')), maxLength: 24 });
  fc.assert(
    fc.property(noise, fc.constantFrom('date' as const, 'legacy' as const, undefined), (text, scheme) => {
      let accepted: string | undefined;
      try {
        accepted = renderVersion(parseVersion(text, scheme));
      } catch (error) {
        expect(error).toMatchObject({ code: 'E_VERSION_INVALID' });
      }
      if (accepted !== undefined) expect(accepted).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test('the order of releases is day, REV, BUILD, and semver agrees', () => {
  fc.assert(
    fc.property(records, records, (a, b) => {
      expect(Math.sign(compareRecords(a, b))).toBe(definedOrder(a, b));
      expect(validSemver(renderLong(a))).toBe(renderLong(a));
      expect(compareSemver(renderLong(a), renderLong(b))).toBe(definedOrder(a, b));
    }),
  );
});

test('the next version is above the last one, as LONG and as WIRE', () => {
  fc.assert(
    fc.property(
      records,
      fc.nat(400),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      (last, later, gap, sameRecipe) => {
        fc.pre(last.rev < 9999 && last.build < 999_999_990);
        const date = calendarDateOf(
          new Date(Date.UTC(last.date.year, last.date.month - 1, last.date.day + later)),
        );
        const next = planNextVersion({ last, date, sameRecipe, policy: 'daily', build: last.build + gap });
        expect(definedOrder(next, last)).toBe(1);
        expect(definedOrder({ ...next, rev: 1 }, { ...last, rev: 1 })).toBe(1);
      },
    ),
  );
});

/** Releases that lie so close together that bounds part them. */
const neighbours: fc.Arbitrary<VersionRecord> = fc.record({
  scheme: fc.constant('date'),
  date: fc.constantFrom(
    { year: 2026, month: 9, day: 30 },
    { year: 2026, month: 10, day: 1 },
    { year: 2026, month: 12, day: 31 },
    { year: 2027, month: 1, day: 1 },
  ),
  rev: fc.integer({ min: 1, max: 3 }),
  build: fc.integer({ min: 1, max: 3 }),
});

/** A bound with what semver has to be told for it: the lowest text that is in it, and the lowest that is above it. */
const bounds = fc.oneof(neighbours, records).chain((record) => {
  const { year, month, day } = record.date;
  const y = year - 2000;
  const rows = [
    {
      text: renderLong(record),
      from: renderLong(record),
      past: renderLong({ ...record, build: record.build + 1 }),
    },
    {
      text: renderInter(record),
      from: renderInter(record),
      past: renderInter({ ...record, rev: record.rev + 1 }),
    },
    { text: renderShort(record.date), from: `${y}.${month}.${day}-0`, past: `${y}.${month}.${day + 1}-0` },
    { text: `${y}.${month}.x`, from: `${y}.${month}.0-0`, past: `${y}.${month + 1}.0-0` },
    { text: `${y}.x`, from: `${y}.0.0-0`, past: `${y + 1}.0.0-0` },
  ];
  return fc.constantFrom(...rows);
});
const conditions = fc.tuple(fc.constantFrom('', '=', '>', '>=', '<', '<='), bounds).map(([sign, bound]) => ({
  ours: `${sign}${bound.text}`,
  semver: {
    '': `>=${bound.from} <${bound.past}`,
    '=': `>=${bound.from} <${bound.past}`,
    '>': `>=${bound.past}`,
    '>=': `>=${bound.from}`,
    '<': `<${bound.from}`,
    '<=': `<${bound.past}`,
  }[sign],
}));

test('ranges are those of semver with pre-releases and bare bounds widened', () => {
  const ranges = fc.array(fc.array(conditions, { minLength: 1, maxLength: 2 }), {
    minLength: 1,
    maxLength: 2,
  });
  fc.assert(
    fc.property(ranges, fc.oneof(neighbours, records), (alternatives, record) => {
      const [ours, theirs] = (['ours', 'semver'] as const).map((key) =>
        alternatives.map((all) => all.map((one) => one[key]).join(' ')).join(' || '),
      );
      expect([ours, matchesRange(parseRange(ours ?? ''), record)]).toEqual([
        ours,
        satisfies(renderLong(record), theirs ?? '', { includePrerelease: true }),
      ]);
    }),
    { numRuns: 2000 },
  );
});
