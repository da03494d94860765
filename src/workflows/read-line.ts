import { join } from 'node:path';
import { parseAllocation, isLive, type Allocation } from '../catalogue/allocation.ts';
import { foldJournal } from '../catalogue/fold-journal.ts';
import { emptyJournal, parseJournal } from '../catalogue/journal.ts';
import { parseLineIndex, recordOf, type LineIndex } from '../catalogue/line-index.ts';
import {
  CATALOGUE_DOCUMENT,
  FAILED,
  LINES,
  RELEASES,
  allocationDirectory,
  allocationPath,
  buildOfAllocationFile,
  journalPath,
  lineFailedDirectory,
  lineIndexPath,
  lineReleasesDirectory,
} from '../catalogue/paths.ts';
import type { LineHistory, LiveVersion } from '../catalogue/plan-reservation.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import { SCHEMA_NEWER } from '../manifests/define-document.ts';
import { isLineName } from '../manifests/safe-names.ts';
import { compareCalendarDates } from '../values/calendar-date.ts';
import { parseIdentity, readVersion } from '../versions/parse-version.ts';
import { identityOf, type VersionRecord } from '../versions/version.ts';
import { exists, listNames } from './catalogue-files.ts';

/**
 * A line's index; an empty one for a line without releases. A lost or damaged one is made again from the journal;
 * nothing is written. @throws Failure `E_INDEX_INVALID`, `E_JOURNAL_INVALID`
 */
export async function readLineIndex(catalogue: string, line: string): Promise<LineIndex> {
  const path = lineIndexPath(line);
  const text = await readTextIfExists(join(catalogue, path));
  if (text === undefined) return (await foldLine(catalogue, line)) ?? foldJournal(emptyJournal(line));
  try {
    return parseLineIndex(text, path);
  } catch (error) {
    ignoreDamage(error);
    const index = await foldLine(catalogue, line);
    if (index === undefined) throw error;
    return index;
  }
}

/** What a line's journal comes to, or undefined when it has none. @throws Failure `E_JOURNAL_INVALID` */
export async function foldLine(catalogue: string, line: string): Promise<LineIndex | undefined> {
  const path = journalPath(line);
  const text = await readTextIfExists(join(catalogue, path));
  return text === undefined ? undefined : foldJournal(parseJournal(text, path));
}

/**
 * What has become of a BUILD, or undefined when it was never taken.
 * @throws Failure `E_ALLOCATION_INVALID`, also for the allocation of another BUILD that was copied here
 */
export async function readAllocation(
  catalogue: string,
  line: string,
  build: number,
): Promise<Allocation | undefined> {
  const path = allocationPath(line, build);
  const text = await readTextIfExists(join(catalogue, path));
  if (text === undefined) return undefined;
  const allocation = parseAllocation(text, path);
  if (allocation.line === line && allocation.build === build) return allocation;
  const message = `${path} is the allocation of BUILD ${allocation.build} of ${allocation.line}`;
  throw new Failure('conflict', 'E_ALLOCATION_INVALID', message, {
    hint: 'leave it there: its name keeps the number from being given out',
    evidence: { path, line: allocation.line, build: allocation.build },
  });
}

/** The BUILDs of a line that were ever taken, in ascending order. */
export async function listBuilds(catalogue: string, line: string): Promise<number[]> {
  const names = await listNames(join(catalogue, allocationDirectory(line)));
  return names
    .map(buildOfAllocationFile)
    .filter((build) => build !== undefined)
    .toSorted((a, b) => a - b);
}

/** The complete releases that stand in a line's directory, whatever the index says. */
export async function listReleaseVersions(catalogue: string, line: string): Promise<VersionRecord[]> {
  return versionsAmong(await listNames(join(catalogue, lineReleasesDirectory(line))));
}

/**
 * Everything that the next version of a line depends on. Reads only. `taken` are BUILDs that are known to be taken though
 * a listing may not show them yet.
 */
export async function readLineHistory(
  catalogue: string,
  line: string,
  taken: readonly number[] = [],
): Promise<LineHistory> {
  const listed = await listBuilds(catalogue, line);
  const builds = [...new Set([...listed, ...taken])].toSorted((a, b) => a - b);
  const index = await readLineIndex(catalogue, line);
  const released = await listReleaseVersions(catalogue, line);
  const failed = versionsAmong(await listNames(join(catalogue, lineFailedDirectory(line))));
  const indexed = index.releases.map((release) => ({
    ...recordOf(release),
    recipeDigest: release.recipeDigest,
  }));
  const known = new Set(indexed.map(({ build }) => build));
  const strays = released
    .filter(({ build }) => !known.has(build))
    .map((record) => ({ ...record, recipeDigest: '' }));
  const highestBuild = Math.max(
    index.counters.build,
    ...builds.slice(-1),
    ...[...indexed, ...released, ...failed].map(({ build }) => build),
  );
  return {
    line,
    highestBuild,
    live: [...strays, ...indexed, ...(await readLiveAllocations(catalogue, line, builds))],
    catalogueIsEmpty: highestBuild === 0 && !(await hasAnyBuild(catalogue)),
  };
}

/**
 * The live allocations of the last day. Days never go back, so that reading ends at the first earlier one.
 * A file that cannot be understood is a burnt number: its name says that it was taken, and nothing more is needed.
 */
async function readLiveAllocations(
  catalogue: string,
  line: string,
  builds: readonly number[],
): Promise<LiveVersion[]> {
  const live: LiveVersion[] = [];
  for (const build of builds.toReversed()) {
    const allocation = await readAllocation(catalogue, line, build).catch(ignoreDamage);
    if (!allocation) continue;
    const version = parseIdentity(allocation.version);
    if (live[0] && compareCalendarDates(version.date, live[0].date) < 0) break;
    if (isLive(allocation.state)) live.push({ ...version, recipeDigest: allocation.recipeDigest });
  }
  return live;
}

/**
 * For `catch`: a document that cannot be understood counts as absent; any other error goes on. So does that of a
 * document which a newer Mintmark wrote: it is sound, and what it says binds us.
 */
export function ignoreDamage(error: unknown): undefined {
  if (!(error instanceof Failure) || error.code === SCHEMA_NEWER) throw error;
}

function versionsAmong(names: readonly string[]): VersionRecord[] {
  return names.flatMap((name) => {
    const reading = readVersion(name, 'date');
    const identity = 'version' in reading ? identityOf(reading.version) : undefined;
    return identity ? [identity] : [];
  });
}

/** Whether the catalogue has a trace of any build of any line; directories alone are none. */
async function hasAnyBuild(catalogue: string): Promise<boolean> {
  if (await exists(join(catalogue, CATALOGUE_DOCUMENT))) return true;
  for (const line of (await listNames(join(catalogue, LINES))).filter(isLineName)) {
    if ((await listBuilds(catalogue, line)).length > 0) return true;
    if (await exists(join(catalogue, lineIndexPath(line)))) return true;
  }
  for (const area of [RELEASES, FAILED]) {
    if ((await listNames(join(catalogue, area))).some(isLineName)) return true;
  }
  return false;
}
