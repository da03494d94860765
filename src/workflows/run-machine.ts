import { mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { testMachineArguments, type MachineSockets, type TestMachine } from '../guest/test-machine.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { SecretFilter } from '../host/secrets.ts';
import { RUN_FILES } from '../packer/qemu-source.ts';
import type { WorkflowContext } from './build-request.ts';
import { MachineWatch, type MachineEnd } from './watch-machine.ts';

/** A machine as it is asked for; where its sockets are follows from its directory. */
export type MachineRequest = Omit<TestMachine, 'sockets'>;

/** Who hears a machine, and how long it runs. */
export interface MachineListeners {
  readonly onSerial?: ((line: string, atMs: number) => void) | undefined;
  /** Given its serial console when it is there, to take its bytes and to type. */
  readonly onConsole?: ((console: Socket) => void) | undefined;
  /** Told instead what would otherwise stop the machine while QEMU is there: it runs on. */
  readonly onSign?: ((sign: MachineEnd) => void) | undefined;
  /** Longest time that it runs, in milliseconds; two hours unless given. */
  readonly deadlineMs?: number | undefined;
}

/** Where a machine's files lie, and who hears it. */
export interface MachinePlace extends MachineListeners {
  /** Directory of its logs and sockets; short, because a socket's path has 107 characters. */
  readonly directory: string;
  readonly secrets: SecretFilter;
}

/** Why a machine stopped that nobody had told to. */
export interface MachineStop {
  /**
   * `sign`: it said something after which nothing good can follow. `host`: this host is at fault. `guest`: the guest ended
   * the machine. `killed`: QEMU was killed from outside, or crashed.
   */
  readonly kind: 'sign' | 'host' | 'guest' | 'killed';
  readonly code: string;
  /** One line that says why. */
  readonly reason: string;
}

/** Longest time that one machine runs, in milliseconds: two hours are many times what any test takes. */
const MACHINE_DEADLINE_MS = 2 * 3_600_000;
/** Words that are on their way when QEMU has gone, in milliseconds. */
const LAST_WORDS_MS = 300;
/** Name of the guest agent's socket. */
const AGENT_SOCKET = 'agent.sock';

/** A QEMU process, with those who listen to it. */
export class RunningMachine {
  readonly sockets: MachineSockets;
  /** Where its logs are. */
  readonly directory: string;
  /** Resolves when the machine cannot go on; never when it is stopped by us. */
  readonly stopped: Promise<MachineStop>;
  /** Aborted at that moment, for work that waits for the machine. */
  readonly lost: AbortSignal;
  /** Resolves when its serial console asks for a login. */
  readonly prompted: Promise<void>;
  readonly #watch: MachineWatch;
  readonly #halt = new AbortController();
  readonly #lost = new AbortController();
  readonly #process: Promise<unknown>;
  readonly #began = performance.now();
  #stop: MachineStop | undefined;
  #isOver = false;
  #tell: (stop: MachineStop) => void = () => {};
  #onPrompt: () => void = () => {};

  private constructor(
    request: MachineRequest,
    place: MachinePlace,
    watch: MachineWatch,
    context: WorkflowContext,
  ) {
    this.directory = place.directory;
    this.sockets = socketsIn(place.directory);
    this.#watch = watch;
    this.stopped = new Promise((resolve) => (this.#tell = resolve));
    this.prompted = new Promise((resolve) => (this.#onPrompt = resolve));
    this.lost = this.#lost.signal;
    const args = testMachineArguments({ ...request, sockets: this.sockets });
    const deadlineMs = place.deadlineMs ?? MACHINE_DEADLINE_MS;
    const spec = { command: 'qemu-system-x86_64', args, deadlineMs };
    const signal = AbortSignal.any([context.signal, this.#halt.signal]);
    this.#process = context
      .run(dieWithParent(spec), { signal, onLine: (line) => watch.hear(line, 'qemu') })
      .catch((error: unknown) => error)
      .then(async (error) => this.#lose(error));
  }

  /** Powers the machine on. Raises the system error of a directory without room for sockets. */
  static async start(
    request: MachineRequest,
    place: MachinePlace,
    context: WorkflowContext,
  ): Promise<RunningMachine> {
    await mkdir(place.directory, { recursive: true });
    let machine: RunningMachine | undefined;
    const watch = await MachineWatch.start({
      vm: place.directory,
      secrets: place.secrets,
      onSerial: place.onSerial,
      onConsole: place.onConsole,
      onPrompt: () => {
        if (machine !== undefined) machine.#onPrompt();
      },
      onEnd: (sign) => {
        const { code, isHostFault, reason } = sign;
        if (place.onSign !== undefined) place.onSign(sign);
        else if (machine !== undefined) machine.#end({ kind: isHostFault ? 'host' : 'sign', code, reason });
      },
      onGone: () => {},
    });
    machine = new RunningMachine(request, place, watch, context);
    return machine;
  }

  /** Milliseconds since power-on. */
  get ageMs(): number {
    return Math.round(performance.now() - this.#began);
  }

  /** Why it cannot go on, if that is so. */
  get stop(): MachineStop | undefined {
    return this.#stop;
  }

  /** What it said. */
  get consoles(): MachineWatch['consoles'] {
    return this.#watch.consoles;
  }

  /** How the guest ended the machine, in QEMU's word. */
  get shutdown(): string | undefined {
    return this.#watch.shutdown;
  }

  /** Writes the screen to a PNG; false when there is none any more. */
  photograph(path: string): Promise<boolean> {
    return this.#isOver ? Promise.resolve(false) : this.#watch.photograph(path);
  }

  /** Asks the guest to power itself off; false when QEMU did not take that. */
  askToPowerOff(): Promise<boolean> {
    return this.#isOver ? Promise.resolve(false) : this.#watch.pressPowerButton();
  }

  /** Waits until QEMU has gone; false when it is still there at the deadline. */
  async waitUntilGone(deadlineMs: number): Promise<boolean> {
    const gone = this.#process.then(() => true);
    return Promise.race([gone, delay(deadlineMs, false, { ref: false })]);
  }

  /** Cuts the power, and waits until everything is written down. */
  async powerOff(): Promise<void> {
    this.#isOver = true;
    this.#halt.abort();
    await this.#process;
    await this.#watch.close();
  }

  async #lose(error: unknown): Promise<void> {
    if (this.#isOver) return;
    await delay(LAST_WORDS_MS);
    this.#end(describeEnd(this.#watch, error));
  }

  #end(stop: MachineStop): void {
    if (this.#isOver || this.#stop !== undefined) return;
    this.#stop = stop;
    this.#lost.abort();
    this.#tell(stop);
  }
}

/** QEMU's words for how a guest ended its machine (`qapi/run-state.json`, ShutdownCause). */
const GUEST_ENDINGS: Readonly<Record<string, readonly [code: string, reason: string]>> = {
  'guest-shutdown': ['E_GUEST_POWERED_OFF', 'the guest powered itself off'],
  'guest-reset': ['E_GUEST_RESTARTED', 'the guest restarted itself'],
  'guest-panic': ['E_GUEST_PANIC', "the guest's kernel panicked"],
};

function describeEnd(watch: MachineWatch, error: unknown): MachineStop {
  const [code, reason] = GUEST_ENDINGS[watch.shutdown ?? ''] ?? [];
  if (code !== undefined && reason !== undefined) return { kind: 'guest', code, reason };
  const last = watch.consoles.lastLines('qemu', 1)[0];
  const why = last ?? (error instanceof Error ? error.message : undefined);
  return {
    kind: 'killed',
    code: 'E_QEMU_DIED',
    reason: `QEMU was killed or crashed${why === undefined ? '' : `: ${why}`}`,
  };
}

function socketsIn(directory: string): MachineSockets {
  return {
    serial: join(directory, RUN_FILES.serialSocket),
    firmware: join(directory, RUN_FILES.firmwareSocket),
    control: join(directory, RUN_FILES.qmp),
    agent: join(directory, AGENT_SOCKET),
    pid: join(directory, RUN_FILES.pid),
  };
}
