import type { ChangelogSummary, PackageChanges } from '../catalogue/release-diff.ts';
import { groupUpdates, type SourceChange } from '../catalogue/source-changes.ts';
import { renderByteSize } from '../values/byte-size.ts';
import type { DiffRow } from './diff-section.ts';

/** CVEs whose names stand in a row, the newest; what changed in JSON has all. */
const MAX_CVES = 20;

/** From so many on their number is said first, since a line may be cut. */
const COUNTED_CVES = 4;

/** Packages, those with security updates first, each with the CVEs that its changelog names. */
export function packageRows(packages: PackageChanges): DiffRow[] {
  return [
    ...groupUpdates(packages.upgraded)
      .toSorted((a, b) => urgencyOf(b) - urgencyOf(a))
      .map((change): DiffRow => ({ sign: '↑', cells: cellsOf(change, renderFixes) })),
    ...groupUpdates(packages.downgraded).map((change): DiffRow => ({
      sign: '↓',
      cells: cellsOf(change, renderLosses),
    })),
    ...packages.added.map((entry) => entryRow('+', entry)),
    ...packages.removed.map((entry) => entryRow('-', entry)),
    ...groupUpdates(packages.changed).map((change): DiffRow => ({
      sign: '~',
      cells: cellsOf(change, () => 'same version, another package'),
    })),
  ];
}

function entryRow(sign: DiffRow['sign'], entry: PackageChanges['added'][number]): DiffRow {
  const remarks = [...replacement(entry), renderByteSize(entry.installedSizeKiB * 1024)];
  return { sign, cells: [entry.name, entry.version, remarks.join('  ')] };
}

function cellsOf(
  change: SourceChange,
  remark: (changelog: ChangelogSummary | undefined) => string,
): string[] {
  return [nameOf(change), `${change.from} → ${change.to}`, remark(change.changelog)];
}

function nameOf({ source, packages }: SourceChange): string {
  return packages.length === 1 ? (packages[0] ?? source) : `${source} (${packages.length} packages)`;
}

function replacement({ replaces, changelog }: PackageChanges['added'][number]): string[] {
  if (replaces === undefined) return [];
  // A kernel names hundreds, which nobody reads in a line about what took whose place.
  const fixes =
    changelog === undefined ? 'changelog unknown' : wordsOf(changelog, countOf(changelog.cves)).join('  ');
  return [...(fixes === '' ? [] : [fixes]), `replaces ${replaces.name}`];
}

function renderFixes(changelog: ChangelogSummary | undefined): string {
  return changelog === undefined
    ? 'changelog unknown'
    : wordsOf(changelog, renderCves(changelog.cves)).join('  ');
}

function renderLosses(changelog: ChangelogSummary | undefined): string {
  if (changelog === undefined) return 'changelog unknown';
  return changelog.cves.length === 0 ? '' : `takes back ${renderCves(changelog.cves)}`;
}

function wordsOf({ security }: ChangelogSummary, cves: string): string[] {
  return [...(security ? ['security'] : []), ...(cves === '' ? [] : [cves])];
}

function countOf(cves: readonly string[]): string {
  return cves.length < COUNTED_CVES ? cves.toReversed().join(', ') : `${cves.length} CVEs`;
}

function renderCves(cves: readonly string[]): string {
  if (cves.length < COUNTED_CVES) return countOf(cves);
  const more = cves.length - MAX_CVES;
  const names = cves.slice(-MAX_CVES).toReversed().join(', ');
  return `${countOf(cves)}: ${names}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A security update comes before one that only names CVEs, that before any other. */
function urgencyOf({ changelog }: SourceChange): number {
  if (changelog === undefined) return 0;
  return (changelog.security ? 2 : 0) + (changelog.cves.length > 0 ? 1 : 0);
}
