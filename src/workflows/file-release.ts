import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LineState } from '../catalogue/channel-rules.ts';
import {
  findByInputs,
  findRelease,
  latestOf,
  releaseExists,
  type IndexedRelease,
} from '../catalogue/line-index.ts';
import { MANIFEST_FILE, failedDirectory, releaseDirectory, requireLineName } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import { operatorName } from '../host/operator.ts';
import { parseReleaseManifest, renderReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { renderLong } from '../versions/version.ts';
import { sha256Of } from '../values/digest.ts';
import { markReleased, requireAllocation, type Reservation } from './allocate-version.ts';
import { exists, listNames, moveDirectory, withCatalogueErrors } from './catalogue-files.ts';
import { withLineLock } from './catalogue-locks.ts';
import { commitEntries, writeViews } from './change-line.ts';
import { foldLine, ignoreDamage, listReleaseVersions, readAllocation, readLineIndex } from './read-line.ts';
import { fileEntryOf, readFiledManifest, readLineState, readOrphans } from './read-line-state.ts';
import { removeStaging, stageRelease } from './stage-release.ts';

/** How a release is filed. */
export interface FileReleaseOptions {
  /** The present instant. */
  readonly now: Date;
  /** Who files it, as `user@host`; whoever runs us unless given. */
  readonly by?: string;
}

/** Where a release went. */
export interface FiledRelease {
  readonly directory: string;
  readonly long: string;
  /** Whether `latest/<line>` points at it now. */
  readonly isLatest: boolean;
}

/**
 * Files a release: its directory by one rename, then the line's journal, then index, channels, `catalogue.json` and
 * `latest/<line>`, which are made from it.
 * Killed at any moment it leaves the old state or the new one, and calling it again completes it; the next filing of
 * the line completes it too. `staged` holds the artifacts and records: made by `createStaging` it is used up; elsewhere
 * its files stay, may be linked to, and must not be written to any more.
 * @throws Failure of kind `conflict` when the version was never reserved, was burnt or is taken by other content,
 * or the directory does not hold what the manifest says; `host` when the catalogue cannot be written
 */
export async function fileRelease(
  catalogue: string,
  staged: string,
  manifest: ReleaseManifest,
  options: FileReleaseOptions,
): Promise<FiledRelease> {
  const root = resolve(catalogue);
  parseReleaseManifest(renderReleaseManifest(manifest), MANIFEST_FILE);
  return withCatalogueErrors(catalogue, async () => {
    await requireReserved(root, manifest);
    const directory = join(root, releaseDirectory(manifest.line, manifest.version.long));
    const done = await isFiledAlready(directory, manifest);
    const staging = done ? undefined : await stageRelease(root, resolve(staged), manifest);
    let isPublished = false;
    try {
      const { index } = await withLineLock(root, manifest.line, () =>
        publish(root, staging, manifest, options),
      );
      isPublished = true;
      // A run that failed before it was gone on with left evidence of a failed version, which this is no more.
      const failed = join(root, failedDirectory(manifest.line, manifest.version.long));
      await rm(failed, { recursive: true, force: true });
      return { directory, long: manifest.version.long, isLatest: latestOf(index) === manifest.version.long };
    } finally {
      // What the caller staged in the catalogue stays the caller's until it is published: another try needs it.
      if (staging !== undefined && (isPublished || staging !== resolve(staged))) await removeStaging(staging);
    }
  });
}

/** The newest usable release of a line that was made from these inputs and is really there. Reads the index only. */
export async function findReleaseByRecipe(
  catalogue: string,
  line: string,
  inputs: Pick<IndexedRelease, 'recipeDigest' | 'baseDigest'>,
): Promise<(IndexedRelease & { readonly directory: string }) | undefined> {
  requireLineName(line);
  return withCatalogueErrors(catalogue, async () => {
    const release = findByInputs(await readLineIndex(catalogue, line), inputs);
    if (!release) return undefined;
    const directory = join(catalogue, releaseDirectory(line, release.long));
    return (await exists(join(directory, MANIFEST_FILE))) ? { ...release, directory } : undefined;
  });
}

/**
 * Completes the filings of a line that were killed after the release stood in its place. Returns their versions.
 * To be called under the line's lock: a filing holds it until it is complete.
 */
export async function completeFilings(catalogue: string, line: string, now: Date): Promise<string[]> {
  const completed: string[] = [];
  for (const version of await listReleaseVersions(catalogue, line)) {
    const allocation = await readAllocation(catalogue, line, version.build).catch(ignoreDamage);
    if (allocation?.version !== renderLong(version)) continue;
    if (allocation.state !== 'reserved' && allocation.state !== 'building') continue;
    const filed = await readFiledManifest(catalogue, line, allocation.version);
    if (!filed) continue;
    await publish(catalogue, undefined, filed.manifest, { now });
    completed.push(allocation.version);
  }
  return completed;
}

/**
 * The release's directory by one rename, then the journal, which commits it together with whatever else a killed filing
 * had left in its place; then everything that is made from the journal.
 */
async function publish(
  catalogue: string,
  staging: string | undefined,
  manifest: ReleaseManifest,
  { now, by = operatorName() }: FileReleaseOptions,
): Promise<LineState> {
  const { line, version } = manifest;
  // Once more, now that nobody else can burn it: a build that slept may have been given up meanwhile.
  await requireReserved(catalogue, manifest);
  const before = await readLineState(catalogue, line);
  const stamp = { at: now.toISOString(), by };
  const orphans = (await readOrphans(catalogue, line, before.index.releases)).filter(
    (orphan) => orphan.manifest.version.long !== version.long,
  );
  const release = { manifest, sha256: sha256Of(renderReleaseManifest(manifest)) };
  const known = findRelease(before.index, version.long);
  if (known !== undefined && known.manifestSha256 !== release.sha256) throw releaseExists(line, version.long);
  const filed = known === undefined ? [...orphans, release] : orphans;
  const directory = join(catalogue, releaseDirectory(line, version.long));
  if (staging !== undefined) await moveIntoPlace(staging, directory, manifest);
  const after = await commitOrTakeBack(
    () =>
      commitEntries(
        catalogue,
        before,
        filed.map((each) => fileEntryOf(each.manifest, each.sha256, stamp)),
      ),
    async () => {
      // A release that no journal knows must not stay: the build has failed, and its BUILD gets burnt. What failed may
      // have been only the sync after the journal's rename: then it is filed, and stays.
      const written = await foldLine(catalogue, line);
      const isFiled = written !== undefined && findRelease(written, version.long) !== undefined;
      if (staging !== undefined && !isFiled) await moveDirectory(directory, staging);
    },
  );
  await writeViews(catalogue, after);
  await markReleased(reservationOf(catalogue, manifest), now);
  return after;
}

async function commitOrTakeBack<T>(commit: () => Promise<T>, takeBack: () => Promise<void>): Promise<T> {
  try {
    return await commit();
  } catch (error) {
    await takeBack();
    throw error;
  }
}

async function moveIntoPlace(staging: string, directory: string, manifest: ReleaseManifest): Promise<void> {
  if ((await listNames(directory)).length > 0) throw releaseExists(manifest.line, manifest.version.long);
  await moveDirectory(staging, directory);
}

function reservationOf(catalogue: string, { line, version }: ReleaseManifest): Reservation {
  return { catalogue, line, build: version.build, long: version.long };
}

async function requireReserved(catalogue: string, manifest: ReleaseManifest): Promise<void> {
  const { state, line, version } = await requireAllocation(reservationOf(catalogue, manifest));
  if (state === 'reserved' || state === 'building' || state === 'released') return;
  throw new Failure('conflict', 'E_ALLOCATION_STATE', `${line} ${version} is ${state} and cannot be filed`, {
    hint: 'build again, which takes the next number',
    evidence: { line, version, state },
  });
}

/** A filing that was killed after its rename is gone on with; other content under the same version is refused. */
async function isFiledAlready(directory: string, manifest: ReleaseManifest): Promise<boolean> {
  const text = await readTextIfExists(join(directory, MANIFEST_FILE));
  if (text === undefined) return false;
  if (text === renderReleaseManifest(manifest)) return true;
  throw releaseExists(manifest.line, manifest.version.long);
}
