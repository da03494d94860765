import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MANIFEST_FILE, releaseDirectory } from '../catalogue/paths.ts';
import { DIFF_FILE, parseReleaseDiff, type ReleaseDiff } from '../catalogue/release-diff.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import { parseReleaseManifest } from '../manifests/release.ts';
import type { WorkflowContext } from './build-request.ts';
import { diffReleases, findPredecessor } from './diff-releases.ts';
import { locateRelease } from './locate-release.ts';
import { ignoreDamage, readLineIndex } from './read-line.ts';
import type { RecordsRequest } from './read-release-records.ts';

/** What `diff` is asked for. */
export interface DiffRequest {
  /** A release's directory, `LINE` or `LINE@VERSION`: the older one; alone, the newer one. */
  readonly first: string;
  /** The newer one; absent for the first one's difference to the release before it. */
  readonly second?: string | undefined;
  readonly catalogue: string;
}

/**
 * What changed between the releases that a person named. A release alone is compared with the one before it: as it was filed, or now.
 * Raises what `locateRelease` raises, `E_NOT_FOUND` and `E_NO_PREDECESSOR` (usage), `E_RELEASE_INVALID`, and what reading a catalogue raises.
 */
export async function diffNamedReleases(
  { first, second, catalogue }: DiffRequest,
  context: Pick<WorkflowContext, 'signal'>,
): Promise<ReleaseDiff> {
  const one = await findComparedRelease(first, catalogue);
  if (second !== undefined)
    return await diffReleases(one, await findComparedRelease(second, catalogue), context);
  return (
    (await readFiledDiff(one)) ?? (await diffReleases(await predecessorOf(one, catalogue), one, context))
  );
}

/** Finds what a person named. The only place that `diff` does it in. */
async function findComparedRelease(text: string, catalogue: string): Promise<RecordsRequest> {
  const isDirectory = await stat(text).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const directory = isDirectory ? resolve(text) : (await locateRelease(resolve(catalogue), text)).directory;
  const path = join(directory, MANIFEST_FILE);
  const manifest = await readTextIfExists(path);
  if (manifest === undefined) throw notFound(`${directory} holds no ${MANIFEST_FILE}`);
  const { line, version } = parseReleaseManifest(manifest, path);
  return { directory, line, long: version.long };
}

/** The one that was filed with the release; a damaged one is as good as none. */
async function readFiledDiff({ directory, line, long }: RecordsRequest): Promise<ReleaseDiff | undefined> {
  const path = join(directory, DIFF_FILE);
  const text = await readTextIfExists(path);
  if (text === undefined) return undefined;
  try {
    const diff = parseReleaseDiff(text, path);
    return diff.to.line === line && diff.to.long === long ? diff : undefined;
  } catch (error) {
    return ignoreDamage(error);
  }
}

async function predecessorOf({ line, long }: RecordsRequest, catalogue: string): Promise<RecordsRequest> {
  const index = await readLineIndex(resolve(catalogue), line);
  const before = findPredecessor(index, long);
  if (before !== undefined)
    return { directory: join(resolve(catalogue), releaseDirectory(line, before)), line, long: before };
  throw new Failure('usage', 'E_NO_PREDECESSOR', `no release of ${line} before ${long} may be used`, {
    hint: `name both releases: mintmark diff ${line}@VERSION ${line}@${long}`,
  });
}

function notFound(message: string): Failure {
  const hint = 'name LINE, LINE@VERSION, or the directory of a release';
  return new Failure('usage', 'E_NOT_FOUND', message, { hint });
}
