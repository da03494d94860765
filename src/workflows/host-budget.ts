import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../errors/failure.ts';
import { withFileLock } from '../host/file-lock.ts';
import { isSystemError } from '../host/files.ts';
import { readMemory } from '../host/memory.ts';
import { readProcessIdentity } from '../host/process-identity.ts';
import { renderByteSize } from '../values/byte-size.ts';
import type { EmitEvent } from './events.ts';
import {
  renewClaim,
  sharesDirectory,
  sweepClaims,
  writeClaim,
  type FiledClaim,
  type HostShare,
} from './host-shares.ts';

/** How to take a share of the host. */
export interface HostShareOptions {
  /** Where claims lie, below `shares/`; builds of one host must agree on it. */
  readonly stateDirectory: string;
  readonly signal: AbortSignal;
  readonly emit: EmitEvent;
  /** What all builds together may take; else measured, see {@link planBudget}. */
  readonly budget?: HostShare | undefined;
  /** How often those who wait look again, in milliseconds. */
  readonly pollMs?: number | undefined;
}

/** A share that is held. */
export interface TakenShare {
  /** Gives the share back; harmless when called twice. It is given back by death, too. */
  readonly release: () => Promise<void>;
}

const POLL_MS = 1000;

/**
 * Most of a build is work of one core: mmdebstrap, the guest under emulation, reading and comparing disks. Only the
 * guest's second processor and deflating use more, so twice the cores are given away before builds have to wait.
 */
const CORES_EACH = 2;

/**
 * A build takes up its memory little by little: for this long after it was let in, what it may still take is not
 * believed to be free. Bootstrapping, the largest part, is over by then.
 */
const SETTLING_MS = 5 * 60_000;

/**
 * Takes a share of this host's memory and cores for one build, waiting in order of arrival until it fits beside those
 * of other builds. Where nobody holds one, whoever came first is let in, however much it wants: nobody waits for
 * ever. A process must not ask for a second share while it holds one.
 *
 * Raises `E_INTERRUPTED` when the signal came, `E_STATE_UNWRITABLE` (host) when claims cannot be written.
 */
export async function takeHostShare(share: HostShare, options: HostShareOptions): Promise<TakenShare> {
  try {
    return await queue(share, options);
  } catch (error) {
    throw stateFailure(options.stateDirectory, error) ?? error;
  }
}

async function queue(share: HostShare, options: HostShareOptions): Promise<TakenShare> {
  const claim = await enqueue(share, options);
  const stopRenewing = renewClaim(claim.path);
  const release = async (): Promise<void> => {
    stopRenewing();
    await rm(claim.path, { force: true });
  };
  try {
    await waitForTurn(claim, options);
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Files a claim behind all others. */
async function enqueue(share: HostShare, options: HostShareOptions): Promise<FiledClaim> {
  const identity = await readProcessIdentity();
  return underLock(options, async () => {
    const others = await sweepClaims(options.stateDirectory);
    const turn = Math.max(0, ...others.map((other) => other.turn)) + 1;
    const name = `${turn}-${process.pid}-${randomBytes(3).toString('hex')}.json`;
    const path = join(sharesDirectory(options.stateDirectory), name);
    const claim: FiledClaim = { ...share, turn, identity, state: 'waiting', path };
    await writeClaim(claim);
    return claim;
  });
}

async function waitForTurn(claim: FiledClaim, options: HostShareOptions): Promise<void> {
  for (let isTold = false; ; isTold = true) {
    const obstacle = await underLock(options, async () => tryToEnter(claim, options));
    if (obstacle === undefined) return;
    if (!isTold) options.emit({ type: 'notice', text: obstacle });
    // All wait for the same moment; those who look at different times do not queue for the lock.
    const pauseMs = (options.pollMs ?? POLL_MS) * (0.75 + Math.random() / 2);
    await sleep(pauseMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

/** Undefined when the claim was granted, else why not, for people. */
async function tryToEnter(claim: FiledClaim, options: HostShareOptions): Promise<string | undefined> {
  const others = (await sweepClaims(options.stateDirectory)).filter(({ path }) => path !== claim.path);
  const now = new Date();
  const budget = options.budget ?? planBudget(others, (await readMemory()).availableBytes, now);
  const obstacle = findObstacle(claim, others, budget);
  if (obstacle !== undefined) return obstacle;
  const granted = { state: 'held', since: now.toISOString(), budgetBytes: budget.memoryBytes } as const;
  await writeClaim({ ...claim, ...granted });
  return undefined;
}

/**
 * What stands between a claim and its turn, for people; undefined when nothing does. Who came later never goes first,
 * were its share ever so small: else a large build might wait for ever.
 */
export function findObstacle(
  claim: Pick<FiledClaim, 'turn' | 'memoryBytes' | 'cores'>,
  others: readonly Pick<FiledClaim, 'turn' | 'state' | 'memoryBytes' | 'cores'>[],
  budget: HostShare,
): string | undefined {
  const holders = others.filter(({ state }) => state === 'held');
  const ahead = others.filter(({ state, turn }) => state === 'waiting' && turn < claim.turn);
  if (ahead.length > 0) {
    return `waiting behind ${count(ahead.length)} that came first; ${count(holders.length)} at work`;
  }
  if (holders.length === 0) return undefined;
  const memoryBytes = holders.reduce((sum, holder) => sum + holder.memoryBytes, 0);
  const cores = holders.reduce((sum, holder) => sum + holder.cores, 0);
  const who = `${holders.length} other ${holders.length === 1 ? 'build holds' : 'builds hold'}`;
  if (memoryBytes + claim.memoryBytes > budget.memoryBytes) {
    const [held, all, wanted] = [memoryBytes, budget.memoryBytes, claim.memoryBytes].map(renderByteSize);
    return `waiting for memory: ${who} ${held} of ${all}, and this one needs ${wanted}`;
  }
  if (cores + claim.cores > budget.cores) {
    return `waiting for processors: ${who} ${cores} of ${budget.cores}, and this one needs ${claim.cores}`;
  }
  return undefined;
}

/**
 * What all builds together may take: the memory that is free now and what builds hold of it already, and twice the
 * cores. What a build that was let in a moment ago holds is not really taken yet, so the budget is not believed to
 * be larger than it was then.
 *
 * @param availableBytes memory that is free now
 */
export function planBudget(
  others: readonly Pick<FiledClaim, 'state' | 'memoryBytes' | 'budgetBytes' | 'since'>[],
  availableBytes: number,
  now: Date,
): HostShare {
  const holders = others.filter(({ state }) => state === 'held');
  const held = holders.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const settling = holders.filter(({ since }) => !(now.getTime() - Date.parse(since ?? '') > SETTLING_MS));
  const limits = settling.flatMap(({ budgetBytes }) => budgetBytes ?? []);
  return {
    memoryBytes: Math.min(availableBytes + held, ...limits),
    cores: CORES_EACH * availableParallelism(),
  };
}

function count(builds: number): string {
  return builds === 1 ? '1 other build' : `${builds} other builds`;
}

async function underLock<T>(options: HostShareOptions, action: () => Promise<T>): Promise<T> {
  const lock = join(sharesDirectory(options.stateDirectory), '.lock');
  return withFileLock(lock, { signal: options.signal }, action);
}

function stateFailure(directory: string, cause: unknown): Failure | undefined {
  if (!isSystemError(cause, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST'))
    return undefined;
  return new Failure('host', 'E_STATE_UNWRITABLE', `${directory} cannot be written: ${cause.message}`, {
    hint: 'make room there and give this user write access, or put it elsewhere with XDG_STATE_HOME',
    cause,
  });
}
