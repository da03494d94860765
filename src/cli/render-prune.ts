import { renderByteSize } from '../values/byte-size.ts';
import type { PrunedLine, PruneReport } from '../workflows/prune-releases.ts';
import { renderColumns, type TextLayout } from './text-layout.ts';

/** What goes of each line and why, why the others stay, and how much room that gives. */
export function renderPrune({ lines, freedBytes, carriedOut }: PruneReport, layout: TextLayout): string {
  const withReleases = lines.filter(({ keep }) => keep.length > 0);
  const changing = lines.filter((line) => isChanging(line));
  const unchanged = withReleases.filter((line) => !isChanging(line));
  const room = renderByteSize(freedBytes);
  const end =
    changing.length === 0
      ? 'nothing to withdraw'
      : carriedOut
        ? `${room} freed; what the releases were is still known: mintmark show LINE@VERSION`
        : `${room} would be freed; nothing was changed: --yes carries it out`;
  return [
    ...changing.flatMap((line) => [...renderLine(line, layout), '']),
    ...unchanged.map(({ line, keep }) => `${line}: ${all(keep.length)}`),
    ...(unchanged.length === 0 ? [] : ['']),
    end,
  ].join('\n');
}

function isChanging({ withdraw, unfinished, failed }: PrunedLine): boolean {
  return withdraw.length + unfinished.length + failed.length > 0;
}

function all(count: number): string {
  return count === 1 ? 'its only release stays' : `all ${count} releases stay`;
}

function renderLine(
  { line, keep, withdraw, unfinished, failed }: PrunedLine,
  { style }: TextLayout,
): string[] {
  const reasons = [...new Set(withdraw.map(({ reason }) => reason))];
  const going = reasons.flatMap((reason) => [
    `  ${style.red('goes')}   ${reason}`,
    ...withdraw.filter((release) => release.reason === reason).map(({ long }) => `         ${long}`),
  ]);
  const stays = keep.map(({ long, reasons: why }) => [style.dim('stays'), long, shorten(why)]);
  return [
    style.bold(
      `${line}: ${withdraw.length} ${withdraw.length === 1 ? 'goes' : 'go'}, ${keep.length} ${keep.length === 1 ? 'stays' : 'stay'}`,
    ),
    ...going,
    ...unfinished.map((long) => `  ${style.red('goes')}   the files of ${long}, which was withdrawn before`),
    ...failed.map((long) => `  ${style.red('goes')}   the evidence of the failed build ${long}`),
    ...renderColumns(stays, 2),
  ];
}

const SHOWN = 2;

function shorten(reasons: readonly string[]): string {
  const more = reasons.length - SHOWN;
  return [...reasons.slice(0, SHOWN), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
