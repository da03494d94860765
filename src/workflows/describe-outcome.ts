import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { releaseDirectory } from '../catalogue/paths.ts';
import { planReservation } from '../catalogue/plan-reservation.ts';
import { readTextIfExists } from '../host/files.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { machineArchitecture } from '../values/architecture.ts';
import { renderLong } from '../versions/version.ts';
import type { BuildOutcome, BuildSizes, BuiltArtifact } from './build-outcome.ts';
import type { BuildRequest } from './build-request.ts';
import type { RecordedDiff } from './diff-releases.ts';
import type { FinishedDisk } from './finish-disk.ts';
import { withCatalogueErrors } from './catalogue-files.ts';
import { findReleaseByRecipe, type FiledRelease } from './file-release.ts';
import type { BuildPlan } from './plan-build.ts';
import type { Provisioned } from './provision-disk.ts';
import { readLineHistory } from './read-line.ts';

/** An outcome whose times are not known yet. */
export type UntimedOutcome = Omit<BuildOutcome, 'stageMs' | 'totalMs'>;

/** The answer that nothing is to be done: the newest release with the same recipe and the same packages. */
export async function findEqualRelease(
  plan: BuildPlan,
  request: BuildRequest,
): Promise<UntimedOutcome | undefined> {
  const inputs = { recipeDigest: plan.recipeDigest, baseDigest: plan.baseDigest };
  const equal = await findReleaseByRecipe(request.catalogue, plan.profile.line, inputs);
  if (!equal) return undefined;
  const remark = `same recipe and the same ${plan.closure.packages.length} packages`;
  return describeReleased(request, plan, equal.long, remark);
}

/** The answer that a release is there already. @param remark says why nothing is to be done */
export async function describeReleased(
  { catalogue }: Pick<BuildRequest, 'catalogue'>,
  { profile }: Pick<BuildPlan, 'profile'>,
  long: string,
  remark: string,
): Promise<UntimedOutcome> {
  const { line, os } = profile;
  const directory = join(catalogue, releaseDirectory(line, long));
  const text = await readTextIfExists(join(directory, 'release.json'));
  const release = text === undefined ? undefined : parseReleaseManifest(text);
  return {
    status: 'up-to-date',
    line,
    long,
    arch: machineArchitecture(os.architecture),
    sizes: {},
    biggestPackages: [],
    ...artifactFacts(directory, release),
    ...(release === undefined ? {} : { release }),
    remarks: [remark],
  };
}

/**
 * The answer that a finished disk holds what a release holds already, so that it was not filed.
 * @param build the BUILD that was taken for it
 */
export async function describeUnchanged(
  request: Pick<BuildRequest, 'catalogue'>,
  plan: Pick<BuildPlan, 'profile'>,
  { build, equalTo }: { readonly build: number; readonly equalTo: string },
): Promise<UntimedOutcome> {
  const remark = `BUILD ${build} of ${plan.profile.line} is used up: no release will have that number`;
  const released = await describeReleased(request, plan, equalTo, remark);
  return { ...released, status: 'unchanged', burnt: build };
}

/** The answer of `--dry-run`. */
export async function describePlan(plan: BuildPlan, request: BuildRequest): Promise<UntimedOutcome> {
  const { profile } = plan;
  const history = await withCatalogueErrors(request.catalogue, () =>
    readLineHistory(request.catalogue, profile.line),
  );
  const next = planReservation(history, {
    date: plan.date,
    policy: profile.version.policy,
    recipeDigest: plan.recipeDigest,
    newCatalogue: true,
    ci: false,
    ...(request.buildNumber === undefined ? {} : { buildNumber: request.buildNumber }),
  });
  return {
    status: 'planned',
    line: profile.line,
    long: renderLong(next),
    arch: machineArchitecture(profile.os.architecture),
    artifacts: [],
    sizes: {},
    biggestPackages: [],
    plan: {
      profile,
      recipeDigest: plan.recipeDigest,
      baseDigest: plan.baseDigest,
      accelerator: plan.accelerator,
      packer: plan.packer,
      mirrors: plan.closure.mirrors,
      packages: plan.closure.packages.map(({ name, version, architecture }) => ({
        name,
        version,
        architecture,
      })),
    },
  };
}

/** What was built, for the summary. */
export async function describeBuilt(facts: {
  readonly provisioned: Provisioned;
  readonly finished: FinishedDisk;
  readonly manifest: ReleaseManifest;
  readonly filed: FiledRelease;
  readonly runDirectory: string;
  readonly diff?: RecordedDiff;
}): Promise<UntimedOutcome> {
  const { provisioned, finished, manifest, filed, runDirectory, diff } = facts;
  return {
    status: 'built',
    line: manifest.line,
    long: filed.long,
    arch: manifest.arch,
    ...artifactFacts(filed.directory, manifest),
    sizes: await measureSizes(provisioned, finished, manifest),
    biggestPackages: finished.content.packagesBySize
      .slice(0, 5)
      .map(({ name, installedSizeKiB }) => ({ name, sizeBytes: installedSizeKiB * 1024 })),
    release: manifest,
    runDirectory,
    remarks: [
      ...(diff === undefined ? [] : [`since ${diff.since}: ${diff.summary}`]),
      describeNext(manifest, filed),
    ],
  };
}

/** Where the release is now, and what a person does with it next. */
function describeNext({ line, tests }: ReleaseManifest, { long }: FiledRelease): string {
  const [verb, end] = tests?.result === 'passed' ? ['promote', ' tested'] : ['test', ''];
  return `channel: candidate.   next: mintmark ${verb} ${line}@${long}${end}`;
}

function artifactFacts(
  directory: string,
  release: ReleaseManifest | undefined,
): Pick<BuildOutcome, 'path' | 'sizeBytes' | 'virtualSizeBytes' | 'sha256' | 'artifacts'> {
  const artifacts = (release?.artifacts ?? []).map(
    ({ target, file, sizeBytes, virtualSizeBytes, sha256 }): BuiltArtifact => ({
      target,
      path: join(directory, file),
      sizeBytes,
      virtualSizeBytes,
      sha256,
    }),
  );
  const [first, ...others] = artifacts;
  if (first === undefined || others.length > 0) return { path: directory, artifacts };
  const { target: _target, ...facts } = first;
  return { ...facts, artifacts };
}

async function measureSizes(
  provisioned: Provisioned,
  finished: FinishedDisk,
  manifest: ReleaseManifest,
): Promise<BuildSizes> {
  const overlay = await stat(provisioned.disk.path);
  const baseBytes = provisioned.base.entry.files.disk.sizeBytes;
  return {
    baseBytes,
    provisionedBytes: baseBytes + overlay.blocks * 512,
    finishedBytes: finished.allocatedBytes,
    packedBytes: manifest.artifacts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}
