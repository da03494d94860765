import { describe, expect, test } from '@jest/globals';
import type { LineState } from '../../../src/catalogue/channel-rules.ts';
import { foldJournal } from '../../../src/catalogue/fold-journal.ts';
import type { FiledFacts, JournalEntry } from '../../../src/catalogue/journal.ts';
import { planRetention, RETENTION, type LineRetention } from '../../../src/catalogue/plan-retention.ts';
import { filed, promoted, stateOf, STAMP } from './sample-journal.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const NOTHING = { previous: 0, newerThanDays: 0, monthly: 0 };

/** Filed in the morning of its day. */
function release(long: string, changes: Partial<FiledFacts> = {}): JournalEntry {
  const [year = '', month = '', day = ''] = long.split('-')[0]?.split('.') ?? [];
  const created = new Date(Date.UTC(2000 + Number(year), Number(month) - 1, Number(day), 6)).toISOString();
  return filed(long, { created, ...changes });
}

const revoked = (long: string, replacement?: string): JournalEntry => ({
  ...STAMP,
  action: 'revoke',
  long,
  reason: 'it does not boot',
  ...(replacement === undefined ? {} : { replacement }),
});

const pinned = (long: string, until?: string): JournalEntry => ({
  ...STAMP,
  action: 'pin',
  long,
  reason: 'customer 4711',
  ...(until === undefined ? {} : { until }),
});

function plan(state: LineState, rules = NOTHING, now = NOW): LineRetention {
  const [retention] = planRetention([state], { rules, now });
  if (retention === undefined) throw new Error('the line was asked about');
  return retention;
}

function reasons(retention: LineRetention): Record<string, readonly string[]> {
  return Object.fromEntries(retention.keep.map(({ long, reasons: why }) => [long, why]));
}

const gone = ({ withdraw }: LineRetention): string[] => withdraw.map(({ long }) => long);

const [A, B, C, D, E] = ['26.1.5-1.1', '26.9.30-1.2', '26.10.1-1.3', '26.10.31-1.4', '26.11.21-1.5'] as const;
const FIVE = [A, B, C, D, E].map((long) => release(long));

describe('what rules keep', () => {
  test('of a line with nothing but rules, what each says', () => {
    const retention = plan(stateOf(...FIVE), { previous: 2, newerThanDays: 30, monthly: 2 });
    expect(reasons(retention)).toEqual({
      [C]: ['previous of candidate'],
      [D]: ['previous of candidate', 'newer than 30 days', 'newest of 2026-10'],
      [E]: ['head of candidate', 'latest', 'newer than 30 days', 'newest of 2026-11'],
    });
    expect(retention.withdraw).toEqual([
      { long: A, reason: expect.stringContaining('older than 30 days, beyond 2 before each head') },
      { long: B, reason: expect.stringContaining('and 2 monthly ones') },
    ]);
  });

  test('every one is kept by the usual rules: twelve months have five', () => {
    expect(gone(plan(stateOf(...FIVE), RETENTION))).toEqual([]);
  });

  test.each([
    {
      extra: [promoted('stable', A)],
      kept: A,
      why: 'head of stable',
      because: 'people are given it',
    },
    {
      extra: [promoted('gm-router', A), promoted('gm-router', E, A)],
      kept: A,
      why: 'golden master: gm-router',
      because: 'it was shipped with a product, for as long as that lives',
    },
    {
      extra: [pinned(B)],
      kept: B,
      why: 'pinned by jenkins@build-1: customer 4711',
      because: 'somebody needs it',
    },
    {
      extra: [pinned(B, '2026-11-21')],
      kept: B,
      why: 'pinned by jenkins@build-1 until 2026-11-21: customer 4711',
      because: 'the last day of a pin counts whole',
    },
    {
      extra: [revoked(A), pinned(A)],
      kept: A,
      why: 'pinned by jenkins@build-1: customer 4711',
      because: 'what is wrong with it may have to be looked into',
    },
    {
      extra: [revoked(A, B)],
      kept: B,
      why: `replaces ${A}`,
      because: 'those who had the other are told to use it',
    },
  ])('$why: $because', ({ extra, kept, why }) => {
    expect(reasons(plan(stateOf(...FIVE, ...extra)))[kept]).toContain(why);
  });

  test.each([
    {
      extra: [pinned(B, '2026-11-20')],
      lost: B,
      because: 'the last day of the pin has passed',
    },
    {
      extra: [pinned(B), { ...STAMP, action: 'unpin', long: B } as const],
      lost: B,
      because: 'nobody needs it any more',
    },
    {
      extra: [promoted('gm-router', A), promoted('gm-router', E, A), revoked(A)],
      lost: A,
      because: 'a golden master that was revoked must not be used either',
    },
  ])('$lost goes: $because', ({ extra, lost }) => {
    expect(gone(plan(stateOf(...FIVE, ...extra)))).toContain(lost);
  });

  test('a revoked release is not kept by age, month or channel, and its tombstone says why it went', () => {
    const state = stateOf(...FIVE, promoted('stable', D), promoted('stable', E, D), revoked(D));
    expect(plan(state, RETENTION).withdraw).toEqual([
      { long: D, reason: `revoked at ${STAMP.at}: it does not boot` },
    ]);
  });

  test('before a head that went back stands what is older, as rollback sees it', () => {
    const rollback = { ...STAMP, action: 'rollback', channel: 'stable', from: C, to: B } as const;
    const state = stateOf(
      ...FIVE,
      promoted('stable', A),
      promoted('stable', B),
      promoted('stable', C),
      rollback,
    );
    const { [A]: a, [B]: b, [C]: c } = reasons(plan(state, { ...NOTHING, previous: 1 }));
    expect([a, b, c]).toEqual([['previous of stable'], ['head of stable'], undefined]);
  });

  test('what is gone already is neither kept nor taken again', () => {
    const state = stateOf(...FIVE, { ...STAMP, action: 'withdraw', long: A, reason: 'old' });
    expect([...gone(plan(state)), ...Object.keys(reasons(plan(state)))]).not.toContain(A);
  });
});

