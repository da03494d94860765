import { spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runCli, type CliResult } from './compiled-cli.ts';
import { writeArchive } from './lab-archive.ts';

const FAKES = join(import.meta.dirname, 'fake-tools');
/** Not /tmp: virt-sparsify is shown another one, and would find no fake there. Short, because sockets lie below. */
const PLACE = '/var/tmp';

const KILL_HOOK = join(FAKES, 'kill-hook.mjs');

/** Programs that are the real ones, with a fake before them that can hold them up. */
const REAL_PROGRAMS = ['qemu-img', 'ssh-keygen', 'mke2fs', 'zstd', 'lbzip2'];

/** Real programs that a lab cannot do without; those before come first. */
const NEEDED = [
  ...REAL_PROGRAMS,
  'xorriso',
  'unshare',
  'setpriv',
  'tar',
  'cpio',
  'mount',
  'newuidmap',
  'lbzip2',
  'xz',
  'debugfs',
];

/** Why no lab can be set up here, or undefined. A caller that skips prints it. */
export function whyNoLab(): string | undefined {
  const path = `${process.env['PATH']}:/usr/sbin:/sbin`;
  const missing = NEEDED.filter(
    (name) => !path.split(delimiter).some((place) => existsSync(join(place, name))),
  );
  if (missing.length > 0) return `${missing.join(', ')} not installed`;
  const namespaces = process.getuid?.() === 0 ? [] : ['--map-auto', '--map-root-user'];
  const probe = spawnSync('unshare', [...namespaces, '--mount', '--pid', '--fork', '--mount-proc', 'true']);
  return probe.status === 0 ? undefined : 'this machine gives us no namespaces';
}

/** How a build in a lab is started. */
export interface LabCall {
  readonly env?: Readonly<Record<string, string>>;
  /** Kills the process at its N-th change of the file system, or only counts them. */
  readonly killAt?: { readonly call: number; readonly when: 'before' | 'after' };
  readonly countCalls?: boolean;
  /** Holds the process up before it changes a file whose path has this text; `mintmark` then pauses at `change`. */
  readonly holdAt?: string;
}

/** A build under way. */
export interface RunningBuild {
  readonly child: ChildProcess;
  readonly done: Promise<CliResult>;
}

/**
 * A directory in which the real command line builds in a second or two, because the heavy programs are fakes on PATH.
 * Home, state, cache, catalogue and temporary files all lie in it. `fake-tools/control.sh` says how the fakes are steered.
 */
