import { requireChannelName } from '../catalogue/channel-name.ts';
import { planRollback } from '../catalogue/plan-rollback.ts';
import type { WorkflowContext } from './build-request.ts';
import { changeLine } from './change-line.ts';
import { stampChange, type ChangeRequest } from './change-request.ts';
import { requireIntactTargets } from './intact-release.ts';
import { locateRelease, parseReleaseReference } from './locate-release.ts';
import { describeMove, type MoveOutcome } from './promote-release.ts';

/** A channel is to move back: to the named release, or with a line alone to the head before. */
export interface RollbackRequest extends ChangeRequest {
  readonly channel: string;
}

/**
 * Moves a channel back to a release that was on it.
 *
 * Raises what finding the release and the rules of channels raise.
 */
export async function rollbackRelease(
  request: RollbackRequest,
  context: WorkflowContext,
): Promise<MoveOutcome> {
  const channel = requireChannelName(request.channel);
  const target = await findRollbackTarget(request);
  const { line, to } = target;
  const { entries, index } = await changeLine(request.catalogue, line, async (state) => {
    const { reason } = request;
    const rollback = {
      channel,
      ...(to === undefined ? {} : { to }),
      ...(reason === undefined ? {} : { reason }),
    };
    const moves = planRollback(state, rollback, stampChange(state, request, context));
    await requireIntactTargets(request.catalogue, state, moves);
    return moves;
  });
  const long = index.channels[channel] ?? '';
  return describeMove(
    { line, long, channel, ...(target.floating === undefined ? {} : { floating: target.floating }) },
    entries,
  );
}

/** Where a channel is to go back to. */
export interface RollbackTarget {
  readonly line: string;
  /** LONG; the head before unless given. */
  readonly to?: string;
  readonly floating?: string;
}

/** Finds out what a person named. Raises what finding a release raises. */
export async function findRollbackTarget({ catalogue, release }: RollbackRequest): Promise<RollbackTarget> {
  const { line, version } = parseReleaseReference(release);
  if (version === undefined) return { line };
  const { long, floating } = await locateRelease(catalogue, release);
  return { line, to: long, ...(floating === undefined ? {} : { floating }) };
}
