import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { writeFileAtomically } from '../host/files.ts';
import { readMemory } from '../host/memory.ts';
import { parseDpkgStatus } from '../packages/dpkg-status.ts';
import { GIB } from '../values/byte-size.ts';
import type { BootstrapInput } from './bootstrap-base.ts';
import type { WorkflowContext } from './build-request.ts';
import { PROVISIONERS_DIRECTORY } from './load-profile.ts';
import { namespaceCommand } from './private-namespaces.ts';
import type { Closure } from './resolve-closure.ts';

const TREE_DEADLINE_MS = 60 * 60_000;

/** Exit code by which `tree.sh` says that the filesystem is too small. */
const TOO_SMALL_STATUS = 28;

/** Lines kept for the log; mmdebstrap writes some thousands. */
const LOG_LINES = 50_000;

/** Where more than this is available, a tree is made in memory: it fits three times over (tree, packages, page cache). */
export function memoryForTreeBytes(treeBytes: number): number {
  return 3 * treeBytes + GIB;
}

/** Where the tree is made: in memory where there is enough, see {@link memoryForTreeBytes}, else on disk. */
export async function chooseScratch(closure: Pick<Closure, 'index'>, directory: string): Promise<string> {
  const { availableBytes } = await readMemory();
  if (availableBytes > memoryForTreeBytes(installedBytes(closure.index))) return 'tmpfs';
  await mkdir(directory, { recursive: true });
  return directory;
}

/** `Installed-Size` of a paragraph, in KiB; lines that go on begin with a space, so that nothing else looks like it. */
const INSTALLED_SIZE = /^installed-size:[ \t]*(\d+)/gim;

/** What the packages of a `Packages` index come to when they are installed, in bytes. One field of thousands is read. */
export function installedBytes(index: string): number {
  return [...index.matchAll(INSTALLED_SIZE)].reduce((sum, [, sizeKiB]) => sum + Number(sizeKiB) * 1024, 0);
}

/**
 * Runs `provisioners/base/tree.sh` on a job, and writes what it printed to the log that the input names.
 * Raises `E_DISK_TOO_SMALL`, or `E_BOOTSTRAP_FAILED` with the place of the whole log.
 */
export async function runTree(
  job: string,
  out: string,
  input: BootstrapInput,
  context: WorkflowContext,
): Promise<void> {
  const script = join(PROVISIONERS_DIRECTORY, 'base/tree.sh');
  const watch = new TreeProgress(input);
  const spareLog = join(context.directories.cache, 'logs', `base-${input.key.slice(0, 16)}.log`);
  try {
    await context.run(
      { ...namespaceCommand(['sh', script, job, out], TREE_DEADLINE_MS), name: 'mmdebstrap' },
      {
        signal: context.signal,
        onLine: (line) => watch.read(line),
      },
    );
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'E_COMMAND_FAILED') throw error;
    if (input.logFile === undefined) await writeLog(spareLog, watch.lines);
    throw error.evidence['status'] === TOO_SMALL_STATUS
      ? tooSmall(watch.step)
      : failed(watch.step, input.logFile ?? spareLog, error);
  } finally {
    if (input.logFile !== undefined) await writeLog(input.logFile, watch.lines);
  }
}

/** A log that cannot be written must not hide what happened. */
async function writeLog(path: string, lines: readonly string[]): Promise<void> {
  await writeFileAtomically(path, `${lines.join('\n')}\n`).catch(() => {});
}

/** What `tree.sh` and mmdebstrap print, as progress. */
class TreeProgress {
  readonly lines: string[] = [];
  /** What `tree.sh` said last. */
  step = 'starting';
  readonly #input: Pick<BootstrapInput, 'closure' | 'onProgress'>;
  #configured = 0;

  constructor(input: Pick<BootstrapInput, 'closure' | 'onProgress'>) {
    this.#input = input;
  }

  read(line: string): void {
    this.lines.push(line);
    if (this.lines.length > LOG_LINES) this.lines.shift();
    const { onProgress, closure } = this.#input;
    const step = /^mintmark: (.*)$/.exec(line)?.[1];
    if (step !== undefined) onProgress((this.step = step));
    const name = /^Setting up (\S+)/.exec(line)?.[1];
    if (name === undefined) return;
    const total = closure.packages.length;
    this.#configured = Math.min(this.#configured + 1, total);
    onProgress(`installing packages: ${name}`, 10 + (70 * this.#configured) / total);
  }
}

/** mmdebstrap resolves again inside the repository; what came out must be what was asked for. */
export async function checkInstalled(out: string, closure: Pick<Closure, 'packages'>): Promise<void> {
  const installed = parseDpkgStatus(await readFile(join(out, 'dpkg-status'), 'utf8')).installed.map(nameOf);
  const wanted = closure.packages.map(nameOf);
  const missing = wanted.filter((name) => !installed.includes(name)).map((name) => `missing  ${name}`);
  const surplus = installed.filter((name) => !wanted.includes(name)).map((name) => `surplus  ${name}`);
  if (missing.length === 0 && surplus.length === 0) return;
  throw new Failure(
    'command',
    'E_CLOSURE_NOT_INSTALLED',
    `mmdebstrap installed ${installed.length} packages where ${wanted.length} were resolved`,
    { details: [...missing, ...surplus].slice(0, 20) },
  );
}

function nameOf(entry: { readonly name: string; readonly version: string }): string {
  return `${entry.name} ${entry.version}`;
}

function tooSmall(step: string): Failure {
  return new Failure('profile', 'E_DISK_TOO_SMALL', `.disk.sizeMiB is too small: ${step}`, {
    hint: 'make .disk.sizeMiB larger, or install less',
  });
}

function failed(step: string, log: string, cause: Failure): Failure {
  const { details, evidence } = cause;
  return new Failure('command', 'E_BOOTSTRAP_FAILED', `the base disk could not be made: ${step} failed`, {
    hint: `the whole log is in ${log}`,
    details,
    evidence: { ...evidence, log },
    cause,
  });
}
