import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Boots a template as a stranger would: with QEMU, a NoCloud seed and ssh. Nothing here is code of Mintmark, so
 * that the template has to stand on its own.
 */

/** What a program left. */
export interface CallResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, or kills it at its deadline; the exit code is null then. */
export function call(
  command: string,
  args: readonly string[],
  options: { readonly deadlineMs?: number; readonly input?: string; readonly cwd?: string } = {},
): Promise<CallResult> {
  const { deadlineMs = 60_000, input = '', cwd } = options;
  const child = spawn(command, args, { stdio: 'pipe', timeout: deadlineMs, killSignal: 'SIGKILL', cwd });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A program that does not read its input may close it first.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

/** The same for a program that must succeed; returns what it printed. */
export async function callOk(...words: Parameters<typeof call>): Promise<string> {
  const { exitCode, stdout, stderr } = await call(...words);
  if (exitCode === 0) return stdout;
  throw new Error(`${words[0]} ${words[1].join(' ')}: exit code ${exitCode}\n${stdout}${stderr}`);
}

/** How a guest is started. */
export interface GuestOptions {
  /** Directory for its overlay, seed, key and serial log; made when it does not exist. */
  readonly directory: string;
  /** The template; read, never written. */
  readonly image: string;
  readonly diskSizeGiB: number;
  /** xorriso or genisoimage. */
  readonly isoProgram: string;
  /** Further words for QEMU, such as another firmware than SeaBIOS. */
  readonly machine?: readonly string[];
}

const SSH_DEADLINE_MS = 600_000;
const REBOOT_DEADLINE_MS = 120_000;

/** A running guest with user `debian`, whose key was made for it alone. */
export class TemplateGuest {
  readonly name: string;
  readonly #directory: string;
  readonly #port: number;
  readonly #machine: readonly string[];
  #qemu: ChildProcess;

  private constructor({ directory, machine = [] }: GuestOptions, port: number) {
    this.name = directory.split('/').at(-1) ?? '';
    this.#directory = directory;
    this.#port = port;
    this.#machine = machine;
    this.#qemu = startMachine(directory, port, machine);
  }

  /** Starts QEMU on a fresh overlay of the template; the guest is not up yet. */
  static async start(options: GuestOptions): Promise<TemplateGuest> {
    const { directory } = options;
    await mkdir(directory, { recursive: true });
    await makeSeed(options);
    const overlay = join(directory, 'overlay.qcow2');
    const create = ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', options.image, overlay];
    await callOk('qemu-img', [...create, `${options.diskSizeGiB}G`]);
    return new TemplateGuest(options, await findFreePort());
  }

  /** Waits until the guest lets us in. Fails with the end of its serial console. */
  async waitForSsh(): Promise<void> {
    const giveUpAt = Date.now() + SSH_DEADLINE_MS;
    while (Date.now() < giveUpAt && !hasEnded(this.#qemu)) {
      if ((await this.ssh('true', 30_000)).exitCode === 0) return;
      await delay(1000);
    }
    throw new Error(`${this.name} does not let us in by SSH\n${await this.#lastLines()}`);
  }

  /** Waits until its serial console shows this; returns everything that it showed. Fails as {@link waitForSsh}. */
  async waitForConsole(pattern: RegExp): Promise<string> {
    const giveUpAt = Date.now() + SSH_DEADLINE_MS;
    while (Date.now() < giveUpAt && !hasEnded(this.#qemu)) {
      const serial = await this.#readConsole();
      if (pattern.test(serial)) return serial;
      await delay(1000);
    }
    throw new Error(`${this.name} never shows ${pattern}\n${await this.#lastLines()}`);
  }

  #readConsole(): Promise<string> {
    return readFile(join(this.#directory, 'serial.log'), 'utf8').catch(() => '');
  }

  async #lastLines(): Promise<string> {
    return (await this.#readConsole()).split('\n').slice(-30).join('\n');
  }

  /** Runs a shell script as `debian`. */
  ssh(script: string, deadlineMs = 120_000): Promise<CallResult> {
    const options = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=no', 'LogLevel=ERROR'];
    options.push('UserKnownHostsFile=/dev/null', 'ConnectTimeout=20', 'ServerAliveInterval=15');
    const words = ['-F', 'none', '-i', join(this.#directory, 'key'), '-p', String(this.#port)];
    const args = [...words, ...options.flatMap((option) => ['-o', option]), 'debian@127.0.0.1', 'sh', '-s'];
    return call('ssh', args, { input: script, deadlineMs });
  }

  /** Runs a shell script that must succeed; returns what it printed. */
  async sshOk(script: string, deadlineMs?: number): Promise<string> {
    const { exitCode, stdout, stderr } = await this.ssh(script, deadlineMs);
    if (exitCode === 0) return stdout.trim();
    throw new Error(`${this.name}: ${script.trim()}: exit code ${exitCode}\n${stdout}${stderr}`);
  }

  /**
   * Reboots from inside, and waits until the guest lets us in again. The machine itself is a new one: QEMU ends when
   * the guest resets, because a warm reset of an emulated processor hangs now and then before the kernel's first line.
   */
  async reboot(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#qemu.once('close', () => resolve()));
    await this.ssh('sudo -n systemctl reboot');
    const late = delay(REBOOT_DEADLINE_MS, 'late', { ref: false });
    if ((await Promise.race([gone, late])) === 'late') throw new Error(`${this.name} does not go down`);
    this.#qemu = startMachine(this.#directory, this.#port, this.#machine);
    await this.waitForSsh();
  }

  /** Ends the guest like a power cut; its disk is thrown away anyway. */
  async stop(): Promise<void> {
    if (hasEnded(this.#qemu)) return;
    const gone = new Promise((resolve) => this.#qemu.once('close', resolve));
    this.#qemu.kill('SIGKILL');
    await gone;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** QEMU on the guest's disk and seed; it ends with us. */
function startMachine(directory: string, port: number, further: readonly string[]): ChildProcess {
  const args = [
    '--pdeathsig',
    'KILL',
    'qemu-system-x86_64',
    ...machineArguments(directory, port),
    ...further,
  ];
  return spawn('setpriv', args, { stdio: ['ignore', 'inherit', 'inherit'] });
}

/**
 * The whole QEMU line, as a person would write it on a machine without KVM. One processor: with two, QEMU's emulation
 * lets a kernel panic in one start of thirty.
 */
function machineArguments(directory: string, port: number): string[] {
  return [
    ['-accel', 'tcg', '-cpu', 'max', '-smp', '1', '-m', '1024', '-display', 'none', '-no-reboot'],
    ['-drive', `file=${join(directory, 'overlay.qcow2')},if=none,id=disk,format=qcow2`],
    // Named as the one to boot from: UEFI firmware would ask the network first.
    ['-device', 'virtio-blk-pci,drive=disk,bootindex=1'],
    ['-drive', `file=${join(directory, 'seed.iso')},if=virtio,format=raw,readonly=on`],
    ['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:22`, '-device', 'virtio-net-pci,netdev=net'],
    ['-serial', `file:${join(directory, 'serial.log')}`, '-monitor', 'none'],
  ].flat();
}

async function makeSeed({ directory, isoProgram }: GuestOptions): Promise<void> {
  const key = join(directory, 'key');
  await callOk('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'throw-away', '-f', key]);
  const seed = join(directory, 'seed');
  await mkdir(seed);
  const name = directory.split('/').at(-1) ?? 'guest';
  await writeFile(join(seed, 'meta-data'), `instance-id: ${name}\nlocal-hostname: ${name}\n`);
  const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
  await writeFile(join(seed, 'user-data'), `#cloud-config\nssh_authorized_keys:\n  - ${publicKey}\n`);
  const mode = isoProgram.endsWith('xorriso') ? ['-as', 'genisoimage'] : [];
  const files = [join(seed, 'meta-data'), join(seed, 'user-data')];
  const output = ['-quiet', '-output', join(directory, 'seed.iso')];
  await callOk(isoProgram, [...mode, ...output, '-volid', 'cidata', '-joliet', '-rock', ...files]);
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
