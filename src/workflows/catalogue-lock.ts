import { randomBytes } from 'node:crypto';
import { rm, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../errors/failure.ts';
import { isSystemError, readJsonObjectIfExists } from '../host/files.ts';
import {
  checkAlive,
  parseProcessIdentity,
  readProcessIdentity,
  type ProcessIdentity,
} from '../host/process-identity.ts';
import { createFleetingFile } from './catalogue-files.ts';

/** How long to wait for others. */
export interface LockPatience {
  /** After this the attempt fails. */
  readonly waitMs: number;
  /** A lock whose holder cannot be looked at (other host) counts as abandoned when it showed no life for this long. */
  readonly silenceMs: number;
}

/** Locks are held for milliseconds; a holder elsewhere touches its lock every {@link HEARTBEAT_MS}. */
export const DEFAULT_PATIENCE: LockPatience = { waitMs: 300_000, silenceMs: 60_000 };

const HEARTBEAT_MS = 5_000;
const POLL_MS = 20;

interface LockContent {
  /** Unique to this one holding of the lock. */
  readonly token: string;
  /** Unknown when the file was damaged by a power cut. */
  readonly owner: ProcessIdentity | undefined;
  readonly touchedMs: number;
}

/**
 * Does something while holding a lock file. A lock whose holder is dead is taken over, and only then.
 * @throws Failure `E_CATALOGUE_LOCKED` when another process keeps it too long
 */
export async function withLock<T>(
  path: string,
  action: () => Promise<T>,
  patience: LockPatience = DEFAULT_PATIENCE,
): Promise<T> {
  const token = await acquire(path, patience);
  const heartbeat = setInterval(() => void touch(path), HEARTBEAT_MS);
  try {
    return await action();
  } finally {
    clearInterval(heartbeat);
    if ((await readLock(path))?.token === token) await rm(path, { force: true });
  }
}

async function acquire(path: string, patience: LockPatience): Promise<string> {
  const token = randomBytes(8).toString('hex');
  const text = JSON.stringify({ token, owner: await readProcessIdentity() });
  const watch = new SilenceWatch(patience.silenceMs);
  const startedMs = performance.now();
  while (!(await createFleetingFile(path, text))) {
    const found = await readLock(path);
    if (found && (await watch.isAbandoned(found))) await removeAbandoned(path, found, text, watch);
    else if (performance.now() - startedMs > patience.waitMs) throw locked(path, found);
    else await sleep(POLL_MS * (0.5 + Math.random()));
  }
  return token;
}

/**
 * Removes the lock of a dead holder, and never the lock that another waiter has put in its place meanwhile: the right
 * to remove one particular holding is itself a lock, named after it, and the content is looked at again under it.
 */
async function removeAbandoned(
  path: string,
  found: LockContent,
  text: string,
  watch: SilenceWatch,
): Promise<void> {
  const claim = `${path}.${found.token}`;
  if (!(await createFleetingFile(claim, text))) {
    const rival = await readLock(claim);
    if (rival && (await watch.isAbandoned(rival))) await removeAbandoned(claim, rival, text, watch);
    else await sleep(POLL_MS);
    return;
  }
  try {
    if ((await readLock(path))?.token === found.token) await rm(path, { force: true });
  } finally {
    await rm(claim, { force: true });
  }
}

/** Tells abandoned locks from held ones, by their holder or by how long they show no life to us. */
class SilenceWatch {
  readonly #silenceMs: number;
  readonly #seen = new Map<string, { touchedMs: number; sinceMs: number }>();

  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  async isAbandoned({ token, owner, touchedMs }: LockContent): Promise<boolean> {
    const life = owner === undefined ? 'unknown' : await checkAlive(owner);
    if (life !== 'unknown') return life === 'dead';
    const seen = this.#seen.get(token);
    // Measured by our own clock: the other host's may be wrong.
    if (seen?.touchedMs === touchedMs) return performance.now() - seen.sinceMs > this.#silenceMs;
    this.#seen.set(token, { touchedMs, sinceMs: performance.now() });
    return false;
  }
}

async function readLock(path: string): Promise<LockContent | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    const content = await readJsonObjectIfExists(path);
    const token = typeof content?.['token'] === 'string' ? content['token'] : 'damaged';
    return { token, owner: parseProcessIdentity(content?.['owner']), touchedMs: mtimeMs };
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function touch(path: string): Promise<void> {
  try {
    const now = new Date();
    await utimes(path, now, now);
  } catch {
    // A missed heartbeat is harmless: there are many in the silence that others wait for.
  }
}

function locked(path: string, found: LockContent | undefined): Failure {
  const owner = found?.owner;
  const holder = owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
  return new Failure('conflict', 'E_CATALOGUE_LOCKED', `${path} is held by ${holder}`, {
    hint: 'wait for it to end; if it is stuck, end it and run this again',
    evidence: { path, owner },
  });
}
