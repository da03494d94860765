import { describe, expect, test } from '@jest/globals';
import type { ChangelogSummary, PackageChanges, ReleaseDiff } from '../../../src/catalogue/release-diff.ts';
import { summarizeDiff } from '../../../src/catalogue/summarize-diff.ts';
import { sampleDiff } from './sample-releases.ts';

const UNKNOWN = { known: false, reason: 'it is not there' } as const;
const NO_PACKAGES: PackageChanges = {
  added: [],
  removed: [],
  upgraded: [],
  downgraded: [],
  changed: [],
  changelogs: { known: true },
};
const SAME: Partial<ReleaseDiff> = {
  packages: { known: true, ...NO_PACKAGES },
  files: { known: true, added: [], removed: [], changed: [], unchanged: 9 },
  sizes: { known: true, contentBytes: { from: 5, to: 5 }, directories: [] },
};

function withUpgrades(...changelogs: readonly Partial<ChangelogSummary>[]): Partial<ReleaseDiff> {
  const upgraded = changelogs.map((changelog, place) => ({
    name: `p${place}`,
    architecture: 'all',
    source: `p${place}`,
    from: '1',
    to: '2',
    sourceFrom: '1',
    sourceTo: '2',
    installedSizeKiB: { from: 1, to: 1 },
    changelog: { security: false, cves: [], entries: [], ...changelog },
  }));
  return { ...SAME, packages: { known: true, ...NO_PACKAGES, upgraded } };
}

describe('summarizeDiff', () => {
  test('names what a reader looks for first', () => {
    expect(summarizeDiff(sampleDiff())).toBe(
      '2 upgraded (openssl: CVE-2026-1234), 1 downgraded, 1 added, 1 removed, 11 B smaller',
    );
  });

  test.each([
    { changes: SAME, says: 'nothing changed', because: 'all is known and equal' },
    { changes: withUpgrades({}), says: '1 upgraded', because: 'nothing needs to be said of it' },
    {
      changes: withUpgrades({ security: true }),
      says: '1 upgraded (p0: security)',
      because: 'it names no CVE',
    },
    {
      changes: withUpgrades({ cves: ['CVE-2026-1', 'CVE-2026-2', 'CVE-2026-3'] }),
      says: '1 upgraded (p0: 3 CVEs)',
      because: 'names would fill the line',
    },
    {
      changes: withUpgrades({ cves: ['CVE-2026-1'] }, {}, { security: true }, { security: true }),
      says: '4 upgraded (p2: security; p3: security; and 1 more)',
      because: 'security updates come first',
    },
    {
      changes: {
        ...SAME,
        sizes: { known: true, contentBytes: { from: 0, to: 3 * 1024 ** 2 }, directories: [] },
      },
      says: '3.0 MiB larger',
      because: 'only the size is another',
    },
    { changes: { ...SAME, packages: UNKNOWN }, says: 'unknown: packages', because: 'unknown is not equal' },
    {
      changes: { ...SAME, packages: UNKNOWN, files: UNKNOWN, configuration: UNKNOWN },
      says: 'unknown: packages, files, configuration',
      because: 'nor is more of it',
    },
  ] satisfies { changes: Partial<ReleaseDiff>; says: string; because: string }[])(
    '$says: $because',
    ({ changes, says }) => {
      expect(summarizeDiff(sampleDiff(changes))).toBe(says);
    },
  );

  test('files are told where no package changed', () => {
    const { files } = sampleDiff();
    expect(summarizeDiff(sampleDiff({ ...SAME, files }))).toBe('2 files changed, 1 removed');
  });

  test('without a list of files the artifacts tell the size', () => {
    const size = { file: 'a', virtualSizeBytes: 1 };
    const artifacts = {
      known: true,
      list: [
        { target: 'kvm', format: 'qcow2', from: { ...size, sizeBytes: 4096 }, to: { ...size, sizeBytes: 0 } },
      ],
    } as const;
    expect(summarizeDiff(sampleDiff({ ...SAME, files: UNKNOWN, sizes: UNKNOWN, artifacts }))).toBe(
      '4.0 KiB smaller, unknown: files',
    );
  });
});
