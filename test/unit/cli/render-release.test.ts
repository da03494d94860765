import { describe, expect, test } from '@jest/globals';
import { renderRelease } from '../../../src/cli/render-release.ts';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';
import type { JournalEntry } from '../../../src/catalogue/journal.ts';
import type { ShownRelease } from '../../../src/workflows/show-release.ts';
import { filed, promoted, stateOf, STAMP } from '../catalogue/sample-journal.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';

const LONG = '26.11.21-2.57';
const NEXT = '26.11.21-2.58';
const layout = { width: 80, style: PLAIN_STYLE };

function shown(entries: JournalEntry[], changes: Partial<ShownRelease> = {}): ShownRelease {
  const [release] = stateOf(...entries).index.releases;
  if (release === undefined) throw new Error('one was filed');
  return {
    line: 'server',
    long: LONG,
    directory: `releases/server/${LONG}`,
    release,
    channels: [],
    aliases: [],
    manifest: sampleManifest(LONG),
    history: entries,
    ...changes,
  };
}

describe('a release', () => {
  test('is shown with what it is, its files and what happened to it', () => {
    const entries = [filed(LONG, { sizeBytes: 4 }), promoted('stable', LONG)];
    const changes = { floating: 'stable', channels: ['stable'], aliases: ['26.11.21'], packages: 215 };
    expect(renderRelease(shown(entries, changes), layout).split('\n')).toEqual([
      'stable → 26.11.21-2.57',
      '',
      'server 26.11.21-2.57  active',
      '',
      '  channels   stable',
      '  aliases    26.11.21',
      '  created    2026-11-21 07:31 UTC, serial 20261121_0002.000057',
      '  system     debian 13 x86_64, kernel 6.12.57+deb13-cloud-amd64',
      '  tests      unknown',
      '  recipe     profile server, digest aaaa…aa',
      '  base       bootstrap, digest bbbb…bb',
      '  size       4 B, 1 artifact',
      '  packages   215, digest cccc…cc',
      '',
      'artifacts',
      '  server_26.11.21-2.57_x86_64-kvm.qcow2                                      4 B',
      `    sha256 ${'d'.repeat(64)}`,
      '',
      'history',
      '  2026-11-21 07:31  filed                                        jenkins@build-1',
      '  2026-11-21 07:31  promoted to stable                           jenkins@build-1',
    ]);
  });

  test('that was revoked says when, by whom, why and what to use instead', () => {
    const revoked = { ...STAMP, action: 'revoke' as const, long: LONG, reason: 'boots\x1b[31m never' };
    const text = renderRelease(shown([filed(LONG), { ...revoked, replacement: NEXT }]), layout);
    expect(text).toContain(`server ${LONG}  revoked\n`);
    expect(text).toContain('  revoked    2026-11-21 07:31 by jenkins@build-1: boots never\n');
    expect(text).toContain(`  instead    ${NEXT}\n`);
  });

  test('that is gone says since when, by whom and why, and shows no files', () => {
    const text = renderRelease(
      shown([filed(LONG), { ...STAMP, action: 'withdraw', long: LONG, reason: 'retention: 30 days' }]),
      layout,
    );
    expect(text).toContain('  gone       since 2026-11-21 07:31 by jenkins@build-1: retention: 30 days\n');
    expect(text).not.toContain('artifacts');
  });

  test('without a manifest shows what the index knows', () => {
    const { manifest: _, ...rest } = shown([filed(LONG)]);
    expect(renderRelease(rest, layout)).not.toContain('system');
  });

  const move = { ...STAMP, channel: 'stable' };
  test.each<{ entry: JournalEntry; says: string }>([
    { entry: { ...move, action: 'promote', from: LONG, to: NEXT }, says: `stable went on to ${NEXT}` },
    {
      entry: { ...move, action: 'rollback', from: NEXT, to: LONG },
      says: `stable rolled back to it from ${NEXT}`,
    },
    {
      entry: { ...move, action: 'rollback', from: LONG, to: '26.11.20-1.1' },
      says: 'stable rolled back to 26.11.20-1.1',
    },
    { entry: { ...move, action: 'rollback', from: LONG }, says: 'stable left empty' },
    {
      entry: { ...STAMP, action: 'pin', long: LONG, reason: 'x', until: '2027-01-01' },
      says: 'pinned until 2027-01-01',
    },
    { entry: { ...STAMP, action: 'unpin', long: LONG }, says: 'pins removed' },
    {
      entry: { ...STAMP, action: 'revoke', long: NEXT, reason: 'x', replacement: LONG },
      says: `replaces ${NEXT}, which was revoked`,
    },
  ])('$says', ({ entry, says }) => {
    expect(renderRelease(shown([filed(LONG)], { history: [entry] }), layout)).toContain(
      `  2026-11-21 07:31  ${says} `,
    );
  });

  test('fits 80 and 120 columns', () => {
    const entries = [
      filed(LONG),
      { ...STAMP, action: 'pin' as const, long: LONG, reason: 'word '.repeat(60).trim() },
    ];
    for (const width of [80, 110]) {
      const lines = renderRelease(shown(entries), { width, style: PLAIN_STYLE }).split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    }
  });
});
