import { compareRecords } from '../versions/compare-versions.ts';
import {
  refused,
  requireEarned,
  requireFiled,
  requireUsable,
  type ChangeStamp,
  type LineState,
} from './channel-rules.ts';
import type { JournalEntry, MoveEntry, RevokeEntry } from './journal.ts';
import { recordOf, type LineIndex } from './line-index.ts';
import { previousHead } from './plan-rollback.ts';

/** A wish that a release be used no more. */
export interface Revocation {
  readonly long: string;
  readonly reason: string;
  /**
   * LONG of what every channel that points to it shall point to instead; `previous` takes each back to its head before,
   * `none` leaves them empty.
   */
  readonly replacement?: string;
  /** Releases made from it, as `LINE@LONG`. */
  readonly descendants?: readonly string[];
  /** The release it was made from, as `LINE@LONG`, when that one was revoked. */
  readonly inheritedFrom?: string;
}

/** Says that channels are left without a head. */
export const NO_REPLACEMENT = 'none';
/** Says that each channel goes back to the newest usable release that was on it before. */
export const PREVIOUS_HEAD = 'previous';

/**
 * The journal's entries for a revocation: channels that point to the release move in the same step, so that nobody is
 * ever given a revoked one. None when it was revoked before.
 * @throws Failure of kind `conflict`: `E_RELEASE_UNKNOWN`, `E_REVOKE_HEAD` when a channel points to it and no
 * replacement was named, and what a replacement raises that cannot be used or has not earned the channel
 */
export function planRevocation(state: LineState, revocation: Revocation, stamp: ChangeStamp): JournalEntry[] {
  const { index } = state;
  const { long, reason, descendants, inheritedFrom } = revocation;
  const release = requireFiled(index, long);
  const channels = channelsAt(index, long);
  if (release.revoked !== undefined && channels.length === 0) return [];
  const replacement = replacementOf(state, revocation, channels);
  const moves = channels.map((channel): MoveEntry => {
    const to = revocation.replacement === PREVIOUS_HEAD ? previousHead(state, channel) : replacement;
    return moveAway(state, { channel, from: long, to }, reason, stamp);
  });
  const entry: RevokeEntry = {
    ...stamp,
    action: 'revoke',
    long,
    reason,
    ...(replacement === undefined ? {} : { replacement }),
    ...(descendants === undefined || descendants.length === 0 ? {} : { descendants }),
    ...(inheritedFrom === undefined ? {} : { inheritedFrom }),
  };
  return [...moves, entry];
}

/** The channels whose head is a release. */
export function channelsAt(index: LineIndex, long: string): string[] {
  return Object.keys(index.channels).filter((channel) => index.channels[channel] === long);
}

function replacementOf(
  state: LineState,
  revocation: Revocation,
  channels: readonly string[],
): string | undefined {
  const { index } = state;
  const { long, replacement } = revocation;
  if (replacement === NO_REPLACEMENT || replacement === PREVIOUS_HEAD) return undefined;
  if (replacement === long) {
    throw refused('E_REVOKE_HEAD', `${long} cannot replace itself`, 'name another release');
  }
  if (replacement !== undefined) return requireUsable(state, replacement).long;
  const [first] = channels;
  if (first === undefined) return undefined;
  const before = previousHead(state, first);
  const named = before === undefined ? '--replacement VERSION' : `--replacement ${before} (the head before)`;
  throw refused(
    'E_REVOKE_HEAD',
    `${index.line} ${long} is the head of ${channels.join(', ')}: something must take its place`,
    `say what: ${named}, or --replacement ${PREVIOUS_HEAD}, or --replacement ${NO_REPLACEMENT}`,
  );
}

function moveAway(
  state: LineState,
  { channel, from, to }: { readonly channel: string; readonly from: string; readonly to: string | undefined },
  reason: string,
  stamp: ChangeStamp,
): MoveEntry {
  const why = `${from} was revoked: ${reason}`;
  if (to === undefined) return { ...stamp, action: 'rollback', channel, from, reason: why };
  requireEarned(state, channel, to, false);
  const isNewer = compareRecords(recordOf({ long: to }), recordOf({ long: from })) > 0;
  return { ...stamp, action: isNewer ? 'promote' : 'rollback', channel, from, to, reason: why };
}
