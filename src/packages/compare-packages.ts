import { compareDebianVersions } from './debian-version.ts';
import type { InstalledPackage } from './dpkg-status.ts';

/** What became of a package that both have. */
export type PackageMove = 'upgraded' | 'downgraded' | 'changed';

/** A package in two versions, or in one version that is not the same. */
export interface PackagePair {
  readonly move: PackageMove;
  readonly from: InstalledPackage;
  readonly to: InstalledPackage;
}

/** A package that only the newer one has. */
export interface AddedPackage {
  readonly added: InstalledPackage;
  /**
   * The package that was removed for it: of the same source, and with the same name but for numbers. Kernels and libraries
   * have such names, and their security updates come as new packages.
   */
  readonly replaces?: InstalledPackage;
}

/** How two sets of packages differ; each list is in the order of names. */
export interface PackageComparison {
  readonly added: readonly AddedPackage[];
  readonly removed: readonly InstalledPackage[];
  /** In another version by Debian's order; `changed` are those of equal order that differ in anything else. */
  readonly pairs: readonly PackagePair[];
}

/** Compares what is installed in two systems. A package is the same one in both by its name, and by its architecture where a name is there twice. */
export function comparePackages(
  from: readonly InstalledPackage[],
  to: readonly InstalledPackage[],
): PackageComparison {
  const [older, newer] = [byName(from), byName(to)];
  const removed: InstalledPackage[] = [];
  const added: InstalledPackage[] = [];
  const pairs: PackagePair[] = [];
  for (const name of [...new Set([...older.keys(), ...newer.keys()])].toSorted()) {
    const matched = matchPackages(older.get(name) ?? [], newer.get(name) ?? []);
    removed.push(...matched.removed);
    added.push(...matched.added);
    pairs.push(...matched.both.flatMap(pairOf));
  }
  return { removed, pairs, added: added.map((each) => withPredecessor(each, removed)) };
}

interface MatchedPackages {
  readonly removed: readonly InstalledPackage[];
  readonly added: readonly InstalledPackage[];
  readonly both: readonly (readonly [InstalledPackage, InstalledPackage])[];
}

/** Pairs packages of one name. */
function matchPackages(
  older: readonly InstalledPackage[],
  newer: readonly InstalledPackage[],
): MatchedPackages {
  const [from, to] = [older[0], newer[0]];
  if (from && to && older.length === 1 && newer.length === 1)
    return { removed: [], added: [], both: [[from, to]] };
  return {
    removed: older.filter((each) => counterpart(each, newer) === undefined),
    added: newer.filter((each) => counterpart(each, older) === undefined),
    both: older.flatMap((each) => {
      const other = counterpart(each, newer);
      return other ? [[each, other] as const] : [];
    }),
  };
}

function counterpart(of: InstalledPackage, among: readonly InstalledPackage[]): InstalledPackage | undefined {
  return among.find(({ architecture }) => architecture === of.architecture);
}

function pairOf([from, to]: readonly [InstalledPackage, InstalledPackage]): PackagePair[] {
  const order = compareDebianVersions(from.version, to.version);
  if (order !== 0) return [{ move: order < 0 ? 'upgraded' : 'downgraded', from, to }];
  return isEqual(from, to) ? [] : [{ move: 'changed', from, to }];
}

function isEqual(a: InstalledPackage, b: InstalledPackage): boolean {
  return (
    a.version === b.version &&
    a.architecture === b.architecture &&
    a.source === b.source &&
    a.sourceVersion === b.sourceVersion &&
    a.installedSizeKiB === b.installedSizeKiB
  );
}

function withPredecessor(added: InstalledPackage, removed: readonly InstalledPackage[]): AddedPackage {
  const replaces = removed.findLast(
    ({ name, source }) =>
      source === added.source && nameWithoutNumbers(name) === nameWithoutNumbers(added.name),
  );
  return replaces ? { added, replaces } : { added };
}

function nameWithoutNumbers(name: string): string {
  return name.replaceAll(/\d+/g, '0');
}

function byName(packages: readonly InstalledPackage[]): Map<string, InstalledPackage[]> {
  const names = new Map<string, InstalledPackage[]>();
  for (const each of packages) names.set(each.name, [...(names.get(each.name) ?? []), each]);
  return names;
}
