import { join } from 'node:path';
import { MANIFEST_FILE, releaseDirectory } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import { parseReleaseManifest } from '../manifests/release.ts';
import type { BuildRequest } from './build-request.ts';
import { withCatalogueErrors } from './catalogue-files.ts';
import { ignoreDamage, readLineIndex } from './read-line.ts';
import type { MirrorState } from './resolve-closure.ts';

/** What of a signed index tells its age. */
export type IndexAge = Pick<MirrorState, 'suite' | 'date'>;

/** An index that is older than the one that the line's newest release was made from. */
export interface OlderIndex {
  readonly suite: string;
  /** The index of now, ISO 8601. */
  readonly now: string;
  /** The index of then, ISO 8601. */
  readonly before: string;
}

/**
 * Makes sure that a mirror has not gone back in time: a mirror that lags, or a cache before it, would quietly bring
 * back versions with known holes. Dates of signed indices are compared with each other only, never with a clock.
 *
 * Raises `E_MIRROR_OLDER` (host). Asks nothing with `--rebuild` or `--offline`, for a line without releases, and
 * where a release does not say what it was made from.
 */
export async function checkMirrorAge(
  line: string,
  mirrors: readonly IndexAge[],
  request: Pick<BuildRequest, 'catalogue' | 'rebuild' | 'offline'>,
): Promise<void> {
  if (request.rebuild || request.offline) return;
  const newest = await withCatalogueErrors(request.catalogue, () => readNewest(request.catalogue, line));
  const older = findOlderIndices(mirrors, newest?.mirrors ?? []);
  if (newest === undefined || older.length === 0) return;
  throw mirrorOlder(line, newest.long, older);
}

/** Pairs indices of equal suites; where several archives have a suite, the newest of each side speaks for it. */
export function findOlderIndices(now: readonly IndexAge[], before: readonly IndexAge[]): OlderIndex[] {
  const known = newestBySuite(before);
  return [...newestBySuite(now)].flatMap(([suite, date]) => {
    const old = known.get(suite);
    return old !== undefined && Date.parse(date) < Date.parse(old) ? [{ suite, now: date, before: old }] : [];
  });
}

function newestBySuite(indices: readonly IndexAge[]): Map<string, string> {
  const newest = new Map<string, string>();
  for (const { suite, date } of indices) {
    const known = newest.get(suite);
    if (Number.isNaN(Date.parse(date))) continue;
    if (known === undefined || Date.parse(date) > Date.parse(known)) newest.set(suite, date);
  }
  return newest;
}

/** A damaged index or manifest says nothing about the mirror; other steps complain of it. */
async function readNewest(
  catalogue: string,
  line: string,
): Promise<{ long: string; mirrors: readonly IndexAge[] } | undefined> {
  const index = await readLineIndex(catalogue, line).catch(ignoreDamage);
  const long = index?.releases.at(-1)?.long;
  if (long === undefined) return undefined;
  const text = await readTextIfExists(join(catalogue, releaseDirectory(line, long), MANIFEST_FILE));
  try {
    return text === undefined ? undefined : { long, mirrors: parseReleaseManifest(text).mirrors ?? [] };
  } catch (error) {
    return ignoreDamage(error);
  }
}

function mirrorOlder(line: string, long: string, older: readonly OlderIndex[]): Failure {
  const [first] = older;
  const what = `its ${first?.suite} index is of ${dateOf(first?.now)}, that of ${line} ${long} was of ${dateOf(first?.before)}`;
  return new Failure('host', 'E_MIRROR_OLDER', `the mirror is older than the newest release: ${what}`, {
    hint: '--mirror URL names another; --rebuild builds from it anyway',
    details: older
      .slice(1)
      .map(({ suite, now, before }) => `${suite}: ${dateOf(now)}, before ${dateOf(before)}`),
    evidence: { line, long, older },
  });
}

/** `2026-11-20 20:01 UTC`. */
function dateOf(instant = ''): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}
