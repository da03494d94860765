import { compareRecords } from '../versions/compare-versions.ts';
import { CANDIDATE, TESTED } from './channel-name.ts';
import { refused, requireEarned, requireUsable, type ChangeStamp, type LineState } from './channel-rules.ts';
import type { MoveEntry } from './journal.ts';
import { recordOf } from './line-index.ts';

/** A wish to move a channel on. */
export interface Promotion {
  readonly channel: string;
  readonly long: string;
  readonly reason?: string;
  /** A record that says that these very bytes passed their tests; `tested` needs one. */
  readonly evidence?: { readonly file: string; readonly sha256: string };
}

/**
 * The journal's entries for a promotion: the channel points to the same bytes that were tested. None when it does so
 * already.
 * @throws Failure of kind `conflict`: `E_CHANNEL_AUTOMATIC` for `candidate`, `E_RELEASE_UNKNOWN`, `E_RELEASE_REVOKED`,
 * `E_RELEASE_WITHDRAWN`, `E_PROMOTE_BACKWARDS`, `E_PROMOTE_UNTESTED`
 */
export function planPromotion(state: LineState, promotion: Promotion, stamp: ChangeStamp): MoveEntry[] {
  const { channel, long, reason, evidence } = promotion;
  const { index } = state;
  if (channel === CANDIDATE) {
    throw refused(
      'E_CHANNEL_AUTOMATIC',
      `${CANDIDATE} follows what is filed`,
      'promote to tested, stable or gm-PRODUCT',
    );
  }
  const release = requireUsable(state, long);
  const head = index.channels[channel];
  if (head === long) return [];
  if (head !== undefined && compareRecords(recordOf({ long: head }), recordOf(release)) > 0) {
    const message = `${channel} of ${index.line} is at ${head} already, which is newer than ${long}`;
    throw refused(
      'E_PROMOTE_BACKWARDS',
      message,
      `to go back: mintmark rollback ${index.line}@${long} ${channel}`,
    );
  }
  requireEarned(state, channel, long, channel === TESTED && evidence !== undefined);
  return [
    {
      ...stamp,
      action: 'promote',
      channel,
      ...(head === undefined ? {} : { from: head }),
      to: long,
      ...(reason === undefined ? {} : { reason }),
      ...(evidence === undefined ? {} : { evidence }),
    },
  ];
}
