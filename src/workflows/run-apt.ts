import { APT_TIMEOUT_SECONDS } from '../bases/apt-config.ts';
import { describeSilence, explainAptFailure } from '../bases/apt-failures.ts';
import { Failure } from '../errors/failure.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { WorkflowContext } from './build-request.ts';
import { watchArrivals } from './watch-arrivals.ts';

/** apt's own downloader, of the package apt; it is on nobody's PATH. */
export const APT_HELPER = '/usr/lib/apt/apt-helper';

/**
 * A program of apt that brings nothing for this long is ended, in milliseconds: time enough for apt to give one file
 * up by itself, which it tries twice, and to say why.
 */
const STALL_MS = (2 * APT_TIMEOUT_SECONDS + 10) * 1000;

/** A call of one of apt's programs. */
export interface AptCall {
  /** Configuration of the private apt root. */
  readonly config: string;
  /** Program and arguments. */
  readonly words: readonly string[];
  readonly cwd?: string;
  readonly deadlineMs: number;
  /** Where it puts what it downloads, when it does; no bytes there for too long end it. */
  readonly arrivals?: readonly string[];
  /** {@link STALL_MS} when absent. */
  readonly stallMs?: number;
  readonly onLine?: (line: string) => void;
}

/** Runs a program of apt and gives its standard output. Raises what `explainAptFailure` makes of its complaints. */
export async function runApt(
  call: AptCall,
  context: Pick<WorkflowContext, 'run' | 'signal'>,
): Promise<string> {
  const [command = 'apt-get', ...args] = call.words;
  const { config, deadlineMs, cwd, onLine } = call;
  const env = { APT_CONFIG: config };
  const spec = { command, args, env, deadlineMs, ...(cwd === undefined ? {} : { cwd }) };
  const watch = call.arrivals && watchArrivals(call.arrivals, call.stallMs ?? STALL_MS);
  const signal = watch ? AbortSignal.any([context.signal, watch.stalled]) : context.signal;
  try {
    const result = await context.run(dieWithParent(spec), { signal, ...(onLine ? { onLine } : {}) });
    return result.stdout;
  } catch (error) {
    const isStalled = watch?.stalled.aborted === true && !context.signal.aborted;
    throw isStalled && error instanceof Failure ? describeSilence(error) : explainAptFailure(error);
  } finally {
    watch?.stop();
  }
}
