import { compareRecords } from '../versions/compare-versions.ts';
import { CANDIDATE } from './channel-name.ts';
import { refused, requireUsable, wasOn, type ChangeStamp, type LineState } from './channel-rules.ts';
import type { LineJournal, MoveEntry } from './journal.ts';
import { findRelease, isUsable, recordOf } from './line-index.ts';

/** A wish to move a channel back. */
export interface Rollback {
  readonly channel: string;
  /** LONG of where to; the head before the present one unless given. */
  readonly to?: string;
  readonly reason?: string;
}

/**
 * The journal's entries for a rollback: history grows, nothing is undone. None when the channel points there already.
 * @throws Failure of kind `conflict`: `E_CHANNEL_EMPTY`, `E_ROLLBACK_TARGET` for a release that never was on the channel
 * or is newer than its head, and what a release that cannot be used raises
 */
export function planRollback(state: LineState, rollback: Rollback, stamp: ChangeStamp): MoveEntry[] {
  const { channel, reason } = rollback;
  const { line, channels } = state.index;
  const from = channels[channel];
  if (from === undefined) {
    throw refused('E_CHANNEL_EMPTY', `${line} has nothing on ${channel}`, 'promote a release to it');
  }
  const to = rollback.to ?? previousHead(state, channel);
  if (to === undefined) {
    const message = `${channel} of ${line} was never anywhere usable before ${from}`;
    throw refused('E_ROLLBACK_TARGET', message, `mintmark show ${line} lists what was on it`);
  }
  if (to === from) return [];
  requireUsable(state, to);
  requireTarget(state, channel, from, to);
  return [{ ...stamp, action: 'rollback', channel, from, to, ...(reason === undefined ? {} : { reason }) }];
}

/** The newest release that was on a channel before its head, is older and may still be used. */
export function previousHead({ journal, index }: LineState, channel: string): string | undefined {
  const head = index.channels[channel];
  if (head === undefined) return undefined;
  return headsOf(journal, channel)
    .filter((long) => isOlder(long, head))
    .filter((long) => {
      const release = findRelease(index, long);
      return release !== undefined && isUsable(release);
    })
    .toSorted((a, b) => compareRecords(recordOf({ long: a }), recordOf({ long: b })))
    .at(-1);
}

/** Every LONG that a channel ever pointed to, in the order of time. */
export function headsOf(journal: LineJournal, channel: string): string[] {
  return journal.entries.flatMap((entry) => {
    if (entry.action === 'file') return channel === CANDIDATE ? [entry.release.long] : [];
    return 'channel' in entry && entry.channel === channel && entry.to !== undefined ? [entry.to] : [];
  });
}

function requireTarget({ journal, index }: LineState, channel: string, from: string, to: string): void {
  if (!isOlder(to, from)) {
    const message = `${to} is newer than ${from}, the head of ${channel}`;
    throw refused('E_ROLLBACK_TARGET', message, `to go on: mintmark promote ${index.line}@${to} ${channel}`);
  }
  if (wasOn(journal, channel, to)) return;
  const message = `${index.line} ${to} was never on ${channel}`;
  throw refused('E_ROLLBACK_TARGET', message, 'go back to a release that was: mintmark show lists them');
}

function isOlder(a: string, b: string): boolean {
  return compareRecords(recordOf({ long: a }), recordOf({ long: b })) < 0;
}
