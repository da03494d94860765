import { createWriteStream, type WriteStream } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsoleSource } from '../guest/console-sign.ts';
import { findConsoleSign } from '../guest/console-signs.ts';
import { ConsoleWatch } from '../guest/console-watch.ts';
import { isLoginPrompt } from '../guest/login-prompt.ts';
import { listenForLines, type LineSocket } from '../host/line-socket.ts';
import { QmpConnection, type QmpEvent } from '../host/qmp.ts';
import type { SecretFilter } from '../host/secrets.ts';
import { RUN_FILES } from '../packer/qemu-source.ts';

/** Why a machine cannot go on. */
export interface MachineEnd {
  /** Stable code of the failure. */
  readonly code: string;
  /** Whether this host is at fault, and not what was run in the guest. */
  readonly isHostFault: boolean;
  /** One line that says why. */
  readonly reason: string;
}

/** What a watched machine is told about. */
export interface WatchOptions {
  /** Directory of the machine's files; see `RUN_FILES`. */
  readonly vm: string;
  readonly secrets: SecretFilter;
  /** Called once, at the first thing after which the machine cannot go on. */
  readonly onEnd: (end: MachineEnd) => void;
  /** Called once when QEMU has been there and has gone. */
  readonly onGone: () => void;
  /** Called once when its serial console asks for a login. */
  readonly onPrompt?: (() => void) | undefined;
  /** Told every line of its serial console, with the milliseconds since we began to listen. */
  readonly onSerial?: ((line: string, atMs: number) => void) | undefined;
  /** Given its serial console when it is there, to take its bytes and to type. */
  readonly onConsole?: ((console: Socket) => void) | undefined;
}

/** Between a fatal line and the picture of the screen: what belongs to the line comes right after it. */
const SETTLE_MS = 400;
/** QEMU makes its control socket when it starts. */
const CONNECT_EVERY_MS = 200;
/** A serial line that never ends must not fill the host's disk. */
const LARGEST_LOG_BYTES = 32 * 1024 * 1024;

/** Listens to a virtual machine while it runs: its serial line, its firmware, and what QEMU says of it. */
export class MachineWatch {
  /** What the consoles told. */
  readonly consoles = new ConsoleWatch();
  /** How the guest ended the machine, in QEMU's word: `guest-shutdown`, `guest-reset`, `guest-panic`. */
  shutdown: string | undefined;
  readonly #options: WatchOptions;
  readonly #stopped = new AbortController();
  readonly #began = performance.now();
  readonly #sockets: LineSocket[] = [];
  readonly #logs: WriteStream[] = [];
  #qmp: QmpConnection | undefined;
  #following: Promise<void> = Promise.resolve();
  #onContact = (): void => {};
  readonly #firstContact = new Promise<void>((resolve) => (this.#onContact = resolve));
  #isOver = false;
  #hasPrompt = false;

  private constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Begins to listen, before the machine is there. Raises the system error of a directory without room for sockets. */
  static async start(options: WatchOptions): Promise<MachineWatch> {
    const watch = new MachineWatch(options);
    await watch.#record('serial', RUN_FILES.serialSocket, RUN_FILES.serial);
    await watch.#record('firmware', RUN_FILES.firmwareSocket, RUN_FILES.firmware);
    watch.#following = watch.#followQemu();
    return watch;
  }

