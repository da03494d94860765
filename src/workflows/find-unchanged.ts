import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSameRelease, type WantedRelease } from '../catalogue/is-same-release.ts';
import { failedDirectory, MANIFEST_FILE, releaseDirectory } from '../catalogue/paths.ts';
import { readTextIfExists } from '../host/files.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { outputsRecipe } from '../profiles/recipe.ts';
import { machineArchitecture } from '../values/architecture.ts';
import { digestOfValue } from '../values/digest.ts';
import { markUnchanged } from './allocate-version.ts';
import type { BuildScene, ReservedBuild } from './build-scene.ts';
import { withCatalogueErrors } from './catalogue-files.ts';
import { describeUnchanged, type UntimedOutcome } from './describe-outcome.ts';
import { releaseGuestOf } from './guest-promises.ts';
import { ignoreDamage, readLineIndex } from './read-line.ts';

/**
 * The LONG of the line's newest usable release, when the finished disk of a build would give the very same one. An older
 * release does not count: the newest one holds something else then, so that the line changes.
 */
export async function findUnchanged(
  { plan, request }: Pick<BuildScene, 'plan' | 'request'>,
  { reservation }: Pick<ReservedBuild, 'reservation'>,
  contentDigest: string,
): Promise<string | undefined> {
  const { profile, baseDigest } = plan;
  const wanted: WantedRelease = {
    arch: machineArchitecture(profile.os.architecture),
    contentDigest,
    outputsDigest: digestOfValue(outputsRecipe(profile)),
    baseDigest,
    guest: releaseGuestOf(profile),
    isTested: request.test,
  };
  const { catalogue, line, long } = reservation;
  return withCatalogueErrors(catalogue, async () => {
    const newest = await readNewest({ catalogue, line, except: long }, wanted.arch);
    return newest !== undefined && isSameRelease(newest, wanted) ? newest.version.long : undefined;
  });
}

/** Takes a build that gave nothing new to its end: its BUILD names the release that is the same. */
export async function settleUnchanged(
  { plan, request, context }: Pick<BuildScene, 'plan' | 'request' | 'context'>,
  { reservation }: Pick<ReservedBuild, 'reservation'>,
  equalTo: string,
): Promise<UntimedOutcome> {
  const { catalogue, line, long, build } = reservation;
  await markUnchanged(reservation, equalTo, context.clock.now());
  // A run that failed before it was gone on with left evidence of a failed version, which this is no more.
  await withCatalogueErrors(catalogue, () =>
    rm(join(catalogue, failedDirectory(line, long)), { recursive: true, force: true }),
  );
  return describeUnchanged(request, plan, { build, equalTo });
}

/** The newest usable release for an architecture; undefined also when its manifest cannot be read, which says nothing. */
async function readNewest(
  { catalogue, line, except }: { readonly catalogue: string; readonly line: string; readonly except: string },
  arch: ReleaseManifest['arch'],
): Promise<ReleaseManifest | undefined> {
  const { releases } = await readLineIndex(catalogue, line);
  for (const { long, state } of releases.toReversed()) {
    if (state !== 'active' || long === except) continue;
    const path = join(catalogue, releaseDirectory(line, long), MANIFEST_FILE);
    const manifest = parseOrNothing(await readTextIfExists(path), path);
    if (manifest === undefined || manifest.arch === arch) return manifest;
  }
  return undefined;
}

function parseOrNothing(text: string | undefined, path: string): ReleaseManifest | undefined {
  if (text === undefined) return undefined;
  try {
    return parseReleaseManifest(text, path);
  } catch (error) {
    return ignoreDamage(error);
  }
}
