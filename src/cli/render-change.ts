import type { ChangeOutcome } from '../workflows/change-request.ts';
import type { MoveOutcome } from '../workflows/promote-release.ts';
import type { RevokeOutcome } from '../workflows/revoke-release.ts';
import type { RollForwardOutcome } from '../workflows/roll-forward.ts';
import { renderColumns, type TextLayout } from './text-layout.ts';

/** `server: stable → 26.11.21-1.57 (was 26.11.20-1.56)`; of a reissue also whose bytes it has. */
export function renderMove(outcome: MoveOutcome, { style }: TextLayout): string {
  const { line, long, channel, changed, from } = outcome;
  const was = from === undefined ? '' : style.dim(` (was ${from})`);
  const head = changed
    ? `${line}: ${channel} → ${style.bold(long)}${was}`
    : `${line}: ${channel} is at ${style.bold(long)} already`;
  return [head, ...renderMeaning(outcome)].join('\n');
}

/** As a move, with whose bytes the new version has. */
export function renderReissue(outcome: RollForwardOutcome, layout: TextLayout): string {
  const { reissueOf, warning } = outcome;
  return [
    renderMove(outcome, layout),
    `  the bytes of ${reissueOf} under a new version`,
    ...(warning === undefined ? [] : [`  ${warning}`]),
  ].join('\n');
}

/** What was revoked, where its channels point now, and what is revoked with it. */
export function renderRevocation(outcome: RevokeOutcome, { style }: TextLayout): string {
  const { line, long, changed, replacement, moved, descendants } = outcome;
  const rows = Object.entries(moved).map(([channel, head]) => [channel, `→ ${head ?? 'nothing'}`]);
  return [
    changed
      ? `${line} ${style.bold(long)} is revoked${replacement === undefined ? '' : `; use ${replacement} instead`}`
      : `${line} ${style.bold(long)} was revoked before`,
    ...renderMeaning(outcome),
    ...renderColumns(rows, 2),
    ...(descendants.length === 0 ? [] : [`  and what was made from it: ${descendants.join(', ')}`]),
  ].join('\n');
}

/** Whether a release is pinned now. */
export function renderPin(
  outcome: ChangeOutcome,
  { remove, until }: { readonly remove: boolean; readonly until: string | undefined },
  { style }: TextLayout,
): string {
  const { line, long, changed } = outcome;
  const name = `${line} ${style.bold(long)}`;
  const [done, before] = remove
    ? ['has no pins any more', 'had no pins']
    : ['is pinned', 'was pinned like that before'];
  const end = remove || until === undefined ? '' : ` until ${until}`;
  return [`${name} ${changed ? done : before}${end}`, ...renderMeaning(outcome)].join('\n');
}

/** What a channel or a range stood for: another day it may be another release. */
function renderMeaning({ floating, long }: ChangeOutcome): string[] {
  return floating === undefined ? [] : [`  ${floating} is ${long} now`];
}
