import { join } from 'node:path';
import { bothKnown, compareReleases } from '../catalogue/compare-releases.ts';
import { recordOf, type LineIndex } from '../catalogue/line-index.ts';
import { changelogsNeeded, describePackageChanges } from '../catalogue/package-changes.ts';
import { releaseDirectory } from '../catalogue/paths.ts';
import {
  DIFF_FILE,
  DIFF_TEXT_FILE,
  renderReleaseDiff,
  type Aspect,
  type PackageChanges,
  type ReleaseDiff,
} from '../catalogue/release-diff.ts';
import { summarizeDiff } from '../catalogue/summarize-diff.ts';
import { writeFileAtomically } from '../host/files.ts';
import type { ReleaseManifest } from '../manifests/release.ts';
import { comparePackages } from '../packages/compare-packages.ts';
import { renderDiffMarkdown } from '../reports/diff-markdown.ts';
import { compareRecords } from '../versions/compare-versions.ts';
import { parseIdentity } from '../versions/parse-version.ts';
import type { WorkflowContext } from './build-request.ts';
import { ignoreDamage, readLineIndex } from './read-line.ts';
import { readReleaseRecords, type DirectoryRecords, type RecordsRequest } from './read-release-records.ts';
import { readStoredChangelogs } from './read-stored-changelogs.ts';

/** What changed between two releases; only the records in their directories are read. Raises `E_INTERRUPTED`. */
export async function diffReleases(
  from: RecordsRequest,
  to: RecordsRequest,
  { signal }: Pick<WorkflowContext, 'signal'>,
): Promise<ReleaseDiff> {
  const older = await readReleaseRecords(from);
  const newer = await readReleaseRecords(to);
  const packages = await diffPackages(older, newer, signal);
  return compareReleases({ from: older, to: newer }, packages, [...older.notes, ...newer.notes]);
}

/** Writes a difference beside a release, for programs and for people. */
export async function writeReleaseDiff(directory: string, diff: ReleaseDiff): Promise<void> {
  await writeFileAtomically(join(directory, DIFF_FILE), renderReleaseDiff(diff));
  await writeFileAtomically(join(directory, DIFF_TEXT_FILE), renderDiffMarkdown(diff));
}

/** A release that is about to be filed. */
export interface StagedRelease {
  readonly catalogue: string;
  /** Directory with its records; need not be in the catalogue. */
  readonly directory: string;
  readonly manifest: ReleaseManifest;
}

/** What {@link recordDiff} found. */
export interface RecordedDiff {
  /** LONG of the release before. */
  readonly since: string;
  /** One line for people. */
  readonly summary: string;
}

/**
 * Compares a release that is about to be filed with the newest usable one of its line before it, and writes the difference into its
 * directory. Undefined when there is none before it. What the other release lacks is unknown in the difference, and no failure.
 */
export async function recordDiff(
  { catalogue, directory, manifest }: StagedRelease,
  context: Pick<WorkflowContext, 'signal'>,
): Promise<RecordedDiff | undefined> {
  const { line, version } = manifest;
  const index = await readLineIndex(catalogue, line).catch(ignoreDamage);
  const since = index && findPredecessor(index, version.long);
  if (since === undefined) return undefined;
  const before = { directory: join(catalogue, releaseDirectory(line, since)), line, long: since };
  const diff = await diffReleases(before, { directory, line, long: version.long, manifest }, context);
  await writeReleaseDiff(directory, diff);
  return { since, summary: summarizeDiff(diff) };
}

/** LONG of the newest release of a line that may be used and is older than a version. */
export function findPredecessor(index: LineIndex, long: string): string | undefined {
  const version = parseIdentity(long);
  return index.releases.findLast(
    (release) => release.state === 'active' && compareRecords(recordOf(release), version) < 0,
  )?.long;
}

async function diffPackages(
  from: DirectoryRecords,
  to: DirectoryRecords,
  signal: AbortSignal,
): Promise<Aspect<PackageChanges>> {
  const both = bothKnown(from.packages, to.packages);
  if (!both.known) return both;
  const comparison = comparePackages(both.value.from, both.value.to);
  const needed = changelogsNeeded(comparison);
  const older = await readStoredChangelogs(from, needed.from, signal);
  const newer = await readStoredChangelogs(to, needed.to, signal);
  const state = newer.state.known ? older.state : newer.state;
  const changes = describePackageChanges(comparison, { from: older.find, to: newer.find, state });
  return { known: true, ...changes };
}
