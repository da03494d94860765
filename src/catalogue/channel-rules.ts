import { Failure } from '../errors/failure.ts';
import { CANDIDATE, TESTED } from './channel-name.ts';
import type { LineJournal } from './journal.ts';
import { findRelease, type IndexedRelease, type LineIndex } from './line-index.ts';

/** A line as its journal says, and what that comes to. */
export interface LineState {
  readonly journal: LineJournal;
  readonly index: LineIndex;
}

/** When, and by whom, a change is made. */
export interface ChangeStamp {
  /** Instant, as JavaScript prints it. */
  readonly at: string;
  /** As `user@host`. */
  readonly by: string;
}

/**
 * How far an entry's time may lie before that of the entry before it without a word: whoever files a release takes the
 * time before waiting for the line, and the clocks of a team differ.
 */
export const CLOCK_TOLERANCE_MS = 60 * 60_000;

/**
 * A release that may be given to people.
 * @throws Failure `E_RELEASE_UNKNOWN`, `E_RELEASE_REVOKED`, `E_RELEASE_WITHDRAWN`
 */
export function requireUsable({ index }: LineState, long: string): IndexedRelease {
  const release = requireFiled(index, long);
  const name = `${index.line} ${long}`;
  if (release.withdrawn !== undefined) {
    const { at, reason } = release.withdrawn;
    throw refused(
      'E_RELEASE_WITHDRAWN',
      `${name} is gone since ${at}: ${reason}`,
      'name a release that is there',
    );
  }
  if (release.revoked === undefined) return release;
  const { at, reason, replacement } = release.revoked;
  const hint = replacement === undefined ? 'name another release' : `use ${replacement} instead`;
  throw refused('E_RELEASE_REVOKED', `${name} was revoked at ${at}: ${reason}`, hint);
}

/** A release that the line has or had. @throws Failure `E_RELEASE_UNKNOWN` */
export function requireFiled(index: LineIndex, long: string): IndexedRelease {
  const release = findRelease(index, long);
  if (release !== undefined) return release;
  const newest = index.releases.at(-1)?.long;
  const hint = newest === undefined ? 'nothing was ever filed in this line' : `the newest one is ${newest}`;
  throw refused('E_RELEASE_UNKNOWN', `${index.line} has no release ${long}`, hint);
}

/** Whether a channel ever pointed to a release. */
export function wasOn(journal: LineJournal, channel: string, long: string): boolean {
  return journal.entries.some((entry) =>
    entry.action === 'file'
      ? channel === CANDIDATE && entry.release.long === long
      : 'channel' in entry && entry.channel === channel && entry.to === long,
  );
}

/**
 * Makes sure that a release has earned a channel: `tested` needs evidence that its bytes passed their tests, everything
 * beyond needs these bytes to have been on `tested`, were it under an earlier version.
 * @throws Failure `E_PROMOTE_UNTESTED`
 */
export function requireEarned(state: LineState, channel: string, long: string, isProven: boolean): void {
  if (channel === CANDIDATE || isProven || wasTested(state, long)) return;
  const { line } = state.index;
  const next = `mintmark promote ${line}@${long} ${TESTED}`;
  throw refused('E_PROMOTE_UNTESTED', `${line} ${long} was never on ${TESTED}`, `first: ${next}`);
}

function wasTested({ journal, index }: LineState, long: string): boolean {
  const source = findRelease(index, long)?.reissueOf;
  return wasOn(journal, TESTED, long) || (source !== undefined && wasOn(journal, TESTED, source));
}

/** A refusal to change the catalogue. */
export function refused(code: string, message: string, hint: string): Failure {
  return new Failure('conflict', code, message, { hint });
}
