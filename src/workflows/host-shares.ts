import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystemError, readJsonObjectIfExists } from '../host/files.ts';
import {
  checkAlive,
  parseProcessIdentity,
  readBootId,
  type ProcessIdentity,
} from '../host/process-identity.ts';

/** What a build takes of a host while it runs. */
export interface HostShare {
  readonly memoryBytes: number;
  readonly cores: number;
}

/** A share of the host that a build holds or waits for: one file, with the process whose it is. */
export interface ShareClaim extends HostShare {
  /** Place in the order of arrival. */
  readonly turn: number;
  readonly identity: ProcessIdentity | undefined;
  readonly state: 'waiting' | 'held';
  /** Instant at which it was granted, ISO 8601. */
  readonly since?: string;
  /** Memory that all builds together had when it was granted. */
  readonly budgetBytes?: number;
}

/** A claim as it lies on disk. */
export interface FiledClaim extends ShareClaim {
  readonly path: string;
}

/** A claim is renewed this often, in milliseconds. */
const CLAIM_HEARTBEAT_MS = 15_000;
/** A claim this old is abandoned when its owner lives in another container, where we cannot look. */
const ABANDONED_MS = 10 * 60_000;
/** Claims of another machine that shares our state directory; it sweeps them itself, if there is still such a one. */
const FOREIGN_MS = 24 * 60 * 60_000;

/** Where claims lie. */
export function sharesDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'shares');
}

/** Writes a claim so that nobody ever reads half of it. It is not synced: nobody's claim outlives a power cut. */
export async function writeClaim({ path, ...claim }: FiledClaim): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.tmp`, `${JSON.stringify(claim)}\n`);
  await rename(`${path}.tmp`, path);
}

/** Keeps a claim from looking abandoned to other containers, until the returned function is called. */
export function renewClaim(path: string): () => void {
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, CLAIM_HEARTBEAT_MS).unref();
  return () => clearInterval(timer);
}

/** What became of a claim's owner: it counts, it is gone, or it works on another machine and does not count here. */
export type ClaimFate = 'living' | 'dead' | 'elsewhere';

/** Claims with what became of their owners, in the order of arrival. Reads only. */
export async function readClaims(
  stateDirectory: string,
): Promise<readonly { claim: FiledClaim; fate: ClaimFate }[]> {
  const directory = sharesDirectory(stateDirectory);
  const names = await readdir(directory).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  });
  const found = await Promise.all(
    names.filter((name) => /^\d+-.*\.json$/.test(name)).map(async (name) => readClaim(join(directory, name))),
  );
  return found
    .flat()
    .toSorted((a, b) => a.claim.turn - b.claim.turn || (a.claim.path < b.claim.path ? -1 : 1));
}

/**
 * Removes the claims of dead owners and what killed processes had begun to write; returns the claims that count here.
 * To be called under the lock of the shares, as every writing is.
 */
export async function sweepClaims(stateDirectory: string): Promise<readonly FiledClaim[]> {
  const claims = await readClaims(stateDirectory);
  await removeDrafts(sharesDirectory(stateDirectory));
  for (const { claim, fate } of claims) if (fate === 'dead') await rm(claim.path, { force: true });
  return claims.flatMap(({ claim, fate }) => (fate === 'living' ? [claim] : []));
}

/** Half-written claims, and marks of our lock that were never put in place: those are made outside of it. */
async function removeDrafts(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/\.json\.tmp$|^\.lock\./.test(name)) continue;
    const path = join(directory, name);
    const ageMs = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (name.endsWith('.tmp') || ageMs > ABANDONED_MS) await rm(path, { force: true });
  }
}

async function readClaim(path: string): Promise<{ claim: FiledClaim; fate: ClaimFate }[]> {
  const status = await stat(path).catch(() => undefined);
  const found = await readJsonObjectIfExists(path).catch(() => undefined);
  // Given back since its name was read.
  if (status === undefined) return [];
  const claim = { ...parseClaim(found), path };
  return [{ claim, fate: await judge(claim, Date.now() - status.mtimeMs) }];
}

/** A file that cannot be understood is nobody's: a power cut emptied it, and its owner died of that. */
function parseClaim(found: Record<string, unknown> | undefined): ShareClaim {
  const number = (name: string): number => {
    const value = found?.[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : 0;
  };
  const since = found?.['since'];
  return {
    turn: number('turn'),
    memoryBytes: number('memoryBytes'),
    cores: number('cores'),
    identity: parseProcessIdentity(found?.['identity']),
    state: found?.['state'] === 'held' ? 'held' : 'waiting',
    ...(typeof since === 'string' ? { since } : {}),
    ...(number('budgetBytes') > 0 ? { budgetBytes: number('budgetBytes') } : {}),
  };
}

async function judge({ identity }: ShareClaim, ageMs: number): Promise<ClaimFate> {
  if (identity === undefined) return 'dead';
  const state = await checkAlive(identity);
  if (state !== 'unknown') return state === 'dead' ? 'dead' : 'living';
  // The same boot is the same kernel, hence the same memory: a container beside us.
  if (identity.bootId === (await readBootId())) return ageMs > ABANDONED_MS ? 'dead' : 'living';
  return ageMs > FOREIGN_MS ? 'dead' : 'elsewhere';
}
