import type { ChangelogSummary, PackageChanges } from '../catalogue/release-diff.ts';
import { groupUpdates, type SourceChange } from '../catalogue/source-changes.ts';
import { renderByteSize } from '../values/byte-size.ts';
import type { DiffRow } from './diff-section.ts';

/** Names of one source that stand beside it; of more, their number does. */
const MAX_NAMES = 3;

/** Packages, those with security updates first, each with the CVEs that its changelog names. */
export function packageRows(packages: PackageChanges): DiffRow[] {
  const entryRow = (sign: '+' | '-', entry: PackageChanges['added'][number]): DiffRow => ({
    sign,
    cells: [
      entry.name,
      entry.version,
      [...replacement(entry), renderByteSize(entry.installedSizeKiB * 1024)].join('  '),
    ],
  });
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

function cellsOf(
  change: SourceChange,
  remark: (changelog: ChangelogSummary | undefined) => string,
): string[] {
  return [nameOf(change), `${change.from} → ${change.to}`, remark(change.changelog)];
}

function nameOf({ source, packages }: SourceChange): string {
  if (packages.length === 1) return packages[0] ?? source;
  return `${source} (${packages.length > MAX_NAMES ? `${packages.length} packages` : packages.join(', ')})`;
}

function replacement(entry: PackageChanges['added'][number]): string[] {
  if (entry.replaces === undefined) return [];
  return [`replaces ${entry.replaces.name}`, renderFixes(entry.changelog)];
}

function renderFixes(changelog: ChangelogSummary | undefined): string {
  if (changelog === undefined) return 'changelog unknown';
  return [...(changelog.security ? ['security'] : []), ...namesOf(changelog)].join('  ');
}

function renderLosses(changelog: ChangelogSummary | undefined): string {
  if (changelog === undefined) return 'changelog unknown';
  return changelog.cves.length === 0 ? '' : `takes back  ${namesOf(changelog).join('')}`;
}

function namesOf({ cves }: ChangelogSummary): string[] {
  return cves.length === 0 ? [] : [cves.join(', ')];
}

/** A security update comes before one that only names CVEs, that before any other. */
function urgencyOf({ changelog }: SourceChange): number {
  if (changelog === undefined) return 0;
  return (changelog.security ? 2 : 0) + (changelog.cves.length > 0 ? 1 : 0);
}
