import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { LineState } from '../../src/catalogue/channel-rules.ts';
import { foldJournal } from '../../src/catalogue/fold-journal.ts';
import { appendEntries, type JournalEntry, type LineJournal } from '../../src/catalogue/journal.ts';
import { findRelease, isUsable } from '../../src/catalogue/line-index.ts';
import {
  planRetention,
  type LineRetention,
  type RetentionRules,
} from '../../src/catalogue/plan-retention.ts';
import { previousHead } from '../../src/catalogue/plan-rollback.ts';
import { filed, STAMP } from '../unit/catalogue/sample-journal.ts';

const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2025, 0, 1);

/** What may happen to a line, by numbers that are taken modulo what is there. */
const happenings = fc.array(
  fc.record({
    daysLater: fc.constantFrom(0, 1, 1, 7, 40),
    what: fc.constantFrom('file', 'file', 'file', 'promote', 'rollback', 'revoke', 'pin', 'unpin', 'reissue'),
    which: fc.nat(30),
    channel: fc.constantFrom('tested', 'stable', 'gm-router'),
    until: fc.option(fc.integer({ min: -40, max: 40 })),
    withParent: fc.boolean(),
  }),
  { minLength: 1, maxLength: 30 },
);
type Happening = typeof happenings extends fc.Arbitrary<readonly (infer One)[]> ? One : never;

const rules: fc.Arbitrary<RetentionRules> = fc.record({
  previous: fc.nat(3),
  newerThanDays: fc.nat(60),
  monthly: fc.nat(6),
});

interface Life {
  readonly journals: readonly LineJournal[];
  readonly now: Date;
}

/** Two lines; what is filed in the second was made from the first, now and then. */
const lives: fc.Arbitrary<Life> = fc.tuple(happenings, happenings, fc.nat(400)).map(([a, b, later]) => {
  const base = live('base', a, []);
  const server = live('server', b, longsOf(base));
  const last = Math.max(...[base, server].map(({ entries }) => Date.parse(entries.at(-1)?.at ?? STAMP.at)));
  return { journals: [base, server], now: new Date(last + later * DAY_MS) };
});

function live(line: string, life: readonly Happening[], parents: readonly string[]): LineJournal {
  let journal: LineJournal = { schema: 1, line, entries: [] };
  let day = 0;
  for (const happening of life) {
    day += happening.daysLater;
    const entry = entryOf(journal, happening, day, parents);
    if (entry !== undefined) journal = appendEntries(journal, [entry]);
  }
  return journal;
}

function entryOf(
  journal: LineJournal,
  { what, which, channel, until, withParent }: Happening,
  day: number,
  parents: readonly string[],
): JournalEntry | undefined {
  const { releases, channels } = foldJournal(journal);
  const now = new Date(FIRST_MS + day * DAY_MS);
  const stamp = { at: now.toISOString(), by: 'anna@desk' };
  const chosen = releases[which % Math.max(1, releases.length)];
  if (what === 'file' || what === 'reissue') {
    const short = `${now.getUTCFullYear() - 2000}.${now.getUTCMonth() + 1}.${now.getUTCDate()}`;
    const parent = withParent ? parents[which % Math.max(1, parents.length)] : undefined;
    return {
      ...filed(`${short}-1.${releases.length + 1}`, {
        created: stamp.at,
        ...(parent === undefined ? {} : { parent }),
        ...(what === 'reissue' && chosen !== undefined ? { reissueOf: chosen.long } : {}),
      }),
      ...stamp,
    };
  }
  if (chosen === undefined) return undefined;
  const { long } = chosen;
  const isHead = Object.values(channels).includes(long);
  if (what === 'promote' || what === 'rollback') {
    return isUsable(chosen) ? { ...stamp, action: what, channel, to: long } : undefined;
  }
  if (what === 'revoke') return isHead ? undefined : { ...stamp, action: 'revoke', long, reason: 'bad' };
  if (what === 'unpin') return { ...stamp, action: 'unpin', long };
  const last =
    until === null ? {} : { until: new Date(now.getTime() + until * DAY_MS).toISOString().slice(0, 10) };
  return { ...stamp, action: 'pin', long, reason: 'wanted', ...last };
}

function longsOf(journal: LineJournal): string[] {
  return foldJournal(journal).releases.map(({ long }) => `${journal.line}@${long}`);
}

