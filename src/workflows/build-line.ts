import { Failure, type FailureFact } from '../errors/failure.ts';
import type { Reservation } from './allocate-version.ts';
import type { BuildOutcome } from './build-outcome.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { burnReservation, type BuildScene, type ReservedBuild } from './build-scene.ts';
import { convertStage } from './convert-stage.ts';
import { describeBuilt, type UntimedOutcome } from './describe-outcome.ts';
import { describeWayOn } from './describe-way-on.ts';
import { STAGES, type StageName } from './events.ts';
import { digestContent, finishStage } from './finish-stage.ts';
import { findUnchanged, settleUnchanged } from './find-unchanged.ts';
import { planLine, type LineInputs, type PlannedLine } from './plan-line.ts';
import { provisionDisk, type SharedWork } from './provision-disk.ts';
import { catalogueStage, stampStage } from './release-stages.ts';
import { explainRunError } from './run-errors.ts';
import { readExpectedTiming, rememberTiming } from './run-timings.ts';
import { StageRunner } from './stage-runner.ts';
import { testStage } from './test-stage.ts';
import { removeDisks, removeStageLeftovers } from './sweep-runs.ts';

/** Stages that a build goes through. */
function stagesOf({ test }: BuildRequest): readonly StageName[] {
  return STAGES.filter((stage) => test || stage !== 'test');
}

/**
 * Builds one profile: plans, reserves a version, and takes the disk through every stage into the catalogue.
 * A failure burns the version, keeps its evidence and files nothing.
 */
export async function buildLine(
  inputs: LineInputs,
  request: BuildRequest,
  shared: SharedWork,
  context: WorkflowContext,
): Promise<BuildOutcome> {
  const began = performance.now();
  const stages = new StageRunner(context.emit, context.signal);
  const expected = await readExpectedTiming(context.directories.state, inputs.prepared.profile.name);
  context.emit({ type: 'stages', stages: stagesOf(request), expectedMs: expected.stageMs });
  const planned = await stages.run({
    name: 'plan',
    run: () => planLine(inputs, request, context),
    summarize: summarizePlan,
  });
  if ('outcome' in planned) {
    return { ...planned.outcome, stageMs: stages.durations, totalMs: Math.round(performance.now() - began) };
  }
  const { scene, reserved, release } = planned;
  stages.recordIn(scene.run, scene.secrets);
  try {
    const built = await takeThroughStages(stages, scene, reserved, shared);
    const totalMs = Math.round(performance.now() - began);
    await conclude(scene, built, shared);
    // What ended early says nothing about how long a build takes.
    if (built.status === 'built') await rememberDuration(scene, stages, totalMs);
    const usual = expected.totalMs === undefined ? {} : { usualMs: expected.totalMs };
    return { ...built, stageMs: stages.durations, totalMs, ...usual };
  } catch (error) {
    throw await giveUp(error, stages, scene, reserved);
  } finally {
    await release();
  }
}

function summarizePlan(planned: PlannedLine): string {
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
  const contentDigest = digestContent(scene.plan, finished.content, reserved);
  const equal = await findUnchanged(scene, reserved, contentDigest);
  if (equal !== undefined) return settleUnchanged(scene, reserved, equal);
  const converted = await stages.run(convertStage(scene, finished, reserved));
  const tested = scene.request.test
    ? await stages.run(testStage(scene, finished, converted, reserved))
    : undefined;
  const { base } = provisioned;
  const timings = { ...stages.durations };
  const { manifest, diff } = await stages.run(
    stampStage(scene, { base, finished, contentDigest, converted, tested, reserved, timings }),
  );
  const filed = await stages.run(catalogueStage(scene, converted.directory, manifest));
  const facts = { provisioned, finished, manifest, filed, runDirectory: scene.run.path };
  return describeBuilt(diff === undefined ? facts : { ...facts, diff });
}

async function conclude(scene: BuildScene, outcome: UntimedOutcome, shared: SharedWork): Promise<void> {
  const equal = outcome.status === 'unchanged' ? { equalTo: outcome.long } : {};
  await scene.run.update({ status: 'done', ...equal });
  // Another profile of this request may still want the disk.
  shared.cleanups.push(() => removeDisks(scene.run));
}

async function rememberDuration(
  { context, plan }: BuildScene,
  stages: StageRunner,
  totalMs: number,
): Promise<void> {
  await rememberTiming(context.directories.state, plan.profile.name, { totalMs, stageMs: stages.durations });
}

/** Takes a failed build back; returns the failure, told with what became of its version and how to go on. */
async function giveUp(
  thrown: unknown,
  stages: StageRunner,
  scene: BuildScene,
  reserved: ReservedBuild,
): Promise<unknown> {
  const { run, secrets } = scene;
  const error = explainRunError(thrown, run.path);
  const reason = error instanceof Error ? error.message : String(error);
  await tryTo(() => run.update({ status: 'failed' }));
  const burnt = await burnIfPossible(scene, reserved, reason);
  const keep = scene.request.keepFailed ? stages.failed : undefined;
  await tryTo(() => removeStageLeftovers(run, keep));
  if (!(error instanceof Failure)) return error;
  const facts = [
    ...(stages.failed === undefined ? [] : [{ label: 'stage', lines: [stages.failed] }]),
    ...error.facts,
    ...(await describeWayOn(scene, stages.failed, keep)),
    ...describeFate(burnt, reserved.reservation),
  ];
  return new Failure(error.kind, error.code, secrets.text(error.message), {
    ...(error.hint === undefined ? {} : { hint: secrets.text(error.hint) }),
    facts: facts.map(({ label, lines }) => ({ label, lines: lines.map(secrets.text) })),
    details: error.details.map(secrets.text),
    evidence: {
      ...withoutSecrets(error.evidence, secrets),
      ...(stages.failed === undefined ? {} : { stage: stages.failed }),
      runDirectory: run.path,
      resume: run.id,
      ...(burnt === true ? { burnt: reserved.reservation.build } : {}),
    },
    cause: error.cause,
  });
}

function withoutSecrets(
  evidence: Failure['evidence'],
  secrets: BuildScene['secrets'],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(evidence).map(([name, fact]) => [name, secrets.value(fact)]));
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

function describeFate(burnt: boolean | undefined, { build, line, long }: Reservation): FailureFact[] {
  if (burnt === undefined) return [];
  const text = burnt
    ? `BUILD ${build} of ${line} is burnt, but for this run; earlier releases stay as they were`
    : `${line} ${long} had been filed before that, and stays`;
  return [{ label: 'version', lines: [text] }];
}

/** What fails while a failure is cleaned up must not hide that failure. */
async function tryTo(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch {
    // The failure itself is what people must see.
  }
}