  /** Takes a line that the machine's user got by another way: of a provisioner, of QEMU. */
  hear(line: string, source: ConsoleSource): void {
    const before = this.consoles.fatal;
    this.consoles.hear(line, source, performance.now() - this.#began);
    const { fatal } = this.consoles;
    if (before !== undefined || fatal === undefined) return;
    const { sign, reason } = fatal;
    this.#end({ code: sign.code, isHostFault: false, reason }, SETTLE_MS);
  }

  /** Writes what the machine's screen shows to a PNG; false when there is no machine to ask any more. */
  async photograph(path: string): Promise<boolean> {
    await this.#connected;
    return (await this.#qmp?.execute('screendump', { filename: path, format: 'png' })) === true;
  }

  /** Waits until the machine has ended, for as long as that at most. */
  async waitForEnd(deadlineMs: number): Promise<void> {
    await Promise.race([this.#qmp?.closed, delay(deadlineMs, undefined, { ref: false })]);
  }

  /** Ends a machine so that its disk holds what the guest has written so far. */
  async halt(): Promise<void> {
    await this.#connected;
    // Stopping makes QEMU write out what it knows of the disk and has not written yet.
    await this.#qmp?.execute('stop');
    await this.#qmp?.execute('quit');
  }

  /** Presses the button that asks a guest to power itself off (ACPI); false when there is no machine to press it on. */
  async pressPowerButton(): Promise<boolean> {
    await this.#connected;
    return (await this.#qmp?.execute('system_powerdown')) === true;
  }

  /** Resolves soon: a machine that began a moment ago is asked for its control socket once or twice more. */
  get #connected(): Promise<unknown> {
    const soon = delay(5 * CONNECT_EVERY_MS, undefined, { ref: false });
    return this.#qmp === undefined ? Promise.race([this.#firstContact, soon]) : Promise.resolve();
  }

  /** Stops listening; the logs are complete then. */
  async close(): Promise<void> {
    this.#stopped.abort();
    this.#qmp?.close();
    await this.#following;
    for (const socket of this.#sockets) await socket.close();
    for (const log of this.#logs) {
      log.end();
      await finished(log).catch(() => {});
    }
  }

  async #record(source: ConsoleSource, socketFile: string, logFile: string): Promise<void> {
    const { vm, secrets } = this.#options;
    const log = createWriteStream(join(vm, logFile), { flags: 'a' });
    // A console that cannot be written is still listened to.
    log.on('error', () => {});
    this.#logs.push(log);
    let written = 0;
    const deliver = (line: string): void => {
      const text = secrets.text(line);
      this.hear(text, source);
      if (source === 'serial') {
        this.#lookForPrompt(text);
        this.#options.onSerial?.(text, performance.now() - this.#began);
      }
      written += text.length + 1;
      if (written <= LARGEST_LOG_BYTES) log.write(`${text}\n`);
    };
    const listeners = {
      onPause: (text: string) => this.#peek(text, source),
      onConnection: source === 'serial' ? this.#options.onConsole : undefined,
    };
    this.#sockets.push(await listenForLines(join(vm, socketFile), deliver, listeners));
  }

  /** A prompt is heard as well; of other unfinished lines nothing is kept, as half of a secret is not known as such. */
  #peek(unfinished: string, source: ConsoleSource): void {
    const text = this.#options.secrets.pieces().push(unfinished);
    if (findConsoleSign(text, source) !== undefined) this.hear(text, source);
    if (source === 'serial') this.#lookForPrompt(text);
  }

  #lookForPrompt(text: string): void {
    if (this.#hasPrompt || !isLoginPrompt(text)) return;
    this.#hasPrompt = true;
    this.#options.onPrompt?.();
  }

  /** Packer does not notice when QEMU goes (hashicorp/packer#2155); the kernel then closes our connection. */
  async #followQemu(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      this.#qmp = await QmpConnection.connect(join(this.#options.vm, RUN_FILES.qmp), (event) =>
        this.#hearQemu(event),
      );
      if (this.#qmp === undefined) {
        await delay(CONNECT_EVERY_MS, undefined, { signal }).catch(() => {});
        continue;
      }
      this.#onContact();
      await this.#qmp.closed;
      if (!signal.aborted) this.#options.onGone();
      return;
    }
  }

  /** Events as QEMU's `qapi/run-state.json` and `qapi/block-core.json` describe them. */
  #hearQemu({ name, data }: QmpEvent): void {
    const { reason } = data;
    if (name === 'SHUTDOWN') this.shutdown = typeof reason === 'string' ? reason : 'unknown';
    if (name !== 'BLOCK_IO_ERROR') return;
    const isFull = data['nospace'] === true;
    const why = isFull
      ? `no space is left on this host for the guest's disk (below ${this.#options.vm})`
      : `this host cannot read or write the guest's disk: ${typeof reason === 'string' ? reason : 'for an unknown reason'}`;
    this.#end({ code: isFull ? 'E_NO_SPACE' : 'E_HOST_DISK', isHostFault: true, reason: why }, 0);
  }

  #end(end: MachineEnd, settleMs: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    setTimeout(() => this.#options.onEnd(end), settleMs).unref();
  }
}
