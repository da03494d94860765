import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  parseCatalogueDocument,
  planCatalogueDocument,
  renderCatalogueDocument,
} from '../catalogue/catalogue-document.ts';
import {
  findByInputs,
  releaseExists,
  renderLineIndex,
  type IndexedRelease,
  type LineIndex,
} from '../catalogue/line-index.ts';
import {
  CATALOGUE_DOCUMENT,
  LINES,
  MANIFEST_FILE,
  failedDirectory,
  latestLink,
  lineIndexPath,
  releaseDirectory,
  requireLineName,
} from '../catalogue/paths.ts';
import { planFiling, type FiledManifest, type FilingPlan } from '../catalogue/plan-filing.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists, writeFileAtomically } from '../host/files.ts';
import { parseReleaseManifest, renderReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { isLineName } from '../manifests/safe-names.ts';
import { renderLong } from '../versions/version.ts';
import { sha256Of } from '../values/digest.ts';
import { markReleased, requireAllocation, type Reservation } from './allocate-version.ts';
import {
  exists,
  listNames,
  moveDirectory,
  readLinkIfExists,
  replaceLink,
  withCatalogueErrors,
} from './catalogue-files.ts';
import { withCatalogueLock, withLineLock } from './catalogue-locks.ts';
import { ignoreDamage, listReleaseVersions, readAllocation, readLineIndex } from './read-line.ts';
import { removeStaging, stageRelease } from './stage-release.ts';

/** How a release is filed. */
export interface FileReleaseOptions {
  /** The present instant. */
  readonly now: Date;
  /** Whether it becomes the line's latest (unless a newer one is); true unless given. */
  readonly moveLatest?: boolean;
}

/** Where a release went. */
export interface FiledRelease {
  readonly directory: string;
  readonly long: string;
  /** Whether `latest/<line>` points at it now. */
  readonly isLatest: boolean;
}

/**
 * Files a release: its directory by one rename, then the line's index, then `catalogue.json`, then `latest/<line>`.
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
      const plan = await withLineLock(root, manifest.line, () => publish(root, staging, manifest, options));
      isPublished = true;
      // A run that failed before it was gone on with left evidence of a failed version, which this is no more.
      const failed = join(root, failedDirectory(manifest.line, manifest.version.long));
      await rm(failed, { recursive: true, force: true });
      return { directory, long: manifest.version.long, isLatest: plan.latest !== undefined };
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

async function publish(
  catalogue: string,
  staging: string | undefined,
  manifest: ReleaseManifest,
  options: FileReleaseOptions,
): Promise<FilingPlan> {
  const plan = await planPublication(catalogue, manifest, options);
  const directory = join(catalogue, plan.releaseDirectory);
  if (staging !== undefined) await moveIntoPlace(staging, directory, manifest);
  try {
    await writeFileAtomically(join(catalogue, lineIndexPath(manifest.line)), renderLineIndex(plan.index));
  } catch (error) {
    // A release that no index knows must not stay: the build has failed, and its BUILD gets burnt.
    if (staging !== undefined) await moveDirectory(directory, staging);
    throw error;
  }
  await withCatalogueLock(catalogue, () => writeCatalogueDocument(catalogue, options.now));
  if (plan.latest) await replaceLink(join(catalogue, plan.latest.link), plan.latest.target);
  await markReleased(reservationOf(catalogue, manifest), options.now);
  return plan;
}

async function planPublication(
  catalogue: string,
  manifest: ReleaseManifest,
  { now, moveLatest = true }: FileReleaseOptions,
): Promise<FilingPlan> {
  const { line } = manifest;
  const index = await readLineIndex(catalogue, line);
  const latest = await readLinkIfExists(join(catalogue, latestLink(line)));
  const orphans = (await readOrphans(catalogue, line, index)).filter(
    (orphan) => orphan.manifest.version.long !== manifest.version.long,
  );
  const release = { manifest, sha256: sha256Of(renderReleaseManifest(manifest)) };
  return planFiling({ index, orphans, ...(latest === undefined ? {} : { latest }) }, release, {
    at: now,
    moveLatest,
  });
}

async function moveIntoPlace(staging: string, directory: string, manifest: ReleaseManifest): Promise<void> {
  if ((await listNames(directory)).length > 0) throw releaseExists(manifest.line, manifest.version.long);
  await moveDirectory(staging, directory);
}

/** Releases in their place that the index does not know, and that were not burnt. */
async function readOrphans(catalogue: string, line: string, index: LineIndex): Promise<FiledManifest[]> {
  const known = new Set(index.releases.map((release) => release.long));
  const orphans: FiledManifest[] = [];
  for (const version of await listReleaseVersions(catalogue, line)) {
    const long = renderLong(version);
    if (known.has(long)) continue;
    const allocation = await readAllocation(catalogue, line, version.build).catch(ignoreDamage);
    const filed = allocation?.state === 'failed' ? undefined : await readFiledManifest(catalogue, line, long);
    if (filed) orphans.push(filed);
  }
  return orphans;
}

/** A release as its own manifest describes it; undefined when that is missing, damaged or another's. */
async function readFiledManifest(
  catalogue: string,
  line: string,
  long: string,
): Promise<FiledManifest | undefined> {
  const path = `${releaseDirectory(line, long)}/${MANIFEST_FILE}`;
  const text = await readTextIfExists(join(catalogue, path));
  if (text === undefined) return undefined;
  try {
    const manifest = parseReleaseManifest(text, path);
    return manifest.line === line && manifest.version.long === long
      ? { manifest, sha256: sha256Of(text) }
      : undefined;
  } catch (error) {
    return ignoreDamage(error);
  }
}

async function writeCatalogueDocument(catalogue: string, now: Date): Promise<void> {
  const path = join(catalogue, CATALOGUE_DOCUMENT);
  const text = await readTextIfExists(path);
  const document = text === undefined ? undefined : parseCatalogueDocument(text, CATALOGUE_DOCUMENT);
  const digests = new Map<string, string>();
  for (const line of (await listNames(join(catalogue, LINES))).filter(isLineName)) {
    const index = await readTextIfExists(join(catalogue, lineIndexPath(line)));
    if (index !== undefined) digests.set(line, sha256Of(index));
  }
  const next = planCatalogueDocument(document, digests, now);
  if (next !== document) await writeFileAtomically(path, renderCatalogueDocument(next));
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
