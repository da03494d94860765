import type { ChildProcess } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, readlink, realpath, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { sha256OfFile } from '../../src/host/digest-file.ts';
import { isMapping } from '../../src/schemas/document-path.ts';
import { runCli, type CliResult } from '../integration/compiled-cli.ts';

/** Variables of ours that a real build is given; everything else about us stays out. */
const KEPT_VARIABLES = [
  'MINTMARK_CACHE',
  'MINTMARK_PACKER',
  'XDG_CACHE_HOME',
  'TMPDIR',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
];

/** Disks and keys of a run, which only a successful or `--keep-failed` run may leave for a while. */
const RUN_LEFTOVERS = /\/(?:output|base|tmp|disk\.raw|build-key[^/]*)(?:\/|$)/;

/** A place for real builds: a catalogue and a state directory of its own, over the usual cache. */
export class BuildPlace {
  readonly directory: string;
  readonly catalogue: string;
  readonly #state: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.catalogue = join(directory, 'catalogue');
    this.#state = join(directory, 'state');
  }

  /** Makes an empty place below the temporary directory. */
  static async make(): Promise<BuildPlace> {
    return new BuildPlace(await mkdtemp(join(tmpdir(), 'mintmark-e2e-')));
  }

  /** Takes over what MINTMARK_TEST_CATALOGUE holds, a catalogue with a `server` of this source; says whether there is one. */
  async takeGiven(): Promise<boolean> {
    const given = process.env['MINTMARK_TEST_CATALOGUE'] ?? '';
    if (given === '') return false;
    await cp(given, this.catalogue, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    return true;
  }

  /** Removes it with all it holds. */
  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  /** Runs `mintmark build` into the catalogue, without booting what it makes; its progress is shown as it comes. */
  build(args: readonly string[], onStart: (child: ChildProcess) => void = () => {}): Promise<CliResult> {
    return this.buildTested(['--no-test', ...args], onStart);
  }

  /** The same, with tests. */
  buildTested(
    args: readonly string[],
    onStart: (child: ChildProcess) => void = () => {},
  ): Promise<CliResult> {
    return this.#run(['build', '--catalogue', this.catalogue, '--json', ...args], onStart);
  }

  /** Runs `mintmark base`. */
  base(args: readonly string[]): Promise<CliResult> {
    return this.#run(['base', '--json', ...args], () => {});
  }

  /** Goes on with the build that failed last. */
  resume(args: readonly string[], onStart: (child: ChildProcess) => void = () => {}): Promise<CliResult> {
    return this.#run(['build', '--resume', '--json', ...args], onStart);
  }

  #run(argv: readonly string[], onStart: (child: ChildProcess) => void): Promise<CliResult> {
    const kept = KEPT_VARIABLES.map((name) => [name, process.env[name]] as const);
    const given = Object.fromEntries(kept.filter((pair): pair is [string, string] => pair[1] !== undefined));
    return runCli(argv, {
      env: { ...given, HOME: homedir(), XDG_STATE_HOME: this.#state },
      onStart: (child) => {
        child.stderr?.on('data', (text: string) => process.stderr.write(text.replace(/^(?=.)/gm, '    ')));
        onStart(child);
      },
    });
  }

  /** Directory of the newest release of a line. */
  latest(line: string): Promise<string> {
    return realpath(join(this.catalogue, 'latest', line));
  }

  /** What users of the catalogue see, and what no failed build may touch: every file with its digest and age. */
  async served(): Promise<Record<string, string>> {
    const releases = await snapshot(join(this.catalogue, 'releases'));
    return { ...releases, ...(await snapshot(join(this.catalogue, 'latest'))) };
  }

  /** Processes that have our state directory in their command line or environment: all that our builds started. */
  async processes(): Promise<string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const described = await Promise.all(
      pids.map(async (pid) => {
        const read = (name: string): Promise<string> =>
          readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
        const commandLine = await read('cmdline');
        const isOurs = `${commandLine}${await read('environ')}`.includes(this.#state);
        return isOurs ? [`${pid} ${commandLine.replaceAll('\0', ' ')}`] : [];
      }),
    );
    return described.flat();
  }

  /** Everything that a failed build has to leave as it was, and its number burnt. */
  async expectNothingLeft(servedBefore: Record<string, string>, line: string, burnt: number): Promise<void> {
    expect(await this.processes()).toEqual([]);
    expect(await this.served()).toEqual(servedBefore);
    const allocation = await readFile(join(this.catalogue, `lines/${line}/alloc/${burnt}.json`), 'utf8');
    expect(JSON.parse(allocation)).toMatchObject({ build: burnt, state: 'failed' });
    expect(await readdir(join(this.catalogue, '.staging')).catch(() => [])).toEqual([]);
    const runs = await readdir(join(this.#state, 'mintmark/runs'), { recursive: true });
    expect(runs.filter((path) => RUN_LEFTOVERS.test(path))).toEqual([]);
  }
}

/** The JSON document of a build that was expected to end with this exit code. */
export function documentOf(result: CliResult, exitCode: number): Readonly<Record<string, unknown>> {
  const document: unknown = result.exitCode === exitCode ? JSON.parse(result.stdout) : undefined;
  if (isMapping(document)) return document;
  throw new Error(`exit code ${result.exitCode}, not ${exitCode}\n${result.stdout}${result.stderr}`);
}

async function snapshot(top: string): Promise<Record<string, string>> {
  const entries = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => []);
  const pairs = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) return [path, await readlink(path)] as const;
    if (!entry.isFile()) return [path, 'directory'] as const;
    return [path, `${(await stat(path)).mtimeMs} ${await sha256OfFile(path)}`] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}
