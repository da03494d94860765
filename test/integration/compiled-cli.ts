import { spawn, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readFiles, REPOSITORY } from '../rules/source-files.ts';

/** The compiled command line. */
export const CLI = join(REPOSITORY, 'dist/cli/main.js');

/** Compiles when any file of `dist` is missing or older than its source. Types are checked elsewhere. */
export function compileWhenStale(): void {
  if (!isStale()) return;
  // Not incremental: a compiler that remembers its last run writes nothing into a dist that was removed.
  const compiler = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  const args = [compiler, '-p', 'tsconfig.json', '--incremental', 'false'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: REPOSITORY, encoding: 'utf8' });
  if (isStale()) throw new Error(`the sources do not compile\n${stdout}`);
}

function isStale(): boolean {
  return !readFiles('src', '.ts').every(({ path }) => isFresh(path));
}

function isFresh(source: string): boolean {
  const compiled = source.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js');
  const output = statSync(join(REPOSITORY, compiled), { throwIfNoEntry: false });
  return output !== undefined && output.mtimeMs >= statSync(join(REPOSITORY, source)).mtimeMs;
}

/** How the command line is started. */
export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called with the process once it runs; for signals. */
  readonly onStart?: (child: ReturnType<typeof spawn>) => void;
  /** What becomes of standard input; closed by default. */
  readonly stdin?: 'ignore' | 'pipe';
}

/** What a run of the command line left. */
export interface CliResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command line as a child process, with nothing of our environment but PATH. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: options.cwd ?? REPOSITORY,
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  options.onStart?.(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
}
