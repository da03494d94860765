import { posix } from 'node:path';
import { checkHygieneRules } from '../guest/check-hygiene.ts';
import type { SuiteResult } from '../manifests/test-report.ts';
import type { Profile } from '../profiles/profile.ts';
import { withGuestFiles } from './guest-files.ts';
import type { GuestContent } from './read-guest.ts';

/** What is held against the rules of hygiene. */
export interface HygieneInput {
  readonly content: Pick<GuestContent, 'files' | 'texts' | 'packageDatabase'>;
  /** What the profile put there and means to be so; see {@link ownFilesOf}. Nothing counts as ours without it. */
  readonly own: OwnFiles;
  /** When finish was over, ISO 8601; without it no file is too new. */
  readonly finishedAt?: string | undefined;
}

/** Files that are no package's, and yet are meant to be there. */
export interface OwnFiles {
  /** Absolute paths. */
  readonly placed: readonly string[];
  /** Paths with everything below them; `*` stands for part of a name. */
  readonly expected: readonly string[];
}

/** Holds a finished disk that was read against the rules of hygiene; nothing is booted. */
export function checkHygiene({ content, own, finishedAt }: HygieneInput): SuiteResult {
  const startedMs = performance.now();
  const checks = checkHygieneRules({
    files: content.files,
    texts: content.texts,
    packages: content.packageDatabase,
    placed: new Set([...WRITTEN_BY_FINISH, ...own.placed]),
    expected: own.expected,
    finishedAtMs: finishedAt === undefined ? undefined : Date.parse(finishedAt),
  });
  return { name: 'hygiene', checks, evidence: [], durationMs: performance.now() - startedMs };
}

/** What finish writes into every guest, where its packages put files; see `provisioners/finish/finish.sh`. */
const WRITTEN_BY_FINISH = ['/usr/lib/os-release'];

/** The files that a profile puts into its guests. */
export function ownFilesOf(profile: Profile): OwnFiles {
  const uploads = profile.provisioners.flatMap((step) => {
    if (step.type !== 'file') return [];
    const { destination, source } = step;
    return destination.endsWith('/') ? [posix.join(destination, posix.basename(source))] : [destination];
  });
  const placed = [
    ...withGuestFiles(profile, '').files.map(({ path }) => path),
    ...uploads,
    ...profile.guest.releaseFiles.map(({ path }) => path),
  ];
  return { placed, expected: profile.finish.expectedFiles };
}
