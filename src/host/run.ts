import { setMaxListeners } from 'node:events';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import type { Failure } from '../errors/failure.ts';
import type { CommandSpec } from '../values/command-spec.ts';
import { childEnvironment } from './child-environment.ts';
import {
  commandFailed,
  interrupted,
  missingDirectory,
  missingTool,
  notStarted,
  timedOut,
  tooMuchOutput,
} from './command-failures.ts';
import { withoutDeathWatch } from './die-with-parent.ts';
import { findProgramIfAny } from './find-program.ts';
import { forwardLines } from './forward-lines.ts';
import { OutputTail } from './output-tail.ts';

/** How a program call is watched. */
export interface RunOptions {
  /** Cancels the call: the program gets its end signal (SIGTERM), after {@link KILL_GRACE_MS} SIGKILL. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Each complete line of either stream, as it arrives, without its line end. A program whose lines are taken may
   * write without end: of what it wrote, the result and a failure hold only the last {@link TAIL_LENGTH} characters.
   */
  readonly onLine?: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
  /** Exit codes that count as success; 0 by default. */
  readonly okExitCodes?: readonly number[] | undefined;
  /** Called once with the process id, before any output. */
  readonly onStart?: ((pid: number) => void) | undefined;
}

/** What a finished program left. */
export interface RunResult {
  /** All of it; only its end where lines were taken, see {@link RunOptions.onLine}. */
  readonly stdout: string;
  /** As `stdout`. */
  readonly stderr: string;
  readonly exitCode: number;
  readonly durationMs: number;
}

/** Runs programs; tests pass a scripted one. */
export type Runner = (spec: CommandSpec, options?: RunOptions) => Promise<RunResult>;

/** Time between SIGTERM and SIGKILL, in milliseconds. */
export const KILL_GRACE_MS = 5000;

/** Time between the death of a killed program and the end of our listening, in milliseconds. */
const ORPHAN_GRACE_MS = 250;

/** Output kept per stream, in characters; a program that writes more is ended, unless its lines are taken. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** What is kept of a stream whose lines are taken, in characters: a failure shows some of its last lines. */
export const TAIL_LENGTH = 256 * 1024;

/**
 * Runs a program without a shell, with standard input closed or fed, an allow-listed environment and a deadline.
 *
 * Raises `E_TOOL_MISSING` when the program is not installed, `E_COMMAND_TIMEOUT` past the deadline,
 * `E_COMMAND_FAILED` on a bad exit code or signal (with the command to copy and the last lines it wrote)
 * and `E_INTERRUPTED` when the signal cancelled it.
 */
export const run: Runner = async (spec, options = {}) => {
  const startedAt = performance.now();
  // One signal ends a whole build: that more than ten programs listen to it is no leak.
  if (options.signal !== undefined) setMaxListeners(0, options.signal);
  const subprocess = execa(spec.command, [...spec.args], {
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    ...(spec.input === undefined ? { stdin: 'ignore' as const } : { input: spec.input }),
    env: childEnvironment(process.env, spec.env),
    extendEnv: false,
    reject: false,
    timeout: spec.deadlineMs,
    killSignal: spec.endSignal ?? 'SIGTERM',
    forceKillAfterDelay: KILL_GRACE_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
    stripFinalNewline: false,
    buffer: options.onLine === undefined,
    all: options.onLine === undefined,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  if (subprocess.pid !== undefined) options.onStart?.(subprocess.pid);
  subprocess.once('exit', (_code, killedBy) => {
    if (killedBy !== null) setTimeout(stopReading, ORPHAN_GRACE_MS, subprocess).unref();
  });
  const tails = options.onLine && deliverLines(subprocess, options.onLine);
  const result = await subprocess;
  const durationMs = performance.now() - startedAt;
  const { stdout, stderr, all }: Written = tails?.() ?? result;
  const call = { program: withoutDeathWatch(spec), spec, output: all ?? '' };
  const failure = await failureOf(call, result, options.okExitCodes ?? [0]);
  if (failure) throw failure;
  return { stdout, stderr, exitCode: result.exitCode ?? 0, durationMs };
};

/** Delivers the lines of both streams; gives what was kept of each, and of both as they came. */
function deliverLines(
  { stdout, stderr }: OutputStreams,
  onLine: NonNullable<RunOptions['onLine']>,
): () => Written {
  const tails = { stdout: new OutputTail(TAIL_LENGTH), stderr: new OutputTail(TAIL_LENGTH) };
  const all = new OutputTail(TAIL_LENGTH);
  const listen = (stream: Readable, name: 'stdout' | 'stderr'): void => {
    forwardLines(stream, (line) => onLine(line, name));
    stream.on('data', (piece: string) => {
      tails[name].push(piece);
      all.push(piece);
    });
  };
  listen(stdout, 'stdout');
  listen(stderr, 'stderr');
  return () => ({ stdout: tails.stdout.text(), stderr: tails.stderr.text(), all: all.text() });
}

/** The streams on which a program writes. */
interface OutputStreams {
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** What is known of what a program wrote. */
interface Written {
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, as they came; absent when the program could not be started. */
  readonly all?: string | undefined;
}

/** A call that ended. */
interface EndedCall {
  /** What the caller wanted to run, without what is wrapped around it. */
  readonly program: CommandSpec;
  readonly spec: CommandSpec;
  readonly output: string;
}

/** What execa says of an ended call. */
interface Ending {
  readonly isCanceled: boolean;
  readonly timedOut: boolean;
  readonly isMaxBuffer: boolean;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly originalMessage?: string | undefined;
}

async function failureOf(
  { program, spec, output }: EndedCall,
  ending: Ending,
  okExitCodes: readonly number[],
): Promise<Failure | undefined> {
  if (ending.isCanceled) return interrupted(program);
  if (ending.code === 'ENOENT')
    return (await hasDirectory(spec)) ? missingTool(spec) : missingDirectory(spec);
  if (ending.timedOut) return timedOut(program, output);
  if (ending.isMaxBuffer) return tooMuchOutput(program, output, MAX_OUTPUT_BYTES);
  if (ending.exitCode === undefined && ending.signal === undefined)
    return notStarted(program, ending.originalMessage ?? ending.code ?? 'for an unknown reason');
  if (ending.exitCode !== undefined && okExitCodes.includes(ending.exitCode)) return undefined;
  // 127: the wrapper started, but found nothing to wrap.
  if (program !== spec && ending.exitCode === 127 && (await findProgramIfAny(program.command)) === undefined)
    return missingTool(program);
  return commandFailed(program, ending.exitCode ?? ending.signal ?? 'unknown', output);
}

/** Node reports a missing working directory and a missing program with the same ENOENT. */
async function hasDirectory(spec: CommandSpec): Promise<boolean> {
  if (spec.cwd === undefined) return true;
  return stat(spec.cwd).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Children of a killed program may live on and hold its output open; they must not hold us. */
function stopReading(subprocess: OutputStreams): void {
  subprocess.stdout.destroy();
  subprocess.stderr.destroy();
}
