import { describe, expect, test } from '@jest/globals';
import { foldJournal } from '../../../src/catalogue/fold-journal.ts';
import type { JournalEntry } from '../../../src/catalogue/journal.ts';
import { filed, journalOf, promoted, STAMP } from './sample-journal.ts';

const A = '26.11.20-1.56';
const B = '26.11.21-2.57';
const C = '26.11.21-10.61';

test('releases stand in order, whatever order they came in', () => {
  const index = foldJournal(journalOf(filed(C), filed('26.9.1-1.3'), filed(B)));
  expect(index.releases.map(({ long }) => long)).toEqual(['26.9.1-1.3', B, C]);
  expect(index.counters.build).toBe(61);
});

test('aliases stand for the newest that may be used', () => {
  const revoked: JournalEntry = { ...STAMP, action: 'revoke', long: C, reason: 'bad' };
  expect(foldJournal(journalOf(filed(A), filed(B), filed(C), revoked)).aliases).toEqual({
    '26.11.20': A,
    '26.11.20-1': A,
    '26.11.21': B,
    '26.11.21-2': B,
  });
});

test('the same release again changes nothing, another content is refused', () => {
  expect(foldJournal(journalOf(filed(A), filed(A)))).toEqual(foldJournal(journalOf(filed(A))));
  expect(() => foldJournal(journalOf(filed(A), filed(A, { manifestSha256: 'b'.repeat(64) })))).toThrow(
    expect.objectContaining({ kind: 'conflict', code: 'E_RELEASE_EXISTS' }),
  );
});

describe('channels', () => {
  const rows: readonly { entries: JournalEntry[]; channels: Record<string, string>; because: string }[] = [
    { entries: [], channels: {}, because: 'nothing was filed' },
    { entries: [filed(A), filed(B)], channels: { candidate: B }, because: 'the newest is the candidate' },
    {
      entries: [filed(B), filed(A)],
      channels: { candidate: B },
      because: 'an older one that was filed late is not',
    },
    {
      entries: [filed(A), promoted('tested', A), filed(B)],
      channels: { candidate: B, tested: A },
      because: 'a build moves nothing but the candidate',
    },
    {
      entries: [
        filed(A),
        promoted('tested', A),
        { ...STAMP, action: 'rollback', channel: 'tested', from: A },
      ],
      channels: { candidate: A },
      because: 'a channel may lose its head',
    },
  ];
  test.each(rows)('$channels: $because', ({ entries, channels }) => {
    expect(foldJournal(journalOf(...entries)).channels).toEqual(channels);
  });
});

test('a release tells what was decided about it', () => {
  const entries: JournalEntry[] = [
    filed(A),
    { ...STAMP, action: 'pin', long: A, reason: 'customer X', until: '2027-01-01' },
    { ...STAMP, action: 'revoke', long: A, reason: 'CVE', replacement: B },
  ];
  const [release] = foldJournal(journalOf(...entries)).releases;
  expect(release).toMatchObject({
    state: 'revoked',
    revoked: { ...STAMP, reason: 'CVE', replacement: B },
    pins: [{ reason: 'customer X', until: '2027-01-01' }],
  });
  const [later] = foldJournal(
    journalOf(
      ...entries,
      { ...STAMP, action: 'unpin', long: A },
      { ...STAMP, action: 'withdraw', long: A, reason: 'old' },
    ),
  ).releases;
  expect(later).toMatchObject({
    state: 'withdrawn',
    withdrawn: { reason: 'old' },
    revoked: { reason: 'CVE' },
  });
  expect(later).not.toHaveProperty('pins');
});
