import { cveNames, entriesSince, isSecurityEntry, type ChangelogEntry } from '../packages/changelog.ts';
import type { AddedPackage, PackageComparison, PackagePair } from '../packages/compare-packages.ts';
import type { InstalledPackage } from '../packages/dpkg-status.ts';
import type {
  Aspect,
  ChangelogSummary,
  PackageChanges,
  PackageEntry,
  PackageUpdate,
} from './release-diff.ts';

/** The changelogs that may tell of a package, the likeliest first: packages of one source share theirs. */
export type FindChangelogs = (of: InstalledPackage) => Iterable<readonly ChangelogEntry[]>;

/** The changelogs stored with both releases. */
export interface StoredChangelogs {
  /** Of the older release; only what was downgraded needs them. */
  readonly from: FindChangelogs;
  readonly to: FindChangelogs;
  /** Whether all that are needed could be read. */
  readonly state: Aspect<object>;
}

/** The packages whose changelogs {@link describePackageChanges} asks for, by the release that has them. */
export function changelogsNeeded({ added, pairs }: PackageComparison): {
  readonly from: readonly InstalledPackage[];
  readonly to: readonly InstalledPackage[];
} {
  return {
    from: pairs.filter(({ move }) => move === 'downgraded').map(({ from }) => from),
    to: [
      ...pairs.filter(({ move }) => move === 'upgraded').map(({ to }) => to),
      ...added.filter(({ replaces }) => replaces !== undefined).map(({ added: each }) => each),
    ],
  };
}

/** What became of the packages, with what their changelogs tell. */
export function describePackageChanges(
  { added, removed, pairs }: PackageComparison,
  changelogs: StoredChangelogs,
): PackageChanges {
  const moved = (move: PackagePair['move']): PackageUpdate[] =>
    pairs.filter((pair) => pair.move === move).map((pair) => updateOf(pair, changelogs));
  return {
    added: added.map((each) => entryOf(each, changelogs)),
    removed: removed.map(plainEntry),
    upgraded: moved('upgraded'),
    downgraded: moved('downgraded'),
    changed: moved('changed'),
    changelogs: changelogs.state,
  };
}

function updateOf({ move, from, to }: PackagePair, changelogs: StoredChangelogs): PackageUpdate {
  return {
    name: to.name,
    architecture: to.architecture,
    source: to.source,
    from: from.version,
    to: to.version,
    sourceFrom: from.sourceVersion,
    sourceTo: to.sourceVersion,
    installedSizeKiB: { from: from.installedSizeKiB, to: to.installedSizeKiB },
    ...(move === 'changed'
      ? {}
      : changelogMember(move === 'downgraded' ? [to, from] : [from, to], move, changelogs)),
  };
}

function entryOf({ added, replaces }: AddedPackage, changelogs: StoredChangelogs): PackageEntry {
  const entry = plainEntry(added);
  if (replaces === undefined) return entry;
  const { name, version } = replaces;
  return {
    ...entry,
    replaces: { name, version },
    ...changelogMember([replaces, added], 'upgraded', changelogs),
  };
}

function plainEntry(entry: InstalledPackage): PackageEntry {
  const { name, version, architecture, source, sourceVersion, installedSizeKiB } = entry;
  return { name, version, architecture, source, sourceVersion, installedSizeKiB };
}

type OldAndNew = readonly [InstalledPackage, InstalledPackage];

/** The newer of two packages has the changelog that tells of both. */
function changelogMember(
  pair: OldAndNew,
  move: PackagePair['move'],
  changelogs: StoredChangelogs,
): { readonly changelog?: ChangelogSummary } {
  const find = move === 'downgraded' ? changelogs.from : changelogs.to;
  for (const entries of find(pair[1])) {
    const range = rangeIn(entries, pair);
    if (range !== undefined) return { changelog: summaryOf(entriesSince(entries, ...range)) };
  }
  return {};
}

/**
 * Between which versions a changelog has to be read: those of the source, or the packages' own for a rebuild of one source.
 * Undefined for a changelog that does not know the newer one, and so is not that package's.
 */
function rangeIn(
  entries: readonly ChangelogEntry[],
  [older, newer]: OldAndNew,
): readonly [string, string] | undefined {
  const ranges = [
    [older.sourceVersion, newer.sourceVersion],
    [older.version, newer.version],
  ] as const;
  return ranges.find(([after, upTo]) => after !== upTo && entries.some(({ version }) => version === upTo));
}

function summaryOf(entries: readonly ChangelogEntry[]): ChangelogSummary {
  return {
    security: entries.some(isSecurityEntry),
    cves: cveNames(entries.map(({ text }) => text).join('\n')),
    entries: entries.map(({ version, distribution, urgency, date }) => ({
      version,
      distribution,
      urgency,
      date,
    })),
  };
}
