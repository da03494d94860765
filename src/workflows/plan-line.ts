import { rm } from 'node:fs/promises';
import { Failure } from '../errors/failure.ts';
import { createSecretFilter } from '../host/secrets.ts';
import { checkRunDirectory, checkSecretValues } from '../packer/run-command.ts';
import { secretsOf } from '../profiles/secrets.ts';
import { keepReserved, markBuilding, requireAllocation } from './allocate-version.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { describeReservation, reserveVersion, type BuildScene, type ReservedBuild } from './build-scene.ts';
import {
  describePlan,
  describeReleased,
  describeUnchanged,
  findEqualRelease,
  type UntimedOutcome,
} from './describe-outcome.ts';
import { takeHostPlace } from './host-place.ts';
import { takeLineTurn } from './line-turn.ts';
import { checkMirrorAge } from './mirror-age.ts';
import { planBuild, type BuildPlan } from './plan-build.ts';
import type { PreparedProfile } from './prepare-profile.ts';
import type { HostFacts } from './probe-host.ts';
import { recoverLine } from './recover-line.ts';
import type { ResolvedClosure } from './resolve-closure.ts';
import { RunDirectory } from './run-directory.ts';
import { explainRunError } from './run-errors.ts';
import { secretValues } from './run-packer.ts';
import { savePlan, type SavedRun } from './saved-run.ts';
import { sweepCache } from './sweep-cache.ts';
import { removeStageLeftovers, sweepRuns } from './sweep-runs.ts';

/** What is known of a line before its plan is made. */
export interface LineInputs {
  /** The profile as it was asked for: a name, or the path of a file. */
  readonly reference: string;
  readonly prepared: PreparedProfile;
  readonly host: HostFacts;
  /** The mirror's answer, asked for already. */
  readonly resolving: Promise<ResolvedClosure>;
  /** The run that is gone on with. */
  readonly saved?: SavedRun;
}

/** A plan that is to be carried out, or the answer that nothing is. */
export type PlannedLine =
  | {
      readonly scene: BuildScene;
      readonly reserved: ReservedBuild;
      /** Lets others build the line, and use the machine. */
      readonly release: () => Promise<void>;
    }
  | { readonly outcome: UntimedOutcome };

/**
 * Plans one line and takes everything it needs: the version and a directory for the run, or those of the run that is
 * gone on with.
 *
 * Raises what planning and reserving raise, `E_RECIPE_CHANGED` and `E_VERSION_OVERTAKEN` for a run that cannot be gone
 * on with any more.
 */
export async function planLine(
  inputs: LineInputs,
  request: BuildRequest,
  context: WorkflowContext,
): Promise<PlannedLine> {
  const { prepared, host, resolving, saved } = inputs;
  const plan = await planBuild(prepared, host, resolving, request, context);
  for (const text of plan.warnings) context.emit({ type: 'warning', text });
  checkSecretValues(secretValues(plan, context));
  const answer = saved === undefined ? await findAnswer(plan, request) : undefined;
  if (answer) return { outcome: answer };
  // Whoever goes on with an older run knows that it is older.
  if (saved === undefined) await checkMirrorAge(plan.profile.line, plan.closure.mirrors, request);
  const place = await takePlace(plan, request, context);
  try {
    await recoverLine(request.catalogue, plan.profile.line, context.clock.now());
    await sweepRuns(context, saved === undefined ? {} : { except: saved.path });
    await sweepCache(context);
    const begun = await beginOrResume(place.waited, inputs, plan, request, context);
    if ('scene' in begun) return { ...begun, release: releaseAll(begun.reserved, place.release) };
    await place.release();
    return begun;
  } catch (error) {
    await place.release();
    throw error;
  }
}

/** The answer that needs no building. */
async function findAnswer(plan: BuildPlan, request: BuildRequest): Promise<UntimedOutcome | undefined> {
  const equal = request.rebuild ? undefined : await findEqualRelease(plan, request);
  return equal ?? (request.dryRun ? describePlan(plan, request) : undefined);
}

/**
 * Takes the line, so that nobody else builds it meanwhile, and a share of this machine. Both end with our process.
 * Whether somebody else's build of the line had to end first is said, because that changes what there is to do.
 */
