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

/** How a program call is watched. */
export interface RunOptions {
  /** Cancels the call: the program gets its end signal (SIGTERM), after {@link KILL_GRACE_MS} SIGKILL. */
  readonly signal?: AbortSignal | undefined;
  /** Each complete line of either stream, as it arrives, without its line end. */
  readonly onLine?: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
  /** Exit codes that count as success; 0 by default. */
  readonly okExitCodes?: readonly number[] | undefined;
  /** Called once with the process id, before any output. */
  readonly onStart?: ((pid: number) => void) | undefined;
}

/** What a finished program left. */
export interface RunResult {
  readonly stdout: string;
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

/** Output kept per stream, in characters; a program that writes more is ended. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

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
    all: true,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  if (subprocess.pid !== undefined) options.onStart?.(subprocess.pid);
  subprocess.once('exit', (_code, killedBy) => {
    if (killedBy !== null) setTimeout(stopReading, ORPHAN_GRACE_MS, subprocess).unref();
  });
  const { onLine } = options;
  if (onLine) {
    forwardLines(subprocess.stdout, (line) => onLine(line, 'stdout'));
    forwardLines(subprocess.stderr, (line) => onLine(line, 'stderr'));
  }
  const result = await subprocess;
  const durationMs = performance.now() - startedAt;
  const failure = await failureOf(withoutDeathWatch(spec), spec, result, options.okExitCodes ?? [0]);
  if (failure) throw failure;
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? 0, durationMs };
};

/** What execa says of an ended call. */
interface Ending {
  readonly isCanceled: boolean;
  readonly timedOut: boolean;
  readonly isMaxBuffer: boolean;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly originalMessage?: string | undefined;
  /** Both streams; absent when the program could not be started. */
  readonly all?: string | undefined;
}

/** @param program what the caller wanted to run, without what is wrapped around it */
async function failureOf(
  program: CommandSpec,
  spec: CommandSpec,
  ending: Ending,
  okExitCodes: readonly number[],
): Promise<Failure | undefined> {
  const output = ending.all ?? '';
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
function stopReading(subprocess: { readonly stdout: Readable; readonly stderr: Readable }): void {
  subprocess.stdout.destroy();
  subprocess.stderr.destroy();
}

/** Splits a stream into lines; a last line without an end is delivered too. */
export function forwardLines(
  stream: NodeJS.ReadableStream | null | undefined,
  deliver: (line: string) => void,
): void {
  if (!stream) return;
  let pending = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    // A carriage return at the very end may be half of a CR LF, so it does not end a line yet.
    const lines = (pending + chunk).split(/\r?\n|\r(?!$)/);
    pending = lines.pop() ?? '';
    for (const line of lines) deliver(line);
  });
  stream.on('end', () => {
    if (pending !== '') deliver(pending.replace(/\r$/, ''));
  });
}
