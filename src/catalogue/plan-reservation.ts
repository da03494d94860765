import { Failure } from '../errors/failure.ts';
import type { CalendarDate } from '../values/calendar-date.ts';
import { compareRecords, newestRecord } from '../versions/compare-versions.ts';
import { planNextVersion, type VersionPolicy } from '../versions/next-version.ts';
import { MAX_BUILD, renderInter, renderLong, type VersionRecord } from '../versions/version.ts';

/** What the catalogue says about a line's past. */
export interface LineHistory {
  readonly line: string;
  /** Highest BUILD that anything mentions: allocations, index, releases, failures; 0 for a new line. */
  readonly highestBuild: number;
  /** Versions that are released or being built; at least all of the last day. */
  readonly live: readonly LiveVersion[];
  /** Whether the whole catalogue, not only this line, is without a trace of any build. */
  readonly catalogueIsEmpty: boolean;
}

/** A version that counts when the next one is chosen. */
export interface LiveVersion extends VersionRecord {
  readonly recipeDigest: string;
}

/** What a new version is asked for with. */
export interface ReservationRequest {
  /** The build's day, UTC. */
  readonly date: CalendarDate;
  readonly policy: VersionPolicy;
  readonly recipeDigest: string;
  /** The BUILD to take instead of the next one. */
  readonly buildNumber?: number;
  /** The very version to take, for what was made elsewhere; day, policy and recipe do not count then. */
  readonly exact?: ExactVersion;
  /** Whether a person said that this catalogue is meant to be empty. */
  readonly newCatalogue: boolean;
  /** Whether a CI system runs us, whose workspaces get wiped. */
  readonly ci: boolean;
}

/** A version that is not for us to choose. */
export interface ExactVersion extends Pick<VersionRecord, 'date' | 'rev'> {
  /** The next one of the line unless given. */
  readonly build?: number;
}

/**
 * The version to reserve.
 * @throws Failure of kind `conflict`: `E_BUILD_TAKEN`, `E_CATALOGUE_EMPTY`, `E_VERSION_DATE`, `E_VERSION_EXHAUSTED`,
 * `E_VERSION_ORDER` for an exact version that does not fit between the others
 */
export function planReservation(history: LineHistory, request: ReservationRequest): VersionRecord {
  if (request.exact !== undefined) return planExact(history, request.exact);
  if (history.catalogueIsEmpty && request.ci && !request.newCatalogue && request.buildNumber === undefined) {
    throw emptyCatalogue();
  }
  const build = request.buildNumber ?? history.highestBuild + 1;
  if (build <= history.highestBuild) throw buildTaken(history, build);
  const last = newestRecord(history.live);
  return planNextVersion({
    ...(last ? { last } : {}),
    sameRecipe: last?.recipeDigest === request.recipeDigest,
    policy: request.policy,
    date: request.date,
    build,
  });
}

/** Later versions of a line have higher BUILDs: an older version fits only where its BUILD was left out. */
function planExact(history: LineHistory, { date, rev, build }: ExactVersion): VersionRecord {
  const version = { scheme: 'date', date, rev, build: build ?? history.highestBuild + 1 } as const;
  if (version.build > MAX_BUILD) throw buildTaken(history, version.build);
  if (history.live.some((other) => other.build === version.build))
    throw exactBuildTaken(history.line, version);
  const rival = history.live
    .toSorted(compareRecords)
    .findLast(
      (other) => Math.sign(compareRecords(version, other)) !== Math.sign(version.build - other.build),
    );
  if (rival === undefined) return version;
  const [long, taken] = [renderLong(version), renderLong(rival)];
  const isOlder = compareRecords(version, rival) < 0;
  const message = `${long} does not fit into ${history.line}: it is ${isOlder ? 'older' : 'newer'} than ${taken}, and its BUILD is ${isOlder ? 'higher' : 'lower'}`;
  throw new Failure('conflict', 'E_VERSION_ORDER', message, {
    hint: isOlder
      ? `give a version after ${renderInter(rival)}, or one with a BUILD that was never taken and fits`
      : 'leave out BUILD, which takes the next one',
    evidence: { line: history.line, long, rival: taken },
  });
}

/** The failure for a BUILD that was taken, whatever became of it. */
export function exactBuildTaken(line: string, version: VersionRecord): Failure {
  const message = `${renderLong(version)} cannot be used: BUILD ${version.build} of ${line} was taken before`;
  return new Failure('conflict', 'E_BUILD_TAKEN', message, {
    hint: `write ${renderInter(version)}, which takes the next BUILD`,
    evidence: { line, build: version.build },
  });
}

/**
 * Makes sure that a failed build may go on under its old version: numbers are only burnt for others, but by now
 * others may have been given versions that assume it is gone.
 * @throws Failure `E_VERSION_OVERTAKEN`
 */
export function checkResumption(history: LineHistory, failed: LiveVersion): void {
  const rival = history.live.find(
    (other) =>
      (renderInter(other) === renderInter(failed) && other.recipeDigest !== failed.recipeDigest) ||
      (other.build > failed.build && compareRecords(other, failed) < 0),
  );
  if (!rival) return;
  const [long, taken] = [renderLong(failed), renderLong(rival)];
  throw new Failure('conflict', 'E_VERSION_OVERTAKEN', `${long} cannot go on: ${taken} was taken since`, {
    hint: 'build again instead, which takes the next number',
    evidence: { line: history.line, long, rival: taken },
  });
}

function emptyCatalogue(): Failure {
  return new Failure(
    'conflict',
    'E_CATALOGUE_EMPTY',
    'the catalogue is empty, so the count would start again at 1',
    {
      hint: 'pass --build-number N to go on after a lost catalogue, or --new-catalogue for the first build ever',
    },
  );
}

function buildTaken({ line, highestBuild }: LineHistory, build: number): Failure {
  const message = `BUILD ${build} cannot be used for ${line}: its numbers are taken up to ${highestBuild}`;
  return new Failure('conflict', 'E_BUILD_TAKEN', message, {
    hint: `pass --build-number ${highestBuild + 1} or higher, or leave it out`,
    evidence: { line, build, highestBuild },
  });
}
