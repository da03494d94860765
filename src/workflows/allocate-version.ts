import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  changeAllocation,
  renderAllocation,
  type Allocation,
  type AllocationChange,
} from '../catalogue/allocation.ts';
import { findRelease } from '../catalogue/line-index.ts';
import { allocationDirectory, allocationPath, requireLineName } from '../catalogue/paths.ts';
import {
  checkResumption,
  exactBuildTaken,
  planReservation,
  type ReservationRequest,
} from '../catalogue/plan-reservation.ts';
import { Failure } from '../errors/failure.ts';
import { writeFileAtomically } from '../host/files.ts';
import { keepHeartbeat } from '../host/heartbeat.ts';
import { readProcessIdentity, type ProcessIdentity } from '../host/process-identity.ts';
import { makeDirectory, removeSurely } from '../host/sure-files.ts';
import { parseIdentity } from '../versions/parse-version.ts';
import { renderLong, type VersionRecord } from '../versions/version.ts';
import { createCompleteFile, temporaryBeside, withCatalogueErrors } from './catalogue-files.ts';
import { withLineLock } from './catalogue-locks.ts';
import { foldLine, readAllocation, readLineHistory } from './read-line.ts';

/** What a version is reserved with. */
export interface ReserveOptions extends ReservationRequest {
  /** The present instant. */
  readonly now: Date;
  /** The run that will build it. */
  readonly run?: string;
}

/** A BUILD that is ours. Plain data, so that a run can store it and go on with it another day. */
export interface Reservation {
  readonly catalogue: string;
  readonly line: string;
  readonly build: number;
  /** LONG. */
  readonly long: string;
}

/**
 * Takes the next version of a line. Whatever happens afterwards, its BUILD is never given out again.
 * @throws Failure of kind `usage` for a bad line name, `conflict` for a BUILD that is taken, an empty catalogue
 * under CI or a day before the line's last one, `host` for a catalogue that cannot be written
 */
export async function reserve(
  catalogue: string,
  line: string,
  options: ReserveOptions,
): Promise<Reservation> {
  requireLineName(line);
  return withCatalogueErrors(catalogue, async () => {
    // Refusals come first, so that a refused request leaves no trace in the catalogue.
    planReservation(await readLineHistory(catalogue, line), options);
    return withLineLock(catalogue, line, () => reserveUnderLock(catalogue, line, options));
  });
}

/**
 * The lock makes REV and BUILD one decision; the exclusive create is what keeps a BUILD from being taken twice,
 * also by a builder whose lock was broken. Its loser looks again and gets the next number: it remembers the one that it
 * did not get, because a listing by a file server's client may not show that for another minute.
 */
async function reserveUnderLock(
  catalogue: string,
  line: string,
  options: ReserveOptions,
): Promise<Reservation> {
  const owner = await ourIdentity();
  const taken: number[] = [];
  await refreshListing(join(catalogue, allocationDirectory(line)));
  for (;;) {
    const version = planReservation(await readLineHistory(catalogue, line, taken), options);
    const allocation = newAllocation(line, version, owner, options);
    const path = join(catalogue, allocationPath(line, version.build));
    if (await createCompleteFile(path, renderAllocation(allocation))) {
      return { catalogue, line, build: version.build, long: allocation.version };
    }
    if (options.exact?.build !== undefined) throw exactBuildTaken(line, version);
    taken.push(version.build);
  }
}

/**
 * A file server's client lists from memory for up to a minute, unless it changes the directory itself: then it sees that
 * others have done so too. Without this, who comes after a wished BUILD elsewhere might not know of it.
 */
async function refreshListing(directory: string): Promise<void> {
  const probe = temporaryBeside(join(directory, 'probe'));
  await makeDirectory(directory);
  try {
    await writeFile(probe, '');
  } finally {
    await removeSurely(probe);
  }
}

/**
 * Shows other hosts that the build behind a reservation lives, until the returned function is called. For where nobody
 * can look for the process itself; `recoverLine` burns what has been silent for ten minutes.
 */
