import type { LineJournal } from '../catalogue/journal.ts';
import { findRelease, type IndexedRelease } from '../catalogue/line-index.ts';
import { NO_REPLACEMENT, planRevocation, PREVIOUS_HEAD } from '../catalogue/plan-revocation.ts';
import type { LineState } from '../catalogue/channel-rules.ts';
import { resolveRelease } from '../catalogue/resolve-release.ts';
import type { WorkflowContext } from './build-request.ts';
import { changeLine } from './change-line.ts';
import { stampChange, type ChangeOutcome, type ChangeRequest } from './change-request.ts';
import { findDescendants } from './find-descendants.ts';
import { requireIntactTargets } from './intact-release.ts';
import { locateRelease, parseReleaseReference } from './locate-release.ts';
import { readLineState } from './read-line-state.ts';

/** A release is to be used no more. */
export interface RevokeRequest extends ChangeRequest {
  readonly reason: string;
  /** What its channels point to instead: a version, a channel or a range of the line, `previous` or `none`. */
  readonly replacement?: string;
}

/** A revocation, and everything that it moved. */
export interface RevokeOutcome extends ChangeOutcome {
  /** LONG of what to use instead. */
  readonly replacement?: string;
  /** Channels that pointed to it, with where they point now; nothing for one that is empty. */
  readonly moved: Readonly<Record<string, string | undefined>>;
  /** Releases made from it, as `LINE@LONG`, that are revoked with it. */
  readonly descendants: readonly string[];
}

/**
 * Revokes a release, moves every channel that points to it in the same step, and revokes what was made from it. Doing it
 * again after a kill completes it.
 *
 * Raises what finding the releases raises, and `E_REVOKE_HEAD` (conflict) when a channel points to it and nothing was
 * named to take its place.
 */
export async function revokeRelease(
  request: RevokeRequest,
  context: WorkflowContext,
): Promise<RevokeOutcome> {
  const { catalogue, reason } = request;
  const { line, long, index, floating } = await locateRelease(catalogue, request.release);
  const replacement = resolveReplacement(request, index);
  const descendants = await findDescendants(catalogue, line, long);
  const { entries, index: after } = await changeLine(catalogue, line, async (state) => {
    const instead = replacement === undefined ? {} : { replacement };
    const stamp = stampChange(state, request, context);
    const planned = planRevocation(state, { long, reason, descendants, ...instead }, stamp);
    await requireIntactTargets(catalogue, state, planned);
    return planned;
  });
  const marked = await revokeDescendants(request, `${line}@${long}`, descendants, context);
  const channels = entries.flatMap((entry) => ('channel' in entry ? [entry.channel] : []));
  const recorded = findRelease(after, long)?.revoked?.replacement;
  return {
    line,
    long,
    changed: entries.length > 0 || marked.length > 0,
    moved: Object.fromEntries(channels.map((channel) => [channel, after.channels[channel]])),
    descendants,
    ...(recorded === undefined ? {} : { replacement: recorded }),
    ...(floating === undefined ? {} : { floating }),
  };
}

/**
 * Revokes every descendant of every revoked release of a line that lacks its mark, because the revocation was killed.
 * Returns those, as `LINE@LONG`.
 */
export async function completeRevocations(
  catalogue: string,
  journal: LineJournal,
  context: Pick<WorkflowContext, 'clock' | 'emit'>,
): Promise<string[]> {
  const completed: string[] = [];
  for (const entry of journal.entries) {
    if (entry.action !== 'revoke' || entry.descendants === undefined) continue;
    const { long, reason, by, descendants } = entry;
    const request = { catalogue, reason, by };
    completed.push(...(await revokeDescendants(request, `${journal.line}@${long}`, descendants, context)));
  }
  return completed;
}

function resolveReplacement({ replacement }: RevokeRequest, index: LineState['index']): string | undefined {
  if (replacement === undefined || [NO_REPLACEMENT, PREVIOUS_HEAD].includes(replacement)) return replacement;
  return resolveRelease(index, replacement).release.long;
}

/** One line after the other: a descendant may be of another line, and no two locks are ever held together. */
async function revokeDescendants(
  request: Pick<RevokeRequest, 'catalogue' | 'reason' | 'by'>,
  inheritedFrom: string,
  descendants: readonly string[],
  context: Pick<WorkflowContext, 'clock' | 'emit'>,
): Promise<string[]> {
  const { catalogue } = request;
  const revoked: string[] = [];
  for (const name of descendants) {
    const { line, version: long = '' } = parseReleaseReference(name);
    if (isMarked(findRelease((await readLineState(catalogue, line)).index, long))) continue;
    const { entries } = await changeLine(catalogue, line, (state) => {
      if (isMarked(findRelease(state.index, long))) return [];
      // Nobody can be asked about each line: its channels go back to where they were, or are left empty.
      const reason = `made from ${inheritedFrom}: ${request.reason}`;
      const revocation = { long, reason, inheritedFrom, replacement: PREVIOUS_HEAD };
      return planRevocation(state, revocation, stampChange(state, request, context));
    });
    if (entries.length > 0) revoked.push(name);
  }
  return revoked;
}

/** One that was never filed cannot be marked. */
function isMarked(release: IndexedRelease | undefined): boolean {
  return release === undefined || release.revoked !== undefined;
}
