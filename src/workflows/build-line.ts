import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { planReservation } from '../catalogue/plan-reservation.ts';
import { readTextIfExists } from '../host/files.ts';
import { createSecretFilter } from '../host/secrets.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { secretsOf } from '../profiles/secrets.ts';
import { machineArchitecture } from '../values/architecture.ts';
import { renderLong } from '../versions/version.ts';
import type { BuildOutcome, BuildSizes } from './build-outcome.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import {
  baseStage,
  burnReservation,
  catalogueStage,
  convertStage,
  finishStage,
  packerStage,
  reserveVersion,
  stampStage,
  type BuildScene,
  type FinishedBuild,
  type ReservedBuild,
} from './build-stages.ts';
import { STAGES, type StageName } from './events.ts';
import { findReleaseByRecipe } from './file-release.ts';
import type { MadeBase } from './make-base.ts';
import { planBuild, type BuildPlan } from './plan-build.ts';
import { withCatalogueErrors } from './catalogue-files.ts';
import { readLineHistory } from './read-line.ts';
import { recoverLine } from './recover-line.ts';
import { RunDirectory } from './run-directory.ts';
import type { ProvisionedDisk } from './run-packer.ts';
import { readExpectedTiming, rememberTiming } from './run-timings.ts';
import { StageRunner } from './stage-runner.ts';
import { readToolVersions } from './tool-versions.ts';

/** A disk that Packer is done with, and the base below it. */
interface Provisioned {
  readonly base: MadeBase;
  readonly disk: ProvisionedDisk;
}

/** Work that several profiles of one request have in common. */
export interface SharedWork {
  /** Unstamped disks by build digest. */
  readonly provisioned: Map<string, Provisioned>;
  /** What is removed when the whole request is done. */
  readonly cleanups: (() => Promise<void>)[];
}

/** Stages that a build goes through today; booting the artifacts is not among them yet. */
const BUILD_STAGES: readonly StageName[] = STAGES.filter((stage) => stage !== 'test');

/** Disks of a run; its logs stay. */
const RUN_DISKS = ['base', 'output', 'disk.raw', 'tmp'];

/**
 * Builds one profile: plans, reserves a version, and takes the disk through every stage into the catalogue.
 * A failure burns the version, keeps its evidence and files nothing.
 */
export async function buildLine(
  reference: string,
  request: BuildRequest,
  shared: SharedWork,
  context: WorkflowContext,
): Promise<BuildOutcome> {
  const began = performance.now();
  const stages = new StageRunner(context.emit, context.signal);
  context.emit({ type: 'stages', stages: BUILD_STAGES });
  const planned = await stages.run({
    name: 'plan',
    run: () => planAndReserve(reference, request, context),
    summarize: summarizePlan,
  });
  if ('outcome' in planned) {
    return { ...planned.outcome, stageMs: stages.durations, totalMs: Math.round(performance.now() - began) };
  }
  const { scene, reserved, tools } = planned;
  stages.recordIn(scene.run);
  try {
    const expected = await readExpectedTiming(context.directories.state, scene.plan.profile.name);
    context.emit({ type: 'stages', stages: BUILD_STAGES, expectedMs: expected.stageMs });
    const built = await takeThroughStages(stages, scene, reserved, tools, shared);
    const totalMs = Math.round(performance.now() - began);
    await conclude(scene, stages, totalMs, shared);
    const usual = expected.totalMs === undefined ? {} : { usualMs: expected.totalMs };
    return { ...built, stageMs: stages.durations, totalMs, ...usual };
  } catch (error) {
    throw await giveUp(error, stages, scene, reserved);
  }
}

/** A plan that is to be carried out, or the answer that nothing is. */
type Planned =
  | {
      readonly scene: BuildScene;
      readonly reserved: ReservedBuild;
      readonly tools: Readonly<Record<string, string>>;
    }
  | { readonly outcome: Omit<BuildOutcome, 'stageMs' | 'totalMs'> };

