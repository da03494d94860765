import { requireChannelName, TESTED } from '../catalogue/channel-name.ts';
import { requireUsable } from '../catalogue/channel-rules.ts';
import { planPromotion } from '../catalogue/plan-promotion.ts';
import type { WorkflowContext } from './build-request.ts';
import { changeLine } from './change-line.ts';
import { stampChange, type ChangeOutcome, type ChangeRequest } from './change-request.ts';
import { requireIntact } from './intact-release.ts';
import { locateRelease } from './locate-release.ts';
import { findTestEvidence } from './test-evidence.ts';

/** A channel is to move on to a release. */
export interface PromoteRequest extends ChangeRequest {
  readonly channel: string;
  /** Path of a `test-result.json` made after the release was filed. */
  readonly testResult?: string;
}

/** A channel's move. */
export interface MoveOutcome extends ChangeOutcome {
  readonly channel: string;
  /** LONG of the head before; absent when there was none, or nothing changed. */
  readonly from?: string;
}

/**
 * Moves a channel on to the bytes of a release: nothing is copied or built, so that what was tested is what ships.
 *
 * Raises what finding the release, evidence of its tests, and the rules of channels raise.
 */
export async function promoteRelease(
  request: PromoteRequest,
  context: WorkflowContext,
): Promise<MoveOutcome> {
  const { catalogue, reason, testResult } = request;
  const channel = requireChannelName(request.channel);
  const located = await locateRelease(catalogue, request.release);
  const { line, long, directory, floating } = located;
  const { entries } = await changeLine(catalogue, line, async (state) => {
    if (state.index.channels[channel] === long) return [];
    const manifest = await requireIntact(directory, requireUsable(state, long));
    const subject = { catalogue, line, directory, manifest };
    const evidence =
      channel === TESTED
        ? await findTestEvidence(testResult === undefined ? subject : { ...subject, testResult })
        : undefined;
    const promotion = { channel, long, ...(reason === undefined ? {} : { reason }) };
    const stamp = stampChange(state, request, context);
    return planPromotion(state, evidence === undefined ? promotion : { ...promotion, evidence }, stamp);
  });
  return describeMove({ line, long, channel, ...(floating === undefined ? {} : { floating }) }, entries);
}

/** What a channel's entries in the journal come to. */
export function describeMove(
  move: Omit<MoveOutcome, 'changed' | 'from'>,
  entries: readonly { readonly from?: string }[],
): MoveOutcome {
  const from = entries[0]?.from;
  return { ...move, ...(from === undefined ? {} : { from }), changed: entries.length > 0 };
}
