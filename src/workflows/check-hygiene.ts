import { posix } from 'node:path';
import { checkHygieneRules } from '../guest/check-hygiene.ts';
import type { SuiteResult } from '../manifests/test-report.ts';
import type { Profile } from '../profiles/profile.ts';
import { withGuestFiles } from './guest-files.ts';
import type { GuestContent } from './read-guest.ts';

/** What is held against the rules of hygiene. */
export interface HygieneInput {
  readonly content: Pick<GuestContent, 'files' | 'texts' | 'packageDatabase'>;
  /** What the image was made of; without it nothing counts as ours. */
  readonly profile?: Profile | undefined;
  /** When finish was over, ISO 8601; without it no file is too new. */
  readonly finishedAt?: string | undefined;
}

/** Holds a finished disk that was read against the rules of hygiene; nothing is booted. */
export function checkHygiene({ content, profile, finishedAt }: HygieneInput): SuiteResult {
  const startedMs = performance.now();
  const checks = checkHygieneRules({
    files: content.files,
    texts: content.texts,
    packages: content.packageDatabase,
    placed: placedPaths(profile),
    expected: profile?.finish.expectedFiles ?? [],
    finishedAtMs: finishedAt === undefined ? undefined : Date.parse(finishedAt),
  });
  return { name: 'hygiene', checks, evidence: [], durationMs: performance.now() - startedMs };
}

/** What finish writes into every guest, where its packages put files; see `provisioners/finish/finish.sh`. */
const WRITTEN_BY_FINISH = ['/usr/lib/os-release'];

function placedPaths(profile: Profile | undefined): ReadonlySet<string> {
  if (profile === undefined) return new Set(WRITTEN_BY_FINISH);
  const uploads = profile.provisioners.flatMap((step) => {
    if (step.type !== 'file') return [];
    const { destination, source } = step;
    return destination.endsWith('/') ? [posix.join(destination, posix.basename(source))] : [destination];
  });
  return new Set([
    ...WRITTEN_BY_FINISH,
    ...withGuestFiles(profile, '').files.map(({ path }) => path),
    ...uploads,
    ...profile.guest.releaseFiles.map(({ path }) => path),
  ]);
}
