import { mkdir, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LINES, lineTurnPath } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import type { Clock } from '../host/clock.ts';
import { acquireFileLock } from '../host/file-lock.ts';
import type { ProcessIdentity } from '../host/process-identity.ts';
import { withCatalogueErrors } from './catalogue-files.ts';
import type { EmitEvent } from './events.ts';
import { requireOwnDirectories } from './own-directories.ts';

/** How to take a line's turn. */
export interface LineTurnOptions {
  /** Waits for as long as the turn is somebody else's, instead of refusing. */
  readonly wait: boolean;
  readonly signal: AbortSignal;
  readonly emit: EmitEvent;
  readonly clock: Clock;
}

/** A line that nobody else builds meanwhile in this catalogue. */
export interface LineTurn {
  /** Whether somebody else's build had to end first: what was found out before may be old. */
  readonly waited: boolean;
  /** Gives the turn up and leaves nothing of it; harmless when called twice. */
  readonly release: () => Promise<void>;
}

/**
 * Takes the right to build a line in one catalogue, which may not exist yet. The turn of a killed build is taken over
 * at once; those who wait come in any order.
 *
 * Raises `E_LINE_BUSY` (conflict) when somebody else has it and nobody wants to wait, `E_INTERRUPTED` when the signal
 * came, and what is wrong with the catalogue.
 */
export async function takeLineTurn(
  catalogue: string,
  line: string,
  { wait, signal, emit, clock }: LineTurnOptions,
): Promise<LineTurn> {
  const path = join(resolve(catalogue), lineTurnPath(line));
  let waited = false;
  const onWait = (owner: ProcessIdentity | undefined, since: Date | undefined): void => {
    waited = true;
    const what = describeBusy(line, owner, since, clock.now());
    if (wait) emit({ type: 'notice', text: `${what}: waiting for it` });
  };
  const timeoutMs = wait ? Number.POSITIVE_INFINITY : 0;
  return withCatalogueErrors(catalogue, async () => {
    await requireOwnDirectories(catalogue, line);
    const made = await mkdir(dirname(path), { recursive: true });
    // The catalogue itself and what it lies in only go when they came by us.
    const outermost = made ?? join(resolve(catalogue), LINES);
    const giveBack = async (): Promise<void> => removeEmpty(dirname(path), outermost);
    try {
      const lock = await acquireFileLock(path, { signal, timeoutMs, onWait, now: clock.now });
      return { waited, release: async () => lock.release().then(giveBack) };
    } catch (error) {
      await giveBack();
      throw isLocked(error) ? lineBusy(line, error, clock.now()) : error;
    }
  });
}

/** Removes directories that were made for the turn alone: a build that was refused leaves no catalogue. */
async function removeEmpty(directory: string, outermost: string): Promise<void> {
  for (let path = directory; path.startsWith(outermost); path = dirname(path)) {
    const isRemoved = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (!isRemoved) return;
  }
}

function isLocked(error: unknown): error is Failure {
  return error instanceof Failure && error.code === 'E_LOCKED';
}

function lineBusy(line: string, { evidence }: Failure, now: Date): Failure {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the lock itself put there
  const { owner, since } = evidence as { owner?: ProcessIdentity; since?: string };
  const message = describeBusy(line, owner, since === undefined ? undefined : new Date(since), now);
  return new Failure('conflict', 'E_LINE_BUSY', message, { hint: '--wait queues behind it', evidence });
}

function describeBusy(
  line: string,
  owner: ProcessIdentity | undefined,
  since: Date | undefined,
  now: Date,
): string {
  const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`;
  return `${line} is being built by ${who}${since === undefined ? '' : ` since ${describeInstant(since, now)}`}`;
}

/** The time alone on the same day, in UTC as everything that is logged. */
function describeInstant(instant: Date, now: Date): string {
  const [day = '', time = ''] = instant.toISOString().split('T');
  const today = now.toISOString().slice(0, day.length);
  return `${day === today ? '' : `${day} `}${time.slice(0, 5)} UTC`;
}
