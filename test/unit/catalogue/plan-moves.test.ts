import { describe, expect, test } from '@jest/globals';
import type { JournalEntry } from '../../../src/catalogue/journal.ts';
import { planPromotion } from '../../../src/catalogue/plan-promotion.ts';
import { planRevocation } from '../../../src/catalogue/plan-revocation.ts';
import { planRollback } from '../../../src/catalogue/plan-rollback.ts';
import { filed, promoted, STAMP, stateOf } from './sample-journal.ts';

const A = '26.11.19-1.55';
const B = '26.11.20-1.56';
const C = '26.11.21-1.57';
const EVIDENCE = { file: 'releases/server/x/test-result.json', sha256: 'e'.repeat(64) };

const revoked = (long: string): JournalEntry => ({ ...STAMP, action: 'revoke', long, reason: 'CVE' });
const withdrawn = (long: string): JournalEntry => ({ ...STAMP, action: 'withdraw', long, reason: 'old' });

/** A, B and C are filed; A and B have been on tested and stable, where B is the head. */
const HISTORY: readonly JournalEntry[] = [
  filed(A),
  promoted('tested', A),
  promoted('stable', A),
  filed(B),
  promoted('tested', B, A),
  promoted('stable', B, A),
  filed(C),
];

describe('a promotion', () => {
  test('to tested rests on evidence, and says from where', () => {
    const plan = planPromotion(
      stateOf(...HISTORY),
      { channel: 'tested', long: C, evidence: EVIDENCE },
      STAMP,
    );
    expect(plan).toEqual([
      { ...STAMP, action: 'promote', channel: 'tested', from: B, to: C, evidence: EVIDENCE },
    ]);
  });

  test('that is true already changes nothing', () => {
    expect(planPromotion(stateOf(...HISTORY), { channel: 'stable', long: B }, STAMP)).toEqual([]);
  });

  const refusals: readonly {
    entries?: JournalEntry[];
    channel: string;
    long: string;
    code: string;
    because: string;
  }[] = [
    { channel: 'candidate', long: C, code: 'E_CHANNEL_AUTOMATIC', because: 'builds set it' },
    { channel: 'tested', long: C, code: 'E_PROMOTE_UNTESTED', because: 'there is no evidence' },
    { channel: 'stable', long: C, code: 'E_PROMOTE_UNTESTED', because: 'it was never on tested' },
    { channel: 'gm-4.22', long: C, code: 'E_PROMOTE_UNTESTED', because: 'a golden master is tested, too' },
    { channel: 'stable', long: A, code: 'E_PROMOTE_BACKWARDS', because: 'going back is a rollback' },
    { channel: 'stable', long: '26.11.22-1.99', code: 'E_RELEASE_UNKNOWN', because: 'it was never filed' },
    {
      entries: [revoked(C)],
      channel: 'stable',
      long: C,
      code: 'E_RELEASE_REVOKED',
      because: 'it is revoked',
    },
    {
      entries: [withdrawn(C)],
      channel: 'stable',
      long: C,
      code: 'E_RELEASE_WITHDRAWN',
      because: 'it is gone',
    },
  ];
  test.each(refusals)(
    'of $long to $channel is refused ($code): $because',
    ({ entries = [], channel, long, code }) => {
      expect(() => planPromotion(stateOf(...HISTORY, ...entries), { channel, long }, STAMP)).toThrow(
        expect.objectContaining({ kind: 'conflict', code, hint: expect.any(String) }),
      );
    },
  );

  test('of the same bytes under a new version needs no second test', () => {
    const state = stateOf(...HISTORY, filed('26.11.22-1.58', { reissueOf: A }));
    expect(planPromotion(state, { channel: 'stable', long: '26.11.22-1.58' }, STAMP)).toHaveLength(1);
  });
});