export class Lab {
  readonly directory: string;
  readonly cache: string;
  readonly catalogue: string;
  readonly runs: string;
  readonly profile: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.cache = join(directory, 'cache');
    this.catalogue = join(directory, 'catalogue');
    this.runs = join(directory, 'state/mintmark/runs');
    this.profile = join(directory, 'lab.json');
  }

  /** Sets up an empty lab. The name is short, because sockets lie below it. */
  static make(): Lab {
    const lab = new Lab(mkdtempSync(join(PLACE, 'mml-')));
    chmodSync(lab.directory, 0o755);
    for (const name of ['home', 'tmp', 'bin', 'control', 'points']) mkdirSync(join(lab.directory, name));
    writeArchive(join(lab.directory, 'archive'));
    // Copies: the sources may lie below /tmp, which virt-sparsify is not shown.
    cpSync(FAKES, join(lab.directory, 'tools'), { recursive: true });
    for (const [name, file] of fakePrograms())
      symlinkSync(join('../tools', file), join(lab.directory, 'bin', name));
    lab.writeProfile();
    return lab;
  }

  /** A second lab that begins as this one is now. */
  copy(): Lab {
    const lab = new Lab(mkdtempSync(join(PLACE, 'mml-')));
    const { status, stderr } = spawnSync('cp', ['-a', `${this.directory}/.`, lab.directory], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the lab could not be copied: ${stderr}`);
    for (const name of readdirSync(join(lab.directory, 'points')))
      rmSync(join(lab.directory, 'points', name));
    return lab;
  }

  /** Removes it with all it holds. */
  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /**
   * Lets every build from now on give a disk of the same content, which this text decides; else each gives another.
   * With an empty text not even the version is written, so that disks are the same to the byte.
   */
  provision(text: string): void {
    writeFileSync(join(this.directory, 'provisioned'), text);
  }

  /** Says what is built: the smallest profile, with these changes. */
  writeProfile(changes: object = {}): void {
    const profile = {
      extends: ['os:debian-13', 'target:kvm'],
      description: 'What the lab builds',
      disk: { sizeMiB: 512 },
      packages: { kernel: 'linux-image-cloud-amd64' },
      provisioners: [{ type: 'shell', name: 'pretend', inline: 'true' }],
      ...changes,
    };
    writeFileSync(this.profile, JSON.stringify(profile));
  }

  /** Starts `mintmark build`, which takes nothing from an earlier release. */
  start(args: readonly string[] = [], call: LabCall = {}): RunningBuild {
    return this.command(['build', '--profile', this.profile, ...FIXED_ARGUMENTS, ...args], call);
  }

  /** As {@link start}, but what is built is tested before it is filed. */
  startTested(args: readonly string[] = [], call: LabCall = {}): RunningBuild {
    return this.command(['build', '--profile', this.profile, ...TESTED_ARGUMENTS, ...args], call);
  }

  /** Goes on with a run that ended early. */
  resume(args: readonly string[] = []): Promise<CliResult> {
    return this.command(['build', '--resume', ...args, '--json']).done;
  }

  /** Starts any command, its events written down. */
  command(argv: readonly string[], call: LabCall = {}): RunningBuild {
    let child: ChildProcess | undefined;
    const done = runCli([...argv, '--events', this.events], {
      env: this.#environment(call),
      cwd: this.directory,
      onStart: (started) => (child = started),
    });
    if (child === undefined) throw new Error('the build was not started');
    return { child, done };
  }

  /** Runs `mintmark build` to its end. */
  build(args: readonly string[] = [], call: LabCall = {}): Promise<CliResult> {
    return this.start(args, call).done;
  }

  /** The file of events of the last build. */
  get events(): string {
    return join(this.directory, 'events.jsonl');
  }

  /** The calls that the last build with `countCalls` made, one line each. */
  readCalls(): string[] {
    return readFileSync(join(this.directory, 'calls'), 'utf8').trim().split('\n');
  }

  /** Makes a fake fail, or pause, at one of its points; replaces what it was told before. */
  tell(tool: string, point: string, action: 'pause' | `fail ${number}`): void {
    writeFileSync(join(this.directory, 'control', tool), `${point} ${action}\n`);
  }

  /** Makes a fake write something; see `control.mjs`. */
  tellToPrint(tool: string, texts: readonly { stream: string; pieces: readonly string[] }[]): void {
    writeFileSync(join(this.directory, 'control', `${tool}.print`), JSON.stringify(texts));
  }

  /** Takes back what the fakes were told; those that pause go on. */
  tellNothing(): void {
    for (const name of readdirSync(join(this.directory, 'control')))
      rmSync(join(this.directory, 'control', name));
    for (const name of readdirSync(join(this.directory, 'points')))
      rmSync(join(this.directory, 'points', name));
  }

  /** Waits until a fake pauses at a point; fails when the build ends before. */
  async untilPaused(tool: string, point: string, running: RunningBuild): Promise<void> {
    const mark = join(this.directory, 'points', `${tool}.${point}.paused`);
    let ended: CliResult | undefined;
    void running.done.then((result) => (ended = result));
    const endsAt = Date.now() + 60_000;
    while (!existsSync(mark)) {
      if (ended) throw new Error(`the build ended before ${tool} came to ${point}\n${ended.stderr}`);
      if (Date.now() > endsAt) throw new Error(`${tool} never came to ${point}`);
      await delay(15);
    }
  }

  #environment({ env = {}, killAt, countCalls = false, holdAt }: LabCall): Record<string, string> {
    const hook = killAt !== undefined || countCalls || holdAt !== undefined;
    return {
      PATH: [join(this.directory, 'bin'), dirname(process.execPath), process.env['PATH'] ?? ''].join(
        delimiter,
      ),
      HOME: join(this.directory, 'home'),
      XDG_STATE_HOME: join(this.directory, 'state'),
      MINTMARK_CACHE: this.cache,
      MINTMARK_CATALOGUE: this.catalogue,
      TMPDIR: join(this.directory, 'tmp'),
      ...(hook ? { NODE_OPTIONS: `--import ${KILL_HOOK}`, LAB_CALLS: join(this.directory, 'calls') } : {}),
      ...(killAt ? { LAB_KILL_AT: `${killAt.call} ${killAt.when}` } : {}),
      ...(holdAt === undefined ? {} : { LAB_HOLD_AT: holdAt }),
      ...env,
    };
  }
}

/** What every build in a lab is asked for. Nothing is tested but where the tests are what is looked at: that takes time. */
export const FIXED_ARGUMENTS = ['--accel', 'tcg', '--no-test', '--rebuild', '--json'];

const TESTED_ARGUMENTS = FIXED_ARGUMENTS.filter((word) => word !== '--no-test');

/** Names on PATH and the files behind them. */
function fakePrograms(): [name: string, file: string][] {
  const fakes = readdirSync(FAKES).filter((name) => !/^(?:control|kill-hook|real|guest-disk)\./.test(name));
  return [
    ...fakes.map((name): [string, string] => [name.replace(/\.\w+$/, ''), name]),
    ...REAL_PROGRAMS.map((name): [string, string] => [name, 'real.sh']),
  ];
}