async function planAndReserve(
  reference: string,
  request: BuildRequest,
  context: WorkflowContext,
): Promise<Planned> {
  const [plan, tools] = await Promise.all([
    planBuild(reference, request, context),
    readToolVersions(request, context),
  ]);
  announce(plan, tools, context);
  const equal = request.rebuild ? undefined : await findEqualRelease(plan, request);
  if (equal) return { outcome: equal };
  if (request.dryRun) return { outcome: await describePlan(plan, request) };
  const { profile } = plan;
  await recoverLine(request.catalogue, profile.line, context.clock.now());
  const run = await RunDirectory.create(
    context.directories.state,
    profile.name,
    profile.line,
    context.clock.now(),
  );
  const values = secretsOf(profile).flatMap(({ fromEnv }) => context.environment[fromEnv] ?? []);
  const scene = { request, context, plan, run, secrets: createSecretFilter(values) };
  try {
    return { scene, reserved: await reserveVersion(scene), tools };
  } catch (error) {
    // Nothing was begun, so there is nothing to look at later.
    await rm(run.path, { recursive: true, force: true });
    throw error;
  }
}

function announce(plan: BuildPlan, tools: Readonly<Record<string, string>>, context: WorkflowContext): void {
  const { accelerator, reason } = plan.accelerator;
  const facts = [
    `packer ${plan.packer.dialect.version}`,
    `qemu ${tools['qemu-system-x86_64'] ?? ''}`,
    accelerator === 'kvm' ? 'KVM' : `TCG (${reason})`,
  ];
  context.emit({ type: 'header', text: facts.join(' · ') });
  for (const text of plan.warnings) context.emit({ type: 'warning', text });
}

function summarizePlan(planned: Planned): string {
  if ('outcome' in planned) return `${planned.outcome.line} ${planned.outcome.long}`;
  const { plan } = planned.scene;
  const targets = Object.keys(plan.profile.targets).length;
  return [
    `${plan.profile.line} ${planned.reserved.reservation.long}`,
    `Debian ${plan.profile.os.suite}`,
    `${plan.closure.packages.length} packages`,
    targets === 1 ? '1 target' : `${targets} targets`,
  ].join(', ');
}

async function findEqualRelease(
  plan: BuildPlan,
  request: BuildRequest,
): Promise<Omit<BuildOutcome, 'stageMs' | 'totalMs'> | undefined> {
  const { line, os } = plan.profile;
  const inputs = { recipeDigest: plan.recipeDigest, baseDigest: plan.baseDigest };
  const equal = await findReleaseByRecipe(request.catalogue, line, inputs);
  if (!equal) return undefined;
  const text = await readTextIfExists(join(equal.directory, 'release.json'));
  const release = text === undefined ? undefined : parseReleaseManifest(text);
  return {
    status: 'up-to-date',
    line,
    long: equal.long,
    arch: machineArchitecture(os.architecture),
    sizes: {},
    biggestPackages: [],
    ...artifactFacts(equal.directory, release),
    ...(release === undefined ? {} : { release }),
    remarks: [`same recipe and the same ${plan.closure.packages.length} packages`],
  };
}

