import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { CommandSpec } from '../values/command-spec.ts';
import { childEnvironment } from './child-environment.ts';
import { commandFailed, interrupted, notStarted, timedOut } from './command-failures.ts';
import { dieWithParent } from './die-with-parent.ts';
import { findProgram } from './find-program.ts';
import { OutputTail } from './output-tail.ts';

/** Where the bytes of a program come from and go to. */
export interface StreamOptions {
  /** Open file that is its standard input, from where that stands. */
  readonly inputFd: number;
  /** Open file that is its standard output; or what takes each piece of it, and may throw to end the program. */
  readonly output: number | ((piece: Uint8Array) => void);
  /** Ends the program at once. */
  readonly signal?: AbortSignal | undefined;
  /** Now and then: how far the program has read its input, in bytes. */
  readonly onInput?: ((offset: number) => void) | undefined;
}

/** What is kept of standard error, in characters. */
const TAIL_LENGTH = 64 * 1024;

/** How often the place in the input is looked at, in milliseconds. */
const POLL_MS = 500;

/**
 * Runs a program that turns a byte stream into another, in memory that does not grow with it: files are handed to the
 * program itself. The kernel ends it when our process dies.
 *
 * Raises `E_TOOL_MISSING`, `E_COMMAND_TIMEOUT`, `E_COMMAND_FAILED` and `E_INTERRUPTED` as `run` does, and what
 * `output` threw.
 */
export async function streamCommand(spec: CommandSpec, options: StreamOptions): Promise<void> {
  const { inputFd, output, signal } = options;
  await findProgram(spec.command);
  if (signal?.aborted) throw interrupted(spec);
  const { command, args } = dieWithParent(spec);
  const child = spawn(command, args, {
    env: childEnvironment(process.env, spec.env),
    stdio: [inputFd, typeof output === 'number' ? output : 'pipe', 'pipe'],
  });
  const running: RunningCommand = { child, tail: new OutputTail(TAIL_LENGTH) };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => running.tail.push(text));
  if (child.stdout && typeof output === 'function') deliver(child.stdout, output, running);
  const stopWatching = watch(running, spec, options);
  try {
    await ending(running, spec);
  } finally {
    stopWatching();
  }
}

/** A program on its way. */
interface RunningCommand {
  readonly child: ChildProcess;
  readonly tail: OutputTail;
  /** Why we ended it. */
  stopped?: unknown;
}

/** Ends the program; what it holds is only what it was handed, so it needs no time for a clean end. */
function stop(running: RunningCommand, reason: unknown): void {
  running.stopped ??= reason;
  running.child.kill('SIGKILL');
}

function deliver(stdout: Readable, take: (piece: Uint8Array) => void, running: RunningCommand): void {
  stdout.on('data', (piece: Buffer) => {
    if (running.stopped !== undefined) return;
    try {
      take(piece);
    } catch (error) {
      stop(running, error);
    }
  });
}

/** Minds the signal, the deadline and the place in the input; returns what ends that. */
function watch(running: RunningCommand, spec: CommandSpec, options: StreamOptions): () => void {
  const { signal, inputFd, onInput } = options;
  const cancel = (): void => stop(running, interrupted(spec));
  signal?.addEventListener('abort', cancel, { once: true });
  const deadline = setTimeout(() => stop(running, timedOut(spec, running.tail.text())), spec.deadlineMs);
  let isOver = false;
  const tell = (offset: number): void => {
    if (!isOver) onInput?.(offset);
  };
  const look = (): void => void readPosition(inputFd).then(tell, () => undefined);
  const poll = onInput && setInterval(look, POLL_MS);
  return () => {
    isOver = true;
    signal?.removeEventListener('abort', cancel);
    clearTimeout(deadline);
    clearInterval(poll);
  };
}

/** The program shares the place in the open file with us (proc(5), `fdinfo`). */
async function readPosition(fd: number): Promise<number> {
  const text = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8');
  return Number(/^pos:\s+(\d+)$/m.exec(text)?.[1]);
}

async function ending(running: RunningCommand, spec: CommandSpec): Promise<void> {
  const { child, tail } = running;
  const status = await new Promise<number | string>((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(spec, error.message)));
    child.once('close', (code, killedBy) => resolve(code ?? killedBy ?? 'unknown'));
  });
  if (running.stopped !== undefined) throw running.stopped;
  if (status !== 0) throw commandFailed(spec, status, tail.text());
}
