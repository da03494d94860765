import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { CATALOGUE_LOCK, LINES, lineLockPath, lineTurnPath } from '../catalogue/paths.ts';
import { readJsonObjectIfExists } from '../host/files.ts';
import { readUsedBytes } from '../host/free-space.ts';
import { checkAlive, parseProcessIdentity, type ProcessIdentity } from '../host/process-identity.ts';
import { isLineName } from '../manifests/safe-names.ts';
import type { WorkflowContext } from './build-request.ts';
import { listNames } from './catalogue-files.ts';
import { readClaims } from './host-shares.ts';
import { findDeadStaging } from './stage-release.ts';
import { findAbandonedWork, workDirectories } from './work-directory.ts';

/** Something that a build left behind when it was killed. */
export interface Leftover {
  readonly kind: 'run' | 'work' | 'share' | 'lock' | 'staging' | 'temporary';
  readonly path: string;
  /** Whose it was, for people: `process 123 on build1`, `run 20261121-0731-kvm-ab12`. */
  readonly owner: string;
  /** Bytes that it takes on disk. */
  readonly usedBytes: number;
  /** Whether the next build removes it by itself; the rest is for people. */
  readonly isSwept: boolean;
}

/** Where leftovers are looked for. */
export interface LeftoverPlaces {
  readonly catalogue: string;
  /** The directory for temporary files. */
  readonly temporary: string;
  /** Our user; what lies about of others is theirs. */
  readonly uid: number;
}

/** A directory in /tmp that nobody has touched for this long belongs to no living build: stages take minutes. */
const UNTOUCHED_MS = 60 * 60_000;

/** What virt-sparsify's appliance and we ourselves call our temporary directories. */
const TEMPORARY_NAME = /^(?:libguestfs|mintmark-)./;

/**
 * Finds what dead builds left: their runs, work directories in the cache, claims and locks, staging directories of the
 * catalogue, and temporary directories. Nothing of a living process is among it, nor of one that lives where we
 * cannot look. Reads only; what cannot be read is left out.
 */
export async function findLeftovers(
  { directories, clock }: Pick<WorkflowContext, 'directories' | 'clock'>,
  places: LeftoverPlaces,
): Promise<Leftover[]> {
  const { cache, state } = directories;
  const found = await Promise.all([
    findDeadRuns(join(state, 'runs')),
    findDeadWork(cache),
    findDeadShares(state),
    findDeadLocks(lockPaths(cache, places.catalogue)),
    findDeadReleases(places.catalogue),
    findOldTemporaries(places, clock.now()),
  ]);
  return found.flat().toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The same of a catalogue alone: staging directories and locks of dead processes. */
export async function findCatalogueLeftovers(catalogue: string): Promise<Leftover[]> {
  const found = await Promise.all([findDeadLocks(catalogueLocks(catalogue)), findDeadReleases(catalogue)]);
  return found.flat();
}

/** Runs that never said how they ended. */
async function findDeadRuns(runs: string): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const id of await names(runs)) {
    const state = await readJsonObjectIfExists(join(runs, id, 'state.json')).catch(() => undefined);
    if (state?.['status'] !== 'running' || !(await isDead(parseProcessIdentity(state['owner'])))) continue;
    found.push(await leftover('run', join(runs, id), `run ${id}`, true));
  }
  return found;
}

async function findDeadWork(cache: string): Promise<Leftover[]> {
  const found = await findAbandonedWork(cache);
  return Promise.all(
    found.map(async (path) => leftover('work', path, await ownerIn(join(path, 'owner.json')), true)),
  );
}

async function findDeadShares(stateDirectory: string): Promise<Leftover[]> {
  const claims = await readClaims(stateDirectory).catch(() => []);
  const dead = claims.filter(({ fate }) => fate === 'dead');
  return Promise.all(
    dead.map(async ({ claim }) => leftover('share', claim.path, describeOwner(claim.identity), true)),
  );
}

/** Locks are taken over by whoever wants them next, so they only tell of a death. */
async function findDeadLocks(paths: Promise<string[]>): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const path of await paths) {
    const mark = await readJsonObjectIfExists(path).catch(() => undefined);
    const owner = parseProcessIdentity(mark?.['identity']);
    if (await isDead(owner)) found.push(await leftover('lock', path, describeOwner(owner), true));
  }
  return found;
}

async function lockPaths(cache: string, catalogue: string): Promise<string[]> {
  const work = (await names(workDirectories(cache))).filter((name) => name.endsWith('.lock'));
  return [...(await catalogueLocks(catalogue)), ...work.map((name) => join(workDirectories(cache), name))];
}

async function catalogueLocks(catalogue: string): Promise<string[]> {
  const lines = (await names(join(catalogue, LINES))).filter(isLineName);
  return [
    join(catalogue, CATALOGUE_LOCK),
    ...lines.flatMap((line) => [join(catalogue, lineLockPath(line)), join(catalogue, lineTurnPath(line))]),
  ];
}

async function findDeadReleases(catalogue: string): Promise<Leftover[]> {
  const found = await findDeadStaging(catalogue).catch(() => []);
  return Promise.all(
    found.map(async (path) => leftover('staging', path, await ownerIn(`${path}.owner.json`), true)),
  );
}

async function findOldTemporaries({ temporary, uid }: LeftoverPlaces, now: Date): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const name of (await names(temporary)).filter((each) => TEMPORARY_NAME.test(each))) {
    const path = join(temporary, name);
    const status = await lstat(path).catch(() => undefined);
    if (!status?.isDirectory() || status.uid !== uid) continue;
    const touchedMs = Math.max(status.mtimeMs, await newestInside(path));
    if (now.getTime() - touchedMs <= UNTOUCHED_MS) continue;
    const since = `untouched since ${new Date(touchedMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    found.push(await leftover('temporary', path, since, false));
  }
  return found;
}

async function newestInside(directory: string): Promise<number> {
  const times = (await names(directory)).map(
    async (name) => (await lstat(join(directory, name)).catch(() => undefined))?.mtimeMs ?? 0,
  );
  return Math.max(0, ...(await Promise.all(times)));
}

async function leftover(
  kind: Leftover['kind'],
  path: string,
  owner: string,
  isSwept: boolean,
): Promise<Leftover> {
  return { kind, path, owner, isSwept, usedBytes: await readUsedBytes(path) };
}

/** An owner that is not known may live. */
async function isDead(owner: ProcessIdentity | undefined): Promise<boolean> {
  return owner !== undefined && (await checkAlive(owner)) === 'dead';
}

async function ownerIn(path: string): Promise<string> {
  return describeOwner(parseProcessIdentity(await readJsonObjectIfExists(path).catch(() => undefined)));
}

function describeOwner(owner: ProcessIdentity | undefined): string {
  return owner === undefined ? 'nobody knows whose' : `process ${owner.pid} on ${owner.host}`;
}

/** A directory that cannot be read has nothing to show. */
async function names(directory: string): Promise<string[]> {
  return listNames(directory).catch(() => []);
}