async function takePlace(
  plan: BuildPlan,
  request: BuildRequest,
  context: WorkflowContext,
): Promise<{ waited: boolean; release: () => Promise<void> }> {
  const { line } = plan.profile;
  const { signal, emit, clock } = context;
  const turn = await takeLineTurn(request.catalogue, line, { wait: request.wait, signal, emit, clock });
  try {
    const share = await takeHostPlace(plan, request, context);
    const release = async (): Promise<void> => {
      await share.release();
      await turn.release();
    };
    return { waited: turn.waited, release };
  } catch (error) {
    await turn.release();
    throw error;
  }
}

/** Keeps a reservation alive from now on; the returned function ends that too. */
function releaseAll({ reservation }: ReservedBuild, releasePlace: () => Promise<void>): () => Promise<void> {
  const stopHeartbeat = keepReserved(reservation);
  return async () => {
    stopHeartbeat();
    await releasePlace();
  };
}

type BegunLine =
  { readonly scene: BuildScene; readonly reserved: ReservedBuild } | { readonly outcome: UntimedOutcome };

async function beginOrResume(
  waited: boolean,
  { reference, saved }: LineInputs,
  plan: BuildPlan,
  request: BuildRequest,
  context: WorkflowContext,
): Promise<BegunLine> {
  if (saved !== undefined) return resumeLine(plan, saved, request, context);
  // Whoever had the line before us may have made just what we want.
  const answer = waited ? await findAnswer(plan, request) : undefined;
  return answer ? { outcome: answer } : beginLine(reference, plan, request, context);
}

async function beginLine(
  reference: string,
  plan: BuildPlan,
  request: BuildRequest,
  context: WorkflowContext,
): Promise<BegunLine> {
  const { name, line } = plan.profile;
  const { state } = context.directories;
  const run = await RunDirectory.create(state, name, line, context.clock.now()).catch((error: unknown) => {
    throw explainRunError(error, state);
  });
  const scene = { request, context, plan, run, secrets: filterOf(plan, context) };
  try {
    checkRunDirectory(run.file('vm'));
    const reserved = await reserveVersion(scene);
    await savePlan(run, reference, { request, plan, reservation: reserved.reservation });
    return { scene, reserved };
  } catch (error) {
    // Nothing was begun, so there is nothing to look at later.
    await rm(run.path, { recursive: true, force: true });
    throw explainRunError(error, run.path);
  }
}

/** Takes over a run that ended early; it keeps its version and its packages. */
async function resumeLine(
  plan: BuildPlan,
  saved: SavedRun,
  request: BuildRequest,
  context: WorkflowContext,
): Promise<BegunLine> {
  const { reservation, recipeDigest } = saved.plan;
  if (plan.recipeDigest !== recipeDigest) throw recipeChanged(saved);
  const { state, equalTo } = await requireAllocation(reservation);
  const run = await RunDirectory.reopen(saved.path, saved.state);
  if (state === 'released') {
    await run.update({ status: 'done' });
    const remark = `run ${run.id} had filed it before it ended`;
    return { outcome: await describeReleased(request, plan, reservation.long, remark) };
  }
  if (state === 'unchanged' && equalTo !== undefined) {
    await run.update({ status: 'done', equalTo });
    return { outcome: await describeUnchanged(request, plan, { build: reservation.build, equalTo }) };
  }
  await removeStageLeftovers(run);
  await markBuilding(reservation, context.clock.now(), run.id);
  const scene = { request, context, plan, run, secrets: filterOf(plan, context) };
  return { scene, reserved: describeReservation(plan, reservation) };
}

function filterOf(plan: BuildPlan, context: WorkflowContext): BuildScene['secrets'] {
  const values = secretsOf(plan.profile).flatMap(({ fromEnv }) => context.environment[fromEnv] ?? []);
  return createSecretFilter(values);
}

function recipeChanged({ state, plan }: SavedRun): Failure {
  const message = `run ${state.id} cannot go on: its profile, or Mintmark itself, has changed since`;
  const [profile = ''] = plan.request.profiles;
  return new Failure('conflict', 'E_RECIPE_CHANGED', message, {
    hint: `build anew, which takes the base disk from the cache: npm run build -- --profile ${profile}`,
  });
}