export function keepReserved({ catalogue, line, build }: Reservation, everyMs?: number): () => void {
  return keepHeartbeat(join(catalogue, allocationPath(line, build)), everyMs);
}

/** The version behind a reservation. */
export function reservedVersion(reservation: Pick<Reservation, 'long'>): VersionRecord {
  return parseIdentity(reservation.long);
}

/**
 * Says that the build has begun, or goes on in a new process after a failure or a kill.
 * @throws Failure `E_VERSION_OVERTAKEN` when the build failed and later versions leave no room for it
 */
export async function markBuilding(reservation: Reservation, now: Date, run?: string): Promise<Allocation> {
  const { catalogue, line } = reservation;
  const owner = await ourIdentity();
  const step = { state: 'building' as const, at: now, owner, ...(run === undefined ? {} : { run }) };
  return withCatalogueErrors(catalogue, () =>
    withLineLock(catalogue, line, async () => {
      const { state, version, recipeDigest } = await requireAllocation(reservation);
      const failed = { ...parseIdentity(version), recipeDigest };
      if (state === 'failed') checkResumption(await readLineHistory(catalogue, line), failed);
      return change(reservation, step);
    }),
  );
}

/** Says that the release is filed. Filing a release does this itself. */
export async function markReleased(reservation: Reservation, now: Date): Promise<Allocation> {
  return change(reservation, { state: 'released', at: now });
}

/** Says that the build gave what another release already has, so that nothing was filed. */
export async function markUnchanged(
  reservation: Reservation,
  equalTo: string,
  now: Date,
): Promise<Allocation> {
  return change(reservation, { state: 'unchanged', at: now, equalTo });
}

/**
 * Burns a BUILD: it failed, and no other build will get its number. Does nothing, and says false, when the release
 * was filed before the failure.
 */
export async function burn(reservation: Reservation, reason: string, now: Date): Promise<boolean> {
  const allocation = await requireAllocation(reservation);
  if (allocation.state === 'released' || (await isFiled(reservation))) return false;
  await change(reservation, {
    state: 'failed',
    at: now,
    reason: reason === '' ? 'no reason was given' : reason,
  });
  return true;
}

/** The allocation of a reservation. @throws Failure `E_ALLOCATION_MISSING` when somebody removed it */
export async function requireAllocation({ catalogue, line, build, long }: Reservation): Promise<Allocation> {
  const allocation = await readAllocation(catalogue, line, build);
  if (allocation?.version === long) return allocation;
  const found = allocation ? `belongs to ${allocation.version}` : 'was never reserved';
  throw new Failure(
    'conflict',
    'E_ALLOCATION_MISSING',
    `BUILD ${build} of ${line} ${found}, so ${long} cannot use it`,
    {
      hint: 'build again, which reserves a number',
      evidence: { line, build, long },
    },
  );
}

/** The journal decides: its views may not be written yet. */
async function isFiled({ catalogue, line, long }: Reservation): Promise<boolean> {
  const index = await foldLine(catalogue, line);
  return index !== undefined && findRelease(index, long) !== undefined;
}

async function change(reservation: Reservation, step: AllocationChange): Promise<Allocation> {
  const { catalogue, line, build } = reservation;
  return withCatalogueErrors(catalogue, async () => {
    const allocation = changeAllocation(await requireAllocation(reservation), step);
    await writeFileAtomically(join(catalogue, allocationPath(line, build)), renderAllocation(allocation));
    return allocation;
  });
}

function newAllocation(
  line: string,
  version: VersionRecord,
  owner: ProcessIdentity,
  { recipeDigest, now, run }: ReserveOptions,
): Allocation {
  return {
    schema: 1,
    line,
    build: version.build,
    version: renderLong(version),
    recipeDigest,
    state: 'reserved',
    reservedAt: now.toISOString(),
    at: now.toISOString(),
    owner,
    ...(run === undefined ? {} : { run }),
  };
}

async function ourIdentity(): Promise<ProcessIdentity> {
  const identity = await readProcessIdentity();
  if (!identity) throw new Error('our own process is not in /proc');
  return identity;
}
