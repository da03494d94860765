import { randomUUID } from 'node:crypto';
import { lstat, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../errors/failure.ts';
import { isSystemError, readJsonObjectIfExists } from './files.ts';
import { isAbandoned, keepHeartbeat } from './heartbeat.ts';
import {
  checkAlive,
  parseProcessIdentity,
  readProcessIdentity,
  type ProcessIdentity,
} from './process-identity.ts';
import { linkSurely, makeDirectory, removeSurely } from './sure-files.ts';

/** A lock that this process holds. */
export interface FileLock {
  /** Gives the lock up; harmless when called twice. */
  readonly release: () => Promise<void>;
}

/** How to wait for a lock. */
export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Gives up with `E_LOCKED` after this time; 0 tries once, `Infinity` never gives up. One hour by default. */
  readonly timeoutMs?: number | undefined;
  /** Called once when somebody else holds the lock, with the owner if known, and since when it holds it. */
  readonly onWait?: ((owner: ProcessIdentity | undefined, since: Date | undefined) => void) | undefined;
  /** Instant that the mark names as the one at which it was taken; that of the machine's clock unless given. */
  readonly now?: (() => Date) | undefined;
}

const DEFAULT_TIMEOUT_MS = 60 * 60_000;
const POLL_MS = { first: 20, most: 500 };

interface Owner {
  readonly token: string;
  readonly identity: ProcessIdentity | undefined;
  readonly since: Date | undefined;
}

/**
 * Takes the lock that the file `path` stands for, waiting while a living process holds it. The file holds its
 * owner's identity, so the lock of a killed process is taken over at once; works between hosts on one file system.
 *
 * Raises `E_LOCKED` when the time is over and `E_INTERRUPTED` when the signal came.
 */
export async function acquireFileLock(path: string, options: LockOptions = {}): Promise<FileLock> {
  const endsAt = performance.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const now = options.now ?? (() => new Date());
  let pauseMs = POLL_MS.first;
  for (let attempt = 0; ; attempt += 1) {
    throwIfInterrupted(options.signal);
    const token = await mark(path, now());
    if (token !== undefined) return held(path, token);
    const owner = await readOwner(path);
    if (await removeDeadMark(path, owner)) {
      // It may still be there: a file server's answer that there is none can be a minute old.
      await pause(POLL_MS.first * Math.random(), options.signal);
      continue;
    }
    if (attempt === 0) options.onWait?.(owner?.identity, owner?.since);
    if (performance.now() >= endsAt) throw locked(path, owner);
    await pause(pauseMs * (0.5 + Math.random()), options.signal);
    pauseMs = Math.min(pauseMs * 2, POLL_MS.most);
  }
}

/** Removes the mark of a killed process that nobody has waited for since; the lock of a living one stays. */
export async function removeAbandonedLock(path: string): Promise<void> {
  await removeDeadMark(path, await readOwner(path));
}

/** Does something while holding the lock; see {@link acquireFileLock}. */
export async function withFileLock<T>(
  path: string,
  options: LockOptions,
  action: () => Promise<T>,
): Promise<T> {
  const lock = await acquireFileLock(path, options);
  try {
    return await action();
  } finally {
    await lock.release();
  }
}

/** An interruption ends it early; whoever waits then looks at the signal. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

/**
 * Creates the mark, complete from its first moment (link, not create and write); its token, or undefined when there
 * is one, or the directory has just gone.
 */
async function mark(path: string, now: Date): Promise<string | undefined> {
  const token = randomUUID();
  const draft = `${path}.${token}`;
  try {
    const text = JSON.stringify({ token, identity: await readProcessIdentity(), since: now.toISOString() });
    // Every time: who gives a lock up may remove the directory that it was alone in.
    await makeDirectory(dirname(path));
    await writeFile(draft, text, { flag: 'wx' });
    await linkSurely(draft, path);
    return token;
  } catch (error) {
    // A file where the directory belongs stays there, and is not waited for.
    if (!isSystemError(error, 'EEXIST', 'ENOENT') || (await isFile(dirname(path)))) throw error;
    return undefined;
  } finally {
    await removeSurely(draft);
  }
}

async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => !found.isDirectory(),
    () => false,
  );
}

function held(path: string, token: string): FileLock {
  const stop = keepHeartbeat(path);
  const release = async (): Promise<void> => {
    stop();
    await removeMark(path, token);
  };
  return { release };
}

/** Whose mark it is, is looked at again before a second try: the first may have been carried out. */
async function removeMark(path: string, token: string): Promise<void> {
  const remove = async (): Promise<void> => {
    if ((await readOwner(path))?.token === token) await rm(path, { force: true });
  };
  await remove().catch(remove);
}

async function readOwner(path: string): Promise<Owner | undefined> {
  const found = await readJsonObjectIfExists(path);
  // A mark that a power cut emptied still locks, until it counts as abandoned.
  if (found === undefined) return (await exists(path)) ? NOBODY : undefined;
  const { token, identity, since } = found;
  const instant = new Date(typeof since === 'string' ? since : Number.NaN);
  return {
    token: typeof token === 'string' ? token : '',
    identity: parseProcessIdentity(identity),
    since: Number.isNaN(instant.getTime()) ? undefined : instant,
  };
}

/** What an empty mark says. */
const NOBODY: Owner = { token: '', identity: undefined, since: undefined };

/**
 * Removes the mark of a dead owner; true when the caller should try again at once. The right to remove one
 * certain mark is itself a lock, named after that mark: so nobody removes the fresh mark of a third process, and
 * when the remover dies too, the right to its right passes on in the same way.
 */
async function removeDeadMark(path: string, owner: Owner | undefined): Promise<boolean> {
  if (owner === undefined) return true;
  if (!(await isDead(path, owner))) return false;
  const right = `${path}.takeover-${owner.token.slice(0, 8)}`;
  const token = await mark(right, new Date());
  if (token === undefined) return removeDeadMark(right, await readOwner(right));
  try {
    await removeMark(path, owner.token);
  } finally {
    await removeMark(right, token);
  }
  return true;
}

async function isDead(path: string, owner: Owner): Promise<boolean> {
  const state = owner.identity === undefined ? 'unknown' : await checkAlive(owner.identity);
  if (state !== 'unknown') return state === 'dead';
  return isAbandoned(path);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new Failure('interrupted', 'E_INTERRUPTED', 'interrupted while waiting for a lock');
  }
}

function locked(path: string, found: Owner | undefined): Failure {
  const owner = found?.identity;
  const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`;
  return new Failure('conflict', 'E_LOCKED', `${path} is locked by ${who}`, {
    hint: 'wait until that process has ended; remove the file only if you know that it has',
    evidence: { lock: path, owner, since: found?.since?.toISOString() },
  });
}
