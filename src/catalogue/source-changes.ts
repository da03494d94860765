import type { ChangelogSummary, PackageChanges, PackageEntry, PackageUpdate } from './release-diff.ts';

/** Packages of one source that went the same way together, as people think of an update. */
export interface SourceChange {
  readonly source: string;
  /** Binary packages, in the order of names. */
  readonly packages: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly changelog?: ChangelogSummary;
}

/** Joins the updates of packages that were built from one source and have the same versions. */
export function groupUpdates(updates: readonly PackageUpdate[]): SourceChange[] {
  return join(
    updates.map(({ source, name, from, to, changelog }) => ({ source, name, from, to, changelog })),
  );
}

/** What one release got newer of: upgrades, and packages that took the place of others. */
export function newerSources({ upgraded, added }: PackageChanges): SourceChange[] {
  return [...groupUpdates(upgraded), ...join(added.flatMap(replacementOf))];
}

interface SinglePackage {
  readonly source: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly changelog: ChangelogSummary | undefined;
}

function replacementOf({ name, source, version, replaces, changelog }: PackageEntry): SinglePackage[] {
  return replaces === undefined ? [] : [{ name, source, from: replaces.version, to: version, changelog }];
}

function join(packages: readonly SinglePackage[]): SourceChange[] {
  const groups = new Map<string, SinglePackage[]>();
  for (const each of packages) {
    const key = JSON.stringify([each.source, each.from, each.to]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return Array.from(groups.values()).flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { source, from, to } = first;
    const changelog = members.find((each) => each.changelog !== undefined)?.changelog;
    const names = members.map(({ name }) => name);
    return [{ source, packages: names, from, to, ...(changelog === undefined ? {} : { changelog }) }];
  });
}
