import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { isLive, type AllocationState } from '../../src/catalogue/allocation.ts';
import { foldJournal } from '../../src/catalogue/fold-journal.ts';
import { recordOf } from '../../src/catalogue/line-index.ts';
import { planReservation, type LiveVersion } from '../../src/catalogue/plan-reservation.ts';
import { calendarDateOf } from '../../src/values/calendar-date.ts';
import { compareParsed, compareRecords } from '../../src/versions/compare-versions.ts';
import type { VersionPolicy } from '../../src/versions/next-version.ts';
import { renderInter, renderLong, renderShort } from '../../src/versions/version.ts';
import { filed, journalOf } from '../unit/catalogue/sample-journal.ts';

interface Step {
  readonly daysLater: number;
  readonly recipe: string;
  readonly end: AllocationState;
  readonly jump: number;
  readonly policy: VersionPolicy;
}

/** A life of a line: builds on days that may stand still or go on, of a few recipes, that end one way or another. */
const lives: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    daysLater: fc.constantFrom(0, 0, 0, 1, 40),
    recipe: fc.constantFrom('a', 'b', 'c'),
    end: fc.constantFrom<AllocationState>('released', 'released', 'building', 'failed', 'unchanged'),
    jump: fc.constantFrom(0, 0, 0, 5),
    policy: fc.constantFrom<VersionPolicy>('daily', 'daily', 'line'),
  }),
  { maxLength: 30 },
);

interface Built extends LiveVersion {
  readonly end: AllocationState;
}

function live(life: readonly Step[], policy?: 'daily'): Built[] {
  const built: Built[] = [];
  let day = 0;
  for (const step of life) {
    day += step.daysLater;
    const highestBuild = built.at(-1)?.build ?? 0;
    const version = planReservation(
      { line: 'server', highestBuild, live: built.filter(({ end }) => isLive(end)), catalogueIsEmpty: false },
      {
        date: calendarDateOf(new Date(Date.UTC(2026, 0, 1 + day))),
        policy: policy ?? step.policy,
        recipeDigest: step.recipe,
        newCatalogue: false,
        ci: true,
        ...(step.jump > 0 ? { buildNumber: highestBuild + step.jump } : {}),
      },
    );
    built.push({ ...version, recipeDigest: step.recipe, end: step.end });
  }
  return built;
}

test('BUILD only grows, and so do LONG and WIRE among what counts, also where policies take turns', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const built = live(life);
      built.slice(1).forEach((version, index) => {
        expect(version.build).toBeGreaterThan(built[index]?.build ?? 0);
      });
      const counting = built.filter(({ end }) => isLive(end));
      counting.slice(1).forEach((version, index) => {
        const before = counting[index];
        if (!before) return;
        expect(compareRecords(version, before)).toBeGreaterThan(0);
        expect(compareParsed({ ...version, form: 'wire' }, { ...before, form: 'wire' })).toBeGreaterThan(0);
      });
    }),
  );
});

test('policy line goes on from the highest REV of its day only', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const built = live(life);
      life.forEach(({ policy }, index) => {
        const version = built[index];
        const rivals = built
          .slice(0, index)
          .filter(({ end, date }) => isLive(end) && renderShort(date) === renderShort(version?.date ?? date));
        if (policy !== 'line' || !version) return;
        expect(version.rev).toBe(Math.max(1, ...rivals.map(({ rev }) => rev)));
      });
    }),
  );
});

test('under policy daily one INTER that counts is one recipe', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const recipes = new Map<string, string>();
      for (const version of live(life, 'daily').filter(({ end }) => isLive(end))) {
        const inter = renderInter(version);
        expect(recipes.get(inter) ?? version.recipeDigest).toBe(version.recipeDigest);
        recipes.set(inter, version.recipeDigest);
      }
    }),
  );
});

test('an index is the same whatever order its releases came in', () => {
  fc.assert(
    fc.property(lives, fc.infiniteStream(fc.nat()), (life, noise) => {
      const entries = live(life).map((version) => ({ long: renderLong(version) }));
      const shuffled = entries
        .map((entry) => ({ entry, place: noise.next().value ?? 0 }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ entry }) => entry);
      const build = (list: typeof entries) => foldJournal(journalOf(...list.map(({ long }) => filed(long))));
      expect(build(shuffled)).toEqual(build(entries));
      for (const [alias, long] of Object.entries(build(entries).aliases)) {
        const rivals = entries.filter(
          (entry) => entry.long.startsWith(`${alias}.`) || entry.long.startsWith(`${alias}-`),
        );
        for (const rival of rivals)
          expect(compareRecords(recordOf({ long }), recordOf(rival))).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});
