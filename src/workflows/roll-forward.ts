import { requireChannelName } from '../catalogue/channel-name.ts';
import { refused, type LineState } from '../catalogue/channel-rules.ts';
import { isUsable, recordOf } from '../catalogue/line-index.ts';
import { planRollback } from '../catalogue/plan-rollback.ts';
import { operatorName } from '../host/operator.ts';
import { compareRecords } from '../versions/compare-versions.ts';
import type { VersionPolicy } from '../versions/next-version.ts';
import type { WorkflowContext } from './build-request.ts';
import { stampChange } from './change-request.ts';
import { promoteRelease, type MoveOutcome } from './promote-release.ts';
import { readLineState } from './read-line-state.ts';
import { reissueRelease } from './reissue-release.ts';
import { findRollbackTarget, type RollbackRequest } from './rollback-release.ts';

/** A rollback for clients that never go back. */
export interface RollForwardRequest extends RollbackRequest {
  /** How the line's versions go on. */
  readonly policy: VersionPolicy;
}

/** A channel that went back to old bytes by going on to a new version of them. */
export interface RollForwardOutcome extends MoveOutcome {
  /** LONG of the release whose bytes it has. */
  readonly reissueOf: string;
  /** What the new version does not change; absent when an earlier call had made it. */
  readonly warning?: string;
}

/**
 * Files the bytes that a channel is to go back to once more under the next version, and moves the channel on to that.
 *
 * Raises what a plain rollback raises, which chooses the bytes, and what filing and promoting raise.
 */
export async function rollForward(
  request: RollForwardRequest,
  context: WorkflowContext,
): Promise<RollForwardOutcome> {
  const { catalogue, policy } = request;
  const channel = requireChannelName(request.channel);
  const { line, to, floating } = await findRollbackTarget(request);
  const state = await readLineState(catalogue, line);
  const stamp = stampChange(state, request, context);
  const [move] = planRollback(state, to === undefined ? { channel } : { channel, to }, stamp);
  // A channel that went back already has clients that did not: what it points to may be asked for by name.
  const source = move?.to ?? to;
  if (source === undefined) {
    throw refused('E_ROLLBACK_TARGET', `${channel} of ${line} is there already`, 'name an older release');
  }
  const by = request.by ?? operatorName();
  const reason = request.reason ?? `${channel} goes back to ${source}`;
  const made =
    findReissue(state, source, channel) ??
    (await reissueRelease({ catalogue, line, long: source, by, policy }, context));
  const release = `${line}@${made.long}`;
  const promoted = await promoteRelease({ catalogue, release, channel, reason, by }, context);
  return {
    ...promoted,
    reissueOf: source,
    ...(floating === undefined ? {} : { floating }),
    ...(made.warning === undefined ? {} : { warning: made.warning }),
  };
}

/** The reissue of a rollback that was killed before the channel moved is used, not made twice. */
function findReissue(
  { index }: LineState,
  source: string,
  channel: string,
): { readonly long: string; readonly warning?: string } | undefined {
  const head = index.channels[channel];
  const found = index.releases.findLast(
    (release) =>
      release.reissueOf === source &&
      isUsable(release) &&
      head !== undefined &&
      compareRecords(recordOf(release), recordOf({ long: head })) > 0,
  );
  return found === undefined ? undefined : { long: found.long };
}