function statesOf(journals: readonly LineJournal[]): LineState[] {
  return journals.map((journal) => ({ journal, index: foldJournal(journal) }));
}

function carryOut(journals: readonly LineJournal[], plans: readonly LineRetention[]): LineJournal[] {
  return journals.map((journal) => {
    const withdraw = plans.find(({ line }) => line === journal.line)?.withdraw ?? [];
    return appendEntries(
      journal,
      withdraw.map((each): JournalEntry => ({ ...STAMP, action: 'withdraw', ...each })),
    );
  });
}

test('heads, pins, golden masters and the last usable release never go, nor does where a channel can go back to', () => {
  fc.assert(
    fc.property(lives, rules, ({ journals, now }, given) => {
      const states = statesOf(journals);
      for (const { line, withdraw } of planRetention(states, { rules: given, now })) {
        const state = states.find(({ index }) => index.line === line);
        if (state === undefined) throw new Error('every plan is of a line');
        const { index, journal } = state;
        const gone = new Set(withdraw.map(({ long }) => long));
        for (const head of Object.values(index.channels)) expect(gone).not.toContain(head);
        if (given.previous > 0) {
          for (const channel of Object.keys(index.channels))
            expect(gone).not.toContain(previousHead(state, channel));
        }
        const today = now.toISOString().slice(0, 10);
        for (const { long, pins = [] } of index.releases) {
          if (pins.some(({ until }) => until === undefined || until >= today))
            expect(gone).not.toContain(long);
        }
        for (const entry of journal.entries) {
          if (!('channel' in entry) || entry.channel !== 'gm-router' || entry.to === undefined) continue;
          if (findRelease(index, entry.to)?.state === 'active') expect(gone).not.toContain(entry.to);
        }
        const usable = index.releases.filter(isUsable);
        if (usable.length > 0) expect(usable.some(({ long }) => !gone.has(long))).toBe(true);
      }
    }),
  );
});

test('everything that is there is kept for a reason or goes for one', () => {
  fc.assert(
    fc.property(lives, rules, ({ journals, now }, given) => {
      const states = statesOf(journals);
      for (const [place, { keep, withdraw }] of planRetention(states, { rules: given, now }).entries()) {
        const longs = [...keep, ...withdraw].map(({ long }) => long).toSorted();
        expect(longs).toEqual(states[place]?.index.releases.map(({ long }) => long).toSorted());
        expect(keep.every(({ reasons }) => reasons.length > 0)).toBe(true);
        expect(withdraw.every(({ reason }) => reason !== '')).toBe(true);
      }
    }),
  );
});

test('twice is the same as once', () => {
  fc.assert(
    fc.property(lives, rules, ({ journals, now }, given) => {
      const request = { rules: given, now };
      const once = carryOut(journals, planRetention(statesOf(journals), request));
      expect(planRetention(statesOf(once), request).flatMap(({ withdraw }) => withdraw)).toEqual([]);
    }),
  );
});

test('what stays has everything that it was made from', () => {
  fc.assert(
    fc.property(lives, rules, ({ journals, now }, given) => {
      const after = statesOf(carryOut(journals, planRetention(statesOf(journals), { rules: given, now })));
      const [base, server] = after;
      for (const { parent, withdrawn } of server?.index.releases ?? []) {
        if (parent === undefined || withdrawn !== undefined) continue;
        const found = base && findRelease(base.index, parent.split('@')[1] ?? '');
        expect(found?.withdrawn === undefined || found.revoked !== undefined).toBe(true);
      }
    }),
  );
});

test('a clock that is a year ahead or behind takes nothing but what was pinned until then', () => {
  fc.assert(
    fc.property(lives, rules, fc.constantFrom(-365, 365), ({ journals }, given, days) => {
      const states = statesOf(journals.map((journal) => withoutPins(journal)));
      const last = Math.max(...journals.map(({ entries }) => Date.parse(entries.at(-1)?.at ?? STAMP.at)));
      const gone = (now: number): string[] =>
        planRetention(states, { rules: given, now: new Date(now) }).flatMap(({ line, withdraw }) =>
          withdraw.map(({ long }) => `${line}@${long}`),
        );
      const right = new Set(gone(last));
      for (const name of gone(last + days * DAY_MS)) expect(right).toContain(name);
    }),
  );
});

function withoutPins(journal: LineJournal): LineJournal {
  return { ...journal, entries: journal.entries.filter(({ action }) => action !== 'pin') };
}