async function describePlan(
  plan: BuildPlan,
  request: BuildRequest,
): Promise<Omit<BuildOutcome, 'stageMs' | 'totalMs'>> {
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

async function takeThroughStages(
  stages: StageRunner,
  scene: BuildScene,
  reserved: ReservedBuild,
  tools: Readonly<Record<string, string>>,
  shared: SharedWork,
): Promise<Omit<BuildOutcome, 'stageMs' | 'totalMs'>> {
  const provisioned = await provision(stages, scene, shared);
  const finished = await stages.run(finishStage(scene, provisioned.base, provisioned.disk, reserved));
  const converted = await stages.run(convertStage(scene, finished.disk, reserved));
  const { base } = provisioned;
  const { content } = finished;
  const timings = { ...stages.durations };
  const manifest = await stages.run(
    stampStage(scene, { base, content, converted, reserved, tools, timings }),
  );
  const filed = await stages.run(catalogueStage(scene, converted.staging, manifest));
  return {
    status: 'built',
    line: manifest.line,
    long: filed.long,
    arch: manifest.arch,
    ...artifactFacts(filed.directory, manifest),
    sizes: await measureSizes(provisioned, finished, manifest),
    biggestPackages: content.packagesBySize
      .slice(0, 5)
      .map(({ name, installedSizeKiB }) => ({ name, sizeBytes: installedSizeKiB * 1024 })),
    release: manifest,
    runDirectory: scene.run.path,
  };
}

/** The unstamped disk: made, or taken over from another profile of this request that has the same recipe so far. */
async function provision(stages: StageRunner, scene: BuildScene, shared: SharedWork): Promise<Provisioned> {
  const known = shared.provisioned.get(scene.plan.buildDigest);
  if (known) {
    for (const stage of ['base', 'packer'] as const) {
      scene.context.emit({
        type: 'stage-skipped',
        stage,
        reason: 'the same disk was made for another profile just now',
      });
    }
    return known;
  }
  const { base, prepared } = await stages.run(baseStage(scene));
  const disk = await stages.run(packerStage(scene, base, prepared));
  const provisioned = { base, disk };
  shared.provisioned.set(scene.plan.buildDigest, provisioned);
  return provisioned;
}

function artifactFacts(
  directory: string,
  release: ReleaseManifest | undefined,
): Pick<BuildOutcome, 'path' | 'sizeBytes' | 'virtualSizeBytes' | 'sha256'> {
  const [artifact] = release?.artifacts ?? [];
  if (!artifact) return { path: directory };
  const { sizeBytes, virtualSizeBytes, sha256 } = artifact;
  return { path: join(directory, artifact.file), sizeBytes, virtualSizeBytes, sha256 };
}

async function measureSizes(
  provisioned: Provisioned,
  finished: FinishedBuild,
  manifest: ReleaseManifest,
): Promise<BuildSizes> {
  const overlay = await stat(provisioned.disk.path);
  const baseBytes = provisioned.base.entry.files.disk.sizeBytes;
  const [artifact] = manifest.artifacts;
  return {
    baseBytes,
    provisionedBytes: baseBytes + overlay.blocks * 512,
    finishedBytes: finished.disk.allocatedBytes,
    ...(artifact === undefined ? {} : { packedBytes: artifact.sizeBytes }),
  };
}

async function conclude(
  scene: BuildScene,
  stages: StageRunner,
  totalMs: number,
  shared: SharedWork,
): Promise<void> {
  await scene.run.update({ status: 'done' });
  const { directories } = scene.context;
  await rememberTiming(directories.state, scene.plan.profile.name, { totalMs, stageMs: stages.durations });
  // Another profile of this request may still want the disk.
  shared.cleanups.push(async () => {
    for (const name of RUN_DISKS) await rm(scene.run.file(name), { recursive: true, force: true });
  });
}

/** Takes a failed build back; returns the failure, told with what became of its version. */
async function giveUp(
  error: unknown,
  stages: StageRunner,
  scene: BuildScene,
  reserved: ReservedBuild,
): Promise<unknown> {
  const reason = error instanceof Error ? error.message : String(error);
  await stages.unwind(reason);
  await scene.run.update({ status: 'failed' }).catch(() => {});
  const { build, line } = reserved.reservation;
  const burnt = await burnReservation(scene, reserved, reason).then(
    () => true,
    () => false,
  );
  if (!scene.request.keepFailed) {
    for (const name of RUN_DISKS) await rm(scene.run.file(name), { recursive: true, force: true });
  }
  if (!(error instanceof Failure)) return error;
  const fate = burnt ? [`BUILD ${build} of ${line} is burnt; earlier releases stay as they were`] : [];
  return new Failure(error.kind, error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: [...error.details, ...fate].map(scene.secrets.text),
    evidence: { ...error.evidence, runDirectory: scene.run.path, ...(burnt ? { burnt: build } : {}) },
    cause: error.cause,
  });
}