describe('a rollback', () => {
  test('goes to the head before, and history grows', () => {
    expect(planRollback(stateOf(...HISTORY), { channel: 'stable', reason: 'slow' }, STAMP)).toEqual([
      { ...STAMP, action: 'rollback', channel: 'stable', from: B, to: A, reason: 'slow' },
    ]);
  });

  const refusals: readonly {
    entries?: JournalEntry[];
    channel?: string;
    to?: string;
    code: string;
    because: string;
  }[] = [
    { channel: 'gm-4.22', code: 'E_CHANNEL_EMPTY', because: 'nothing is on it' },
    { to: C, code: 'E_ROLLBACK_TARGET', because: 'that is newer' },
    { entries: [revoked(A)], to: A, code: 'E_RELEASE_REVOKED', because: 'it must not be used' },
    { entries: [revoked(A)], code: 'E_ROLLBACK_TARGET', because: 'all that it was on is revoked' },
    {
      entries: [filed('26.11.18-1.58')],
      to: '26.11.18-1.58',
      code: 'E_ROLLBACK_TARGET',
      because: 'it was never on it',
    },
  ];
  test.each(refusals)(
    'to $to is refused ($code): $because',
    ({ entries = [], channel = 'stable', to, code }) => {
      const rollback = to === undefined ? { channel } : { channel, to };
      expect(() => planRollback(stateOf(...HISTORY, ...entries), rollback, STAMP)).toThrow(
        expect.objectContaining({ kind: 'conflict', code }),
      );
    },
  );
});

describe('a revocation', () => {
  test('of what no channel points to only says so', () => {
    expect(planRevocation(stateOf(...HISTORY), { long: A, reason: 'CVE' }, STAMP)).toEqual([revoked(A)]);
  });

  test('of a head needs to be told what takes its place', () => {
    expect(() => planRevocation(stateOf(...HISTORY), { long: B, reason: 'CVE' }, STAMP)).toThrow(
      expect.objectContaining({ code: 'E_REVOKE_HEAD', hint: expect.stringContaining(`--replacement ${A}`) }),
    );
  });

  test('moves every channel in the same step', () => {
    const plan = planRevocation(stateOf(...HISTORY), { long: B, reason: 'CVE', replacement: A }, STAMP);
    expect(plan).toMatchObject([
      { action: 'rollback', channel: 'stable', from: B, to: A, reason: `${B} was revoked: CVE` },
      { action: 'rollback', channel: 'tested', from: B, to: A },
      { action: 'revoke', long: B, replacement: A },
    ]);
  });

  test('may leave channels empty', () => {
    const plan = planRevocation(stateOf(...HISTORY), { long: B, reason: 'CVE', replacement: 'none' }, STAMP);
    expect(plan.filter((entry) => 'to' in entry)).toEqual([]);
    expect(plan).toHaveLength(3);
  });

  test('may take each channel back to its own head before', () => {
    const state = stateOf(...HISTORY, promoted('gm-4.22', B));
    const plan = planRevocation(state, { long: B, reason: 'CVE', replacement: 'previous' }, STAMP);
    expect(plan).toMatchObject([
      { channel: 'gm-4.22' },
      { channel: 'stable', to: A },
      { channel: 'tested', to: A },
      {},
    ]);
    expect(plan[0]).not.toHaveProperty('to');
  });

  const refusals: readonly {
    entries?: JournalEntry[];
    replacement: string;
    code: string;
    because: string;
  }[] = [
    { replacement: B, code: 'E_REVOKE_HEAD', because: 'nothing replaces itself' },
    { replacement: C, code: 'E_PROMOTE_UNTESTED', because: 'stable is only for what was tested' },
    { entries: [revoked(A)], replacement: A, code: 'E_RELEASE_REVOKED', because: 'that is no better' },
  ];
  test.each(refusals)(
    'with $replacement instead is refused ($code): $because',
    ({ entries = [], replacement, code }) => {
      const revocation = { long: B, reason: 'CVE', replacement };
      expect(() => planRevocation(stateOf(...HISTORY, ...entries), revocation, STAMP)).toThrow(
        expect.objectContaining({ kind: 'conflict', code }),
      );
    },
  );

  test('twice changes nothing', () => {
    expect(planRevocation(stateOf(...HISTORY, revoked(A)), { long: A, reason: 'again' }, STAMP)).toEqual([]);
  });
});
