import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BootClock } from '../guest/boot-clock.ts';
import type { BootPlan } from '../guest/boot-contract.ts';
import {
  checkMachineIdentity,
  parseMachineIdentity,
  type MachineIdentity,
} from '../guest/check-machine-identity.ts';
import { systemVmChecks } from '../guest/check-system-vm.ts';
import {
  parseCheckAnswers,
  renderCheckScript,
  type GuestQuestion,
  type TimedAnswer,
} from '../guest/check-script.ts';
import { failed, type GuestCheck } from '../guest/guest-check.ts';
import { judgeChecks } from '../guest/judge-checks.ts';
import { FACT_QUESTIONS } from '../guest/listeners.ts';
import type { CheckResult, SuiteResult } from '../manifests/test-report.ts';
import { bringUp, type SessionResult } from './boot-session.ts';
import type { WorkflowContext } from './build-request.ts';
import type { BootPatience } from './boot-deadlines.ts';
import { describeProblem, lastWords, seconds } from './describe-boot.ts';
import { restartGuest } from './restart-guest.ts';
import type { MachineStop, RunningMachine } from './run-machine.ts';
import { TestGuest, type TestBench, type TestGuestRequest } from './test-guest.ts';

/** An artifact that is booted and held to something. */
export interface ArtifactTest extends TestGuestRequest {
  /** Name of the suite in reports. */
  readonly suite: string;
  /** Begins the names of its evidence. */
  readonly slug: string;
  readonly checks: readonly GuestCheck[];
  /** Whether it is restarted, and asked for what `facts.json` holds. */
  readonly isFull: boolean;
  readonly patience: BootPatience;
}

/** What came of booting an artifact. */
export interface BootedArtifact {
  readonly suite: SuiteResult;
  /** What makes this machine itself; absent when it did not say. */
  readonly identity?: MachineIdentity;
  /** Answers to {@link FACT_QUESTIONS}. */
  readonly answers: ReadonlyMap<string, TimedAnswer>;
  /** Evidence, by the name it has in reports. */
  readonly evidence: readonly { readonly name: string; readonly path: string }[];
}

/** Starts of one machine: a kernel may trip over emulation with several processors, see `run-packer`. */
const STARTS = 2;
/** Between a guest's last word and the picture of its screen, in milliseconds. */
const SETTLE_MS = 200;

/**
 * Boots an artifact, tells the machine who it is, has the checks answered, and restarts it when the test is full.
 * Raises `E_INTERRUPTED`, `E_QEMU_DIED` when QEMU was killed, and what preparing the machine raises; whatever the image
 * does wrong is in the suite.
 */
export async function testArtifact(
  test: ArtifactTest,
  bench: TestBench,
  context: WorkflowContext,
): Promise<BootedArtifact> {
  const began = performance.now();
  const guest = await TestGuest.prepare(test, bench, context);
  try {
    const boot = new ArtifactBoot(test, guest, bench, context);
    await boot.run();
    return await boot.outcome(Math.round(performance.now() - began));
  } finally {
    await guest.removeDisks();
  }
}

class ArtifactBoot {
  readonly #test: ArtifactTest;
  readonly #guest: TestGuest;
  readonly #bench: TestBench;
  readonly #context: WorkflowContext;
  #clock = new BootClock();
  readonly #checks: CheckResult[] = [];
  #session: SessionResult | undefined;
  #identity: MachineIdentity | undefined;
  #answers: ReadonlyMap<string, TimedAnswer> = new Map();

  constructor(test: ArtifactTest, guest: TestGuest, bench: TestBench, context: WorkflowContext) {
    this.#test = test;
    this.#guest = guest;
    this.#bench = bench;
    this.#context = context;
  }

