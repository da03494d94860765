import { CHECKSUMS_FILE } from '../manifests/checksums.ts';
import { WITHDRAWAL_FILE } from '../manifests/withdrawal.ts';
import { isTemporary, type ReleaseContent } from './check-release-files.ts';
import type { Finding } from './finding.ts';
import { MANIFEST_FILE, releaseDirectory } from './paths.ts';

/** What stays of a withdrawn release: what it was, what was in it, what its tests came to, and why it is gone. */
const KEPT = [
  MANIFEST_FILE,
  WITHDRAWAL_FILE,
  CHECKSUMS_FILE,
  'packages.txt',
  'diff.json',
  'diff.md',
  'sbom.cdx.json',
  'test-result.json',
];

/** Whether a withdrawal leaves a file of this name. */
export function isKeptWhenWithdrawn(name: string): boolean {
  return KEPT.includes(name);
}

/** What the directory of a withdrawn release must have, and must not. */
export interface WithdrawnCheck {
  readonly findings: readonly Finding[];
  /** Files that a killed withdrawal left behind; the next one removes them. */
  readonly leftovers: readonly string[];
}

/** Compares the directory of a withdrawn release with what a withdrawal leaves. */
export function checkWithdrawnFiles({ line, long, entries, checksums }: ReleaseContent): WithdrawnCheck {
  const path = (name: string): string => `${releaseDirectory(line, long)}/${name}`;
  const names = entries.map(({ name }) => name);
  const others = entries.filter(({ name }) => !KEPT.includes(name) && !isTemporary(name));
  // Killed halfway, it still has files that were filed with it.
  const leftovers = others.filter(({ name, kind }) => kind === 'file' && checksums?.has(name) === true);
  const isHalfway = leftovers.length > 0;
  const strange = others.filter((entry) => !leftovers.includes(entry));
  return {
    findings: [
      ...[MANIFEST_FILE, ...(isHalfway ? [] : [WITHDRAWAL_FILE])]
        .filter((name) => !names.includes(name))
        .map((name) => ({ path: path(name), fault: 'is gone' })),
      ...entries
        .filter(({ name, kind }) => KEPT.includes(name) && kind !== 'file')
        .map(({ name }) => ({ path: path(name), fault: 'is not a plain file' })),
      ...strange.map(({ name }) => ({ path: path(name), fault: 'does not belong to a withdrawn release' })),
    ],
    leftovers: leftovers.map(({ name }) => path(name)),
  };
}
