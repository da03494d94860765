import { basename } from 'node:path';
import { stallSeconds } from '../bases/apt-config.ts';
import { describeSilence, explainAptFailure } from '../bases/apt-failures.ts';
import { Failure } from '../errors/failure.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import { readTextIfExists } from '../host/files.ts';
import { findProgramIfAny } from '../host/find-program.ts';
import type { WorkflowContext } from './build-request.ts';
import { watchArrivals } from './watch-arrivals.ts';

/** apt's own downloader: Debian has it beside apt's other parts and not on PATH, other systems may have it there. */
export async function findAptHelper(): Promise<string> {
  return (await findProgramIfAny('apt-helper')) ?? '/usr/lib/apt/apt-helper';
}

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
  /** How long is too long, in milliseconds; by default what the configuration says of time-outs. */
  readonly stallMs?: number;
  /** Told each line of a download. */
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
  const spec = {
    command,
    name: basename(command),
    args,
    env,
    deadlineMs,
    ...(cwd === undefined ? {} : { cwd }),
  };
  const watch = call.arrivals && watchArrivals(call.arrivals, call.stallMs ?? (await stallMsOf(config)));
  const signal = watch ? AbortSignal.any([context.signal, watch.stalled]) : context.signal;
  const hear = (line: string): void => {
    // What comes after the downloads takes its time without a byte.
    if (line.startsWith('Fetched ')) watch?.stop();
    onLine?.(line);
  };
  try {
    // Of a program whose lines are taken only the end of its output is kept; answers are needed whole.
    const result = await context.run(dieWithParent(spec), { signal, ...(watch ? { onLine: hear } : {}) });
    return result.stdout;
  } catch (error) {
    const isStalled = watch?.stalled.aborted === true && !context.signal.aborted;
    throw isStalled && error instanceof Failure ? describeSilence(error) : explainAptFailure(error);
  } finally {
    watch?.stop();
  }
}

async function stallMsOf(config: string): Promise<number> {
  return stallSeconds((await readTextIfExists(config)) ?? '') * 1000;
}