  async run(): Promise<void> {
    const machine = await this.#boot();
    try {
      if (this.#test.isFull && this.#session?.problem === undefined) {
        const { patience } = this.#test;
        const restart = { guest: this.#guest, machine, identity: this.#identity, patience };
        const { accelerator } = this.#bench;
        this.#checks.push(await restartGuest({ ...restart, accelerator }, this.#context));
      }
    } finally {
      await machine.powerOff();
    }
  }

  async outcome(durationMs: number): Promise<BootedArtifact> {
    const { suite, artifact, contract, slug } = this.#test;
    const { loginMs, readyMs } = this.#session ?? {};
    const evidence = await this.#evidence(slug);
    return {
      suite: {
        name: suite,
        file: artifact.file,
        target: artifact.target,
        format: artifact.format,
        contract,
        channel: this.#guest.plan.channel,
        boot: {
          ...this.#clock.times,
          ...(readyMs === undefined ? {} : { readyMs }),
          ...(loginMs === undefined ? {} : { loginMs }),
        },
        checks: this.#checks,
        evidence: evidence.map(({ name }) => name),
        durationMs,
      },
      ...(this.#identity === undefined ? {} : { identity: this.#identity }),
      answers: this.#answers,
      evidence,
    };
  }

  /** Boots until every question is answered, or it is clear that they will not be. */
  async #boot(): Promise<RunningMachine> {
    const { checks, isFull } = this.#test;
    const ofContract = isFull ? contractChecks(this.#guest.plan) : [];
    const asked = [...checks, ...ofContract, checkMachineIdentity()].filter(isFirstOfItsName);
    const questions = [...asked, ...(isFull ? FACT_QUESTIONS : [])];
    const nonce = randomBytes(16).toString('hex');
    for (let start = 1; ; start += 1) {
      const machine = await this.#guest.start((line, atMs) => this.#clock.hear(line, atMs));
      const session = await this.#bringUp(machine, questions, nonce);
      if (start < STARTS && this.#isChance(machine.stop, session)) {
        this.#context.emit({
          type: 'warning',
          text: `${this.#test.suite}: ${machine.stop?.reason}; trying once more`,
        });
        await machine.powerOff();
        this.#clock = new BootClock();
        continue;
      }
      await this.#photograph(machine);
      this.#session = session;
      this.#answers = parseCheckAnswers(session.answers, nonce);
      this.#identity = parseMachineIdentity(this.#answers.get(checkMachineIdentity().name)?.text ?? '');
      this.#judge(asked, session, machine);
      return machine;
    }
  }

  async #bringUp(
    machine: RunningMachine,
    questions: readonly GuestQuestion[],
    nonce: string,
  ): Promise<SessionResult> {
    const { plan, login } = this.#guest;
    const booting = { machine, plan, login, patience: this.#test.patience };
    try {
      return await bringUp(booting, renderCheckScript(questions, nonce), this.#context);
    } catch (error) {
      await machine.powerOff();
      throw error;
    }
  }

  #judge(asked: readonly GuestCheck[], session: SessionResult, machine: RunningMachine): void {
    const { readyMs, problem } = session;
    if (readyMs === undefined) {
      this.#checks.push({
        ...READY,
        ...failed('ready', describeProblem(session, machine), lastWords(machine)),
        // When that was clear.
        durationMs: Math.round(machine.consoles.fatal?.atMs ?? machine.ageMs),
      });
      return;
    }
    this.#checks.push({
      ...READY,
      outcome: 'passed',
      found: `after ${seconds(readyMs)}`,
      durationMs: readyMs,
    });
    if (problem !== undefined) {
      this.#checks.push({
        ...ANSWERS,
        ...failed('answers', describeProblem(session, machine), lastWords(machine)),
      });
    }
    const answered = problem === undefined ? asked : asked.filter(({ name }) => this.#answers.has(name));
    this.#checks.push(...judgeChecks(answered, this.#answers));
  }

  /** Kernels trip over emulated processors once in thirty starts, and always before anybody can log in. */
  #isChance(stop: MachineStop | undefined, { loginMs }: SessionResult): boolean {
    const { cpus } = this.#test;
    return (
      this.#bench.accelerator === 'tcg' && cpus > 1 && stop?.code === 'E_GUEST_PANIC' && loginMs === undefined
    );
  }

  async #photograph(machine: RunningMachine): Promise<void> {
    await delay(SETTLE_MS);
    await machine.photograph(join(this.#guest.directory, SCREEN_FILE)).catch(() => false);
  }

  async #evidence(slug: string): Promise<BootedArtifact['evidence']> {
    const found: { name: string; path: string }[] = [];
    for (const [file, suffix] of EVIDENCE) {
      const path = join(this.#guest.directory, file);
      const size = (await stat(path).catch(() => undefined))?.size ?? 0;
      if (size > 0) found.push({ name: `${slug}.${suffix}`, path });
    }
    return found;
  }
}

const READY = {
  name: 'ready',
  title: 'the machine gets ready and lets us in with the key it was given',
} as const;
const ANSWERS = { name: 'answers', title: 'the machine answers when it is ready' } as const;

const SCREEN_FILE = 'screen.png';

/** Files of a machine that are kept, with what their names end in. */
const EVIDENCE = [
  ['serial.log', 'serial.log'],
  ['firmware.log', 'firmware.log'],
  [SCREEN_FILE, 'screen.png'],
] as const;

/** What a guest shows of having understood what it was told. */
function contractChecks({ understood, ssh, marker }: BootPlan): GuestCheck[] {
  if (understood === undefined) return [];
  const promise = { sshPort: ssh.port, controlAddress: ssh.address, readyMarker: marker };
  return systemVmChecks({ ...promise, ...understood });
}

function isFirstOfItsName({ name }: GuestCheck, index: number, all: readonly GuestCheck[]): boolean {
  return all.findIndex((each) => each.name === name) === index;
}
