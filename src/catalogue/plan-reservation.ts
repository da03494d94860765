import { Failure } from '../errors/failure.ts';
import type { CalendarDate } from '../values/calendar-date.ts';
import { compareRecords, newestRecord } from '../versions/compare-versions.ts';
import { planNextVersion, type VersionPolicy } from '../versions/next-version.ts';
import { renderInter, renderLong, type VersionRecord } from '../versions/version.ts';

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
  /** Whether a person said that this catalogue is meant to be empty. */
  readonly newCatalogue: boolean;
  /** Whether a CI system runs us, whose workspaces get wiped. */
  readonly ci: boolean;
}

/**
 * The version to reserve.
 * @throws Failure of kind `conflict`: `E_BUILD_TAKEN`, `E_CATALOGUE_EMPTY`, `E_VERSION_DATE`, `E_VERSION_EXHAUSTED`
 */
export function planReservation(history: LineHistory, request: ReservationRequest): VersionRecord {
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