function base(...entries: JournalEntry[]): LineState {
  const journal = { schema: 1, line: 'base', entries } as const;
  return { journal, index: foldJournal(journal) };
}

describe('what a line was made from', () => {
  const bases = base(release('26.1.1-1.1'), release('26.1.2-1.2'), release('26.1.3-1.3'));

  test('stays with it, over lines and over releases in between', () => {
    const chained = base(
      release('26.1.1-1.1'),
      release('26.1.2-1.2', { parent: 'base@26.1.1-1.1' }),
      release('26.1.3-1.3'),
    );
    const server = stateOf(...FIVE, release('26.11.21-1.6', { parent: 'base@26.1.2-1.2' }));
    const [kept] = planRetention([chained, server], { rules: NOTHING, now: NOW });
    expect(kept && reasons(kept)).toMatchObject({
      '26.1.1-1.1': ['parent of base@26.1.2-1.2'],
      '26.1.2-1.2': ['parent of server@26.11.21-1.6'],
    });
  });

  test('goes in the same run as the last that was made from it', () => {
    const server = stateOf(release(A, { parent: 'base@26.1.1-1.1' }), ...FIVE.slice(1));
    const [kept] = planRetention([bases, server], { rules: NOTHING, now: NOW });
    expect(kept && gone(kept)).toContain('26.1.1-1.1');
  });

  test('stays with everything of a line that is not asked about', () => {
    const server = stateOf(release(A, { parent: 'base@26.1.1-1.1' }), ...FIVE.slice(1));
    const plans = planRetention([bases, server], { rules: NOTHING, now: NOW, only: new Set(['base']) });
    expect(plans.map(({ line }) => line)).toEqual(['base']);
    expect(plans[0] && reasons(plans[0])['26.1.1-1.1']).toEqual([`parent of server@${A}`]);
  });

  test('a revoked one does not stay: nothing may be made from it again', () => {
    const server = stateOf(...FIVE, release('26.11.21-1.6', { parent: 'base@26.1.1-1.1' }));
    const revokedBase = base(release('26.1.1-1.1'), release('26.1.2-1.2'), revoked('26.1.1-1.1'));
    const [kept] = planRetention([revokedBase, server], { rules: NOTHING, now: NOW });
    expect(kept && gone(kept)).toContain('26.1.1-1.1');
  });

  test('the source of a reissue stays with it', () => {
    const state = stateOf(...FIVE, release('26.11.21-1.6', { reissueOf: A }));
    expect(reasons(plan(state))[A]).toEqual(['reissued as 26.11.21-1.6']);
  });
});

describe('a clock that is wrong', () => {
  test.each([
    {
      now: '2027-11-21T12:00:00Z',
      because: 'a year ahead makes nothing old: age counts from the newest release',
    },
    { now: '2025-11-21T12:00:00Z', because: 'a year behind makes everything young' },
  ])('$now: $because', ({ now }) => {
    const right = plan(stateOf(...FIVE), { previous: 1, newerThanDays: 60, monthly: 1 });
    const wrong = plan(stateOf(...FIVE), { previous: 1, newerThanDays: 60, monthly: 1 }, new Date(now));
    for (const long of Object.keys(reasons(right))) expect(Object.keys(reasons(wrong))).toContain(long);
  });
});
