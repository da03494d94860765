import { isNotNow } from '../bases/apt-failures.ts';
import { Failure } from '../errors/failure.ts';
import { systemPace } from '../host/clock.ts';
import type { WorkflowContext } from './build-request.ts';

/** Pauses between tries, in milliseconds; the last one repeats. */
const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000] as const;
/** Many builds that lost the same mirror must not come back to it in one instant: a pause is up to this much off. */
const JITTER = 0.25;

/** How long something is tried again that cannot be had now. */
export interface Patience {
  /**
   * Longest time without a byte from the mirror, in milliseconds, counted from the first try or the last byte;
   * 0 tries once.
   */
  readonly quietMs: number;
  /** Longest time in all, in milliseconds: bytes that trickle in do not hold a build up for ever. */
  readonly totalMs: number;
  /**
   * Tries that may bring wrong bytes (`E_MIRROR_INCONSISTENT`), even when patience is over: the bytes may have been
   * our own. Such a failure is like any other when absent.
   */
  readonly damagedTries?: number;
  /** Bytes that arrived so far; when there are more than ever, patience begins anew. */
  readonly measure?: () => Promise<number>;
}

/** What everything that waits for a mirror is given. */
type PatienceContext = Pick<WorkflowContext, 'emit' | 'signal' | 'pace'>;

/**
 * Longest time without a byte in this environment, in milliseconds: `MINTMARK_MIRROR_WAIT` (seconds), or the default.
 * Raises `E_MIRROR_WAIT` when the variable is no number, or less than nothing.
 */
export function mirrorWaitMs(environment: WorkflowContext['environment'], defaultMs: number): number {
  const text = environment['MINTMARK_MIRROR_WAIT'] ?? '';
  if (text === '') return defaultMs;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  throw new Failure(
    'usage',
    'E_MIRROR_WAIT',
    `MINTMARK_MIRROR_WAIT must be a number of seconds, 0 or more; found ${JSON.stringify(text)}`,
  );
}

/**
 * Asks a mirror for something, and asks again while the answer is "not now"; each wait is told as a notice.
 *
 * @param ask raises failures that `explainAptFailure` explained
 * @param random between 0 and 1
 * Raises what `ask` raises when that is definite; when patience ends, the last failure with how often and how long
 * it was tried; `E_INTERRUPTED` at once when the signal comes during a wait.
 */
export async function askPatiently<T>(
  ask: () => Promise<T>,
  patience: Patience,
  context: PatienceContext,
  random: () => number = Math.random,
): Promise<T> {
  const { nowMs } = context.pace ?? systemPace;
  const endMs = nowMs() + patience.totalMs;
  let mostBytes = (await patience.measure?.()) ?? 0;
  let quietSinceMs = nowMs();
  let damaged = 0;
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isNotNow(error) || context.signal.aborted) throw error;
      const bytes = (await patience.measure?.()) ?? 0;
      if (bytes > mostBytes) [tries, damaged, quietSinceMs, mostBytes] = [1, 0, nowMs(), bytes];
      const leftMs = Math.min(quietSinceMs + patience.quietMs, endMs) - nowMs();
      const isDamaged = patience.damagedTries !== undefined && error.code === 'E_MIRROR_INCONSISTENT';
      if (isDamaged) damaged += 1;
      if (isDamaged ? damaged >= (patience.damagedTries ?? 0) : leftMs <= 0) {
        throw lostPatience(error, tries, nowMs() - quietSinceMs);
      }
      await wait(pauseMs(tries, Math.max(0, leftMs), random), leftMs, error, context);
    }
  }
}

/** The last pause ends with patience itself, for one more try then. */
function pauseMs(tries: number, leftMs: number, random: () => number): number {
  const base = PAUSES_MS[Math.min(tries, PAUSES_MS.length) - 1] ?? 0;
  return Math.min(base * (1 + JITTER * (2 * random() - 1)), leftMs);
}

async function wait(ms: number, leftMs: number, failure: Failure, context: PatienceContext): Promise<void> {
  const [pause, rest] = [inSeconds(ms), inSeconds(leftMs - ms)];
  const text = `${failure.message}; trying again in ${pause}, for at most ${rest} more`;
  context.emit({ type: 'notice', text });
  try {
    await (context.pace ?? systemPace).sleep(ms, context.signal);
  } catch (error) {
    if (!context.signal.aborted) throw error;
    throw new Failure('interrupted', 'E_INTERRUPTED', 'interrupted while waiting for the mirror');
  }
}

function lostPatience(failure: Failure, tries: number, elapsedMs: number): Failure {
  const times = tries === 1 ? 'in one try' : `in ${tries} tries over ${inSeconds(elapsedMs)}`;
  const { kind, code, hint, details, evidence } = failure;
  const message =
    code === 'E_MIRROR_UNREACHABLE'
      ? `not now: the mirror did not answer ${times} (${failure.message.replace(/^.*? now: /, '')})`
      : `${failure.message} (${times})`;
  const elapsedSeconds = Math.round(elapsedMs / 1000);
  return new Failure(kind, code, message, {
    ...(hint === undefined ? {} : { hint }),
    details,
    evidence: { ...evidence, tries, elapsedSeconds },
    // Its own message is in ours.
    cause: failure.cause,
  });
}

function inSeconds(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s`;
}
