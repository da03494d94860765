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
  /** Whether a kill came in between: its checksums, which are written last, do not know the tombstone yet. */
  readonly isUnfinished: boolean;
}

/** Compares the directory of a withdrawn release with what a withdrawal leaves. */
export function checkWithdrawnFiles({ line, long, entries, checksums }: ReleaseContent): WithdrawnCheck {
  const path = (name: string): string => `${releaseDirectory(line, long)}/${name}`;
  const names = new Set(entries.map(({ name }) => name));
  const isUnfinished = checksums !== undefined && !checksums.has(WITHDRAWAL_FILE);
  const needed = new Set([MANIFEST_FILE, CHECKSUMS_FILE, ...(isUnfinished ? [] : (checksums?.keys() ?? []))]);
  const gone = [...needed].filter((name) => !names.has(name));
  const strange = isUnfinished
    ? []
    : entries.filter(({ name }) => !isKeptWhenWithdrawn(name) && !isTemporary(name));
  const odd = entries.filter(({ name, kind }) => isKeptWhenWithdrawn(name) && kind !== 'file');
  return {
    findings: [
      ...gone.map((name) => ({ path: path(name), fault: 'is gone' })),
      ...odd.map(({ name }) => ({ path: path(name), fault: 'is not a plain file' })),
      ...strange.map(({ name }) => ({ path: path(name), fault: 'does not belong to a withdrawn release' })),
    ],
    isUnfinished,
  };
}
