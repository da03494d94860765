import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { takeHostShare, type TakenShare } from './host-budget.ts';
import {
  checkPreflight,
  readNeeds,
  thisMachine,
  type PlanToCheck,
  type PreflightMachine,
} from './preflight.ts';

/**
 * Makes room for one build on this host: waits until its memory and cores fit beside other builds, and then makes sure
 * that it has all it needs. In this order, since what another build holds is no shortage but a reason to wait. To be
 * taken after the line's turn, never before it: else two builds might wait for each other.
 *
 * Raises what {@link takeHostShare} and {@link checkPreflight} raise, and holds nothing then.
 */
export async function takeHostPlace(
  plan: PlanToCheck,
  request: Pick<BuildRequest, 'catalogue'>,
  context: WorkflowContext,
  machine: PreflightMachine = thisMachine,
): Promise<TakenShare> {
  const { directories, signal, emit } = context;
  const needs = await readNeeds(plan, context, machine);
  const share = await takeHostShare(needs.share, { stateDirectory: directories.state, signal, emit });
  try {
    await checkPreflight(needs, request, context, machine);
    return share;
  } catch (error) {
    await share.release();
    throw error;
  }
}
