import { rm } from 'node:fs/promises';
import { Failure } from '../errors/failure.ts';
import { createSecretFilter } from '../host/secrets.ts';
import { secretsOf } from '../profiles/secrets.ts';
import { checkRunDirectory, checkSecretValues } from '../packer/run-command.ts';
import type { Reservation } from './allocate-version.ts';
import type { BuildOutcome } from './build-outcome.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { catalogueStage, convertStage, finishStage, stampStage } from './build-stages.ts';
import { burnReservation, reserveVersion, type BuildScene, type ReservedBuild } from './build-scene.ts';
import { describeBuilt, describePlan, findEqualRelease, type UntimedOutcome } from './describe-outcome.ts';
import { STAGES, type StageName } from './events.ts';
import { planBuild } from './plan-build.ts';
import type { PreparedProfile } from './prepare-profile.ts';
import type { HostFacts } from './probe-host.ts';
import { provisionDisk, type SharedWork } from './provision-disk.ts';
import { secretValues } from './run-packer.ts';
import { recoverLine } from './recover-line.ts';
import type { ResolvedClosure } from './resolve-closure.ts';
import { RunDirectory } from './run-directory.ts';
import { readExpectedTiming, rememberTiming } from './run-timings.ts';
import { StageRunner } from './stage-runner.ts';

/** Stages that a build goes through today; booting the artifacts is not among them yet. */
const BUILD_STAGES: readonly StageName[] = STAGES.filter((stage) => stage !== 'test');

/** Disks of a run; its logs stay. */
const RUN_DISKS = [
  'base',
  'output',
  'disk.raw',
  'disk.raw.sparse',
  'finish.cpio.gz',
  'changelogs',
  'changelogs.tar',
  'changelogs.tar.zst',
];

/** What is known of a line before its plan is made. */
export interface LineInputs {
  readonly prepared: PreparedProfile;
  readonly host: HostFacts;
  /** The mirror's answer, asked for already. */
  readonly resolving: Promise<ResolvedClosure>;
}

/**
 * Builds one profile: plans, reserves a version, and takes the disk through every stage into the catalogue.
 * A failure burns the version, keeps its evidence and files nothing.
 */
export async function buildLine(
  { prepared, host, resolving }: LineInputs,
  request: BuildRequest,
  shared: SharedWork,
  context: WorkflowContext,
): Promise<BuildOutcome> {
  const began = performance.now();
  const stages = new StageRunner(context.emit, context.signal);
  const expected = await readExpectedTiming(context.directories.state, prepared.profile.name);
  context.emit({ type: 'stages', stages: BUILD_STAGES, expectedMs: expected.stageMs });
  const planned = await stages.run({
    name: 'plan',
    run: () => planAndReserve({ prepared, host, resolving }, request, context),
    summarize: summarizePlan,
  });
  if ('outcome' in planned) {
    return { ...planned.outcome, stageMs: stages.durations, totalMs: Math.round(performance.now() - began) };
  }
  const { scene, reserved } = planned;
  stages.recordIn(scene.run);
  try {
    const built = await takeThroughStages(stages, scene, reserved, shared);
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
  { readonly scene: BuildScene; readonly reserved: ReservedBuild } | { readonly outcome: UntimedOutcome };

async function planAndReserve(
  { prepared, host, resolving }: LineInputs,
  request: BuildRequest,
  context: WorkflowContext,
): Promise<Planned> {
  const plan = await planBuild(prepared, host, resolving, request, context);
  for (const text of plan.warnings) context.emit({ type: 'warning', text });
  const equal = request.rebuild ? undefined : await findEqualRelease(plan, request);
  if (equal) return { outcome: equal };
  checkSecretValues(secretValues(plan, context));
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
    checkRunDirectory(run.file('vm'));
    return { scene, reserved: await reserveVersion(scene) };
  } catch (error) {
    // Nothing was begun, so there is nothing to look at later.
    await rm(run.path, { recursive: true, force: true });
    throw error;
  }
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

async function takeThroughStages(
  stages: StageRunner,
  scene: BuildScene,
  reserved: ReservedBuild,
  shared: SharedWork,
): Promise<UntimedOutcome> {
  const provisioned = await provisionDisk(stages, scene, shared);
  const finished = await stages.run(finishStage(scene, provisioned.base, provisioned.disk, reserved));
  const converted = await stages.run(convertStage(scene, finished, reserved));
  const { base } = provisioned;
  const timings = { ...stages.durations };
  const manifest = await stages.run(stampStage(scene, { base, finished, converted, reserved, timings }));
  const filed = await stages.run(catalogueStage(scene, converted.staging, manifest));
  return describeBuilt({ provisioned, finished, manifest, filed, runDirectory: scene.run.path });
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
  shared.cleanups.push(() => removeDisks(scene.run));
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
  await tryTo(() => scene.run.update({ status: 'failed' }));
  const { build } = reserved.reservation;
  const burnt = await burnIfPossible(scene, reserved, reason);
  if (!scene.request.keepFailed) await tryTo(() => removeDisks(scene.run));
  if (!(error instanceof Failure)) return error;
  const fate = describeFate(burnt, reserved.reservation);
  return new Failure(error.kind, error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: [...error.details, ...fate].map(scene.secrets.text),
    evidence: {
      ...error.evidence,
      runDirectory: scene.run.path,
      ...(burnt === true ? { burnt: build } : {}),
    },
    cause: error.cause,
  });
}

/** Undefined when nobody can tell: the catalogue cannot be written. */
async function burnIfPossible(
  scene: BuildScene,
  reserved: ReservedBuild,
  reason: string,
): Promise<boolean | undefined> {
  try {
    return await burnReservation(scene, reserved, reason);
  } catch {
    return undefined;
  }
}

function describeFate(burnt: boolean | undefined, { build, line, long }: Reservation): string[] {
  if (burnt === undefined) return [];
  return burnt
    ? [`BUILD ${build} of ${line} is burnt; earlier releases stay as they were`]
    : [`${line} ${long} had been filed before that, and stays`];
}

async function removeDisks(run: RunDirectory): Promise<void> {
  for (const name of RUN_DISKS) await rm(run.file(name), { recursive: true, force: true });
}

/** What fails while a failure is cleaned up must not hide that failure. */
async function tryTo(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch {
    // The failure itself is what people must see.
  }
}
