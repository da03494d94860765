import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openExt4, type Ext4FileSystem } from '../../src/disks/ext4-reader.ts';
import { run } from '../../src/host/run.ts';
import { readRootPartitionOffset } from '../../src/workflows/read-guest.ts';
import { CLI, type CliResult } from '../integration/compiled-cli.ts';
import { REPOSITORY } from '../rules/source-files.ts';

/** Profiles whose base is made: the smallest, and one with swap and systemd-resolved. */
const PROFILES = {
  tiny: join(REPOSITORY, 'test/fixtures/profiles/tiny.json'),
  'tiny-resolved': join(REPOSITORY, 'test/fixtures/profiles/tiny-resolved.json'),
};

/** A person without rights, who exists only in the mount namespace that a command of theirs runs in. */
const STRANGER = { id: 61_234, name: 'mintmark-stranger', firstSubordinate: 2_000_000_000 };

/** How `mintmark base` is started. */
export interface BaseCall {
  readonly profile?: keyof typeof PROFILES;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly umask?: string;
  readonly asStranger?: boolean;
  readonly onStart?: (child: ChildProcess) => void;
}

/** A cache and a home of its own, for making bases with the real command line. */
export class BasePlace {
  readonly directory: string;
  readonly cache: string;

  private constructor(directory: string) {
    this.directory = directory;
    this.cache = join(directory, 'home/cache');
  }

  /** Makes an empty place below the temporary directory. */
  static async make(): Promise<BasePlace> {
    const directory = await mkdtemp(join(tmpdir(), 'mintmark-base-test-'));
    await chmod(directory, 0o755);
    return new BasePlace(directory);
  }

  /** Removes it with all it holds. */
  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  /** Runs `mintmark base`, on the smallest profile when none is named. */
  base(call: BaseCall = {}): Promise<CliResult> {
    const words = [
      process.execPath,
      CLI,
      'base',
      '--profile',
      PROFILES[call.profile ?? 'tiny'],
      '--json',
      '--accel',
      'tcg',
      ...(call.args ?? []),
    ];
    const env = {
      HOME: join(this.directory, 'home'),
      MINTMARK_CACHE: this.cache,
      PATH: process.env['PATH'] ?? '',
      ...call.env,
    };
    const shell = `umask ${call.umask ?? '022'}; mkdir -p "$HOME"; ${call.asStranger === true ? becomeStranger() : 'exec "$@"'}`;
    const prefix = call.asStranger === true ? ['unshare', '--mount'] : [];
    const [command = '', ...args] = [...prefix, 'sh', '-c', shell, 'sh', ...words];
    const child = spawn(command, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] });
    call.onStart?.(child);
    return collect(child);
  }

  /** Command lines of the processes that work in our cache. */
  async processes(): Promise<string[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(
      pids.map(async (pid) => {
        const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        return line.includes(this.cache) ? [`${pid} ${line.replaceAll('\0', ' ')}`] : [];
      }),
    );
    return lines.flat();
  }

  /** Waits until mmdebstrap is at work. */
  async untilInstalling(): Promise<void> {
    for (let tries = 0; tries < 1200; tries += 1) {
      if ((await this.processes()).some((line) => / \/?\S*mmdebstrap /.test(line))) return;
      await delay(100);
    }
    throw new Error('mmdebstrap never began');
  }

  /** The root file system of a base in the cache, and the raw disk that it is in. */
  async withRoot<T>(disk: string, use: (root: Ext4FileSystem, raw: string) => Promise<T>): Promise<T> {
    const raw = join(this.directory, 'disk.raw');
    await run({ command: 'qemu-img', args: ['convert', '-O', 'raw', disk, raw], deadlineMs: 120_000 });
    const offset = await readRootPartitionOffset(raw);
    const handle = await open(raw, 'r');
    try {
      const readAt = async (position: number, length: number): Promise<Buffer> => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
        return buffer.subarray(0, bytesRead);
      };
      return await use(await openExt4(readAt, offset), raw);
    } finally {
      await handle.close();
      await rm(raw, { force: true });
    }
  }
}

/** Shell words that give the namespace a user of no importance and become them; the machine's own files stay. */
function becomeStranger(): string {
  const { id, name, firstSubordinate } = STRANGER;
  return [
    'set -e',
    appendTo('/etc/passwd', `${name}:x:${id}:${id}::$HOME:/bin/sh`),
    appendTo('/etc/group', `${name}:x:${id}:`),
    appendTo('/etc/subuid', `${name}:${firstSubordinate}:65536`),
    appendTo('/etc/subgid', `${name}:${firstSubordinate}:65536`),
    'chmod 0644 "$HOME"/../passwd "$HOME"/../group "$HOME"/../subuid "$HOME"/../subgid',
    `chown -R ${id}:${id} "$HOME"`,
    'chmod 0700 "$HOME"',
    `exec setpriv --reuid ${id} --regid ${id} --clear-groups --inh-caps=-all "$@"`,
  ].join('; ');
}

function collect(child: ChildProcess): Promise<CliResult> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
}

/** Lets the namespace see a line more in a file, through a copy of it. */
function appendTo(file: string, line: string): string {
  const copy = `"$HOME"/..${file.slice('/etc'.length)}`;
  return `cp ${file} ${copy}; printf '%s\\n' "${line}" >>${copy}; mount --bind ${copy} ${file}`;
}
