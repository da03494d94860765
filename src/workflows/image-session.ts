import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../errors/failure.ts';
import { renderDuration } from '../values/duration.ts';
import { ConsoleBridge, type ConsoleTerminal } from '../host/console-bridge.ts';
import { bringUp } from './boot-session.ts';
import type { WorkflowContext } from './build-request.ts';
import type { RunningMachine } from './run-machine.ts';
import type { TestGuest } from './test-guest.ts';
import type { MachineEnd } from './watch-machine.ts';

/** Who ended a machine: the person at the terminal, the guest itself, or a signal to us. */
export type SessionEnder = 'person' | 'guest' | 'signal';

/** How a machine's time with a person went. */
export interface SessionOutcome {
  readonly endedBy: SessionEnder;
  /** Milliseconds from the first power-on until it was ready; absent when it was not. */
  readonly readyMs?: number;
  /** What it said after which a test would have given it up, in one line. */
  readonly sign?: string;
}

/** A person may forget a machine, in milliseconds: a week. */
const LONGEST_MS = 7 * 24 * 3_600_000;
/** How long a guest has to power itself off when the person leaves, in milliseconds. */
const POWER_OFF_MS = 10_000;
/** Lines of its console that a failure shows. */
const LINES_SHOWN = 8;

/** A machine that runs for a person, until somebody ends it. */
export class ImageSession {
  readonly #guest: TestGuest;
  readonly #context: WorkflowContext;
  readonly #bridge: ConsoleBridge | undefined;
  readonly #cut = new AbortController();
  #machine: RunningMachine | undefined;
  #isLeaving = false;
  #readyMs: number | undefined;
  #sign: MachineEnd | undefined;

  /** @param terminal what its console is shown on, if there is anybody */
  constructor(guest: TestGuest, terminal: ConsoleTerminal | undefined, context: WorkflowContext) {
    this.#guest = guest;
    this.#context = context;
    this.#bridge = terminal && new ConsoleBridge(terminal, () => void this.#leave());
  }

  /** Powers it on, and resolves when it has ended. Raises `E_QEMU_DIED` when neither person nor guest wanted that. */
  async run(): Promise<SessionOutcome> {
    this.#bridge?.open();
    try {
      for (let start = 1; ; start += 1) {
        const endedBy = await this.#runOnce(start === 1);
        if (endedBy !== 'restart') return this.#outcome(endedBy);
        this.#say('the guest restarts');
      }
    } finally {
      this.#bridge?.close();
    }
  }

  #outcome(endedBy: SessionEnder): SessionOutcome {
    return {
      endedBy,
      ...(this.#readyMs === undefined ? {} : { readyMs: this.#readyMs }),
      ...(this.#sign === undefined ? {} : { sign: this.#sign.reason }),
    };
  }

  /** From power-on to power-off; a restart is a new machine, as a warm reset of an emulated processor may hang. */
  async #runOnce(isFirst: boolean): Promise<SessionEnder | 'restart'> {
    const machine = await this.#guest.start(undefined, {
      onConsole: (console) => this.#bridge?.attach(console),
      onSign: (sign) => this.#note(sign),
      deadlineMs: LONGEST_MS,
    });
    this.#machine = machine;
    const over = new AbortController();
    const becomingReady = this.#awaitReady(machine, isFirst, over.signal);
    try {
      await Promise.race([machine.waitUntilGone(LONGEST_MS), untilAborted(this.#cut.signal)]);
    } finally {
      over.abort();
      await machine.powerOff();
      await becomingReady;
    }
    return this.#enderOf(machine);
  }

  #enderOf(machine: RunningMachine): SessionEnder | 'restart' {
    if (this.#context.signal.aborted) return 'signal';
    if (this.#isLeaving) return 'person';
    if (machine.shutdown === 'guest-reset') return 'restart';
    if (machine.stop?.kind === 'guest') return 'guest';
    throw qemuDied(machine);
  }

  /** Tells the machine who it is, as a server does, and the person when it is ready. */
  async #awaitReady(machine: RunningMachine, isFirst: boolean, over: AbortSignal): Promise<void> {
    const { login, plan } = this.#guest;
    const signal = AbortSignal.any([this.#context.signal, over]);
    // A guest that restarts by itself gets nothing new from anybody.
    const told = isFirst ? plan : { ...plan, agentFiles: [], sshFiles: [] };
    const patience = {
      readyDeadlineMs: LONGEST_MS,
      promptDeadlineMs: LONGEST_MS,
      answerDeadlineMs: LONGEST_MS,
    };
    try {
      const booting = { machine, login, plan: told, patience };
      const { readyMs, problem } = await bringUp(booting, '', { ...this.#context, signal });
      if (readyMs !== undefined) this.#greet(readyMs, isFirst);
      else if (machine.stop === undefined && problem !== undefined)
        this.#warn(`it does not get ready: ${problem.reason}`);
    } catch (error) {
      if (signal.aborted || machine.stop !== undefined) return;
      this.#warn(`nobody can log in by SSH: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #greet(readyMs: number, isFirst: boolean): void {
    if (isFirst) this.#readyMs = readyMs;
    this.#say(`ready in ${renderDuration(readyMs)}`);
  }

  /** The person looks at a broken guest on purpose; what this host is to blame for they cannot see on its console. */
  #note(sign: MachineEnd): void {
    if (sign.isHostFault) this.#warn(sign.reason);
    this.#sign ??= sign;
  }

  /** The first time asks the guest, the second time cuts its power. */
  async #leave(): Promise<void> {
    if (this.#isLeaving) {
      this.#cut.abort();
      return;
    }
    this.#isLeaving = true;
    this.#say('the guest is asked to power off; Ctrl-] once more cuts its power');
    const isAsked = await this.#machine?.askToPowerOff();
    const { signal } = this.#cut;
    if (isAsked === true) await delay(POWER_OFF_MS, undefined, { ref: false, signal }).catch(() => {});
    this.#cut.abort();
  }

  #say(text: string): void {
    this.#tell({ type: 'notice', text });
  }

  #warn(text: string): void {
    this.#tell({ type: 'warning', text });
  }

  #tell(event: { readonly type: 'notice' | 'warning'; readonly text: string }): void {
    if (this.#bridge === undefined) this.#context.emit(event);
    else this.#bridge.interject(() => this.#context.emit(event));
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function qemuDied({ stop, consoles }: RunningMachine): Failure {
  return new Failure('command', 'E_QEMU_DIED', stop?.reason ?? 'QEMU was killed or crashed', {
    hint: 'look at the host: memory, the kernel log',
    details: consoles.lastLines('serial', LINES_SHOWN).map((line) => `serial: ${line}`),
  });
}
