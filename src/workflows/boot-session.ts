import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../errors/failure.ts';
import type { BootPlan } from '../guest/boot-contract.ts';
import { sshCommand, type SshLogin } from '../guest/ssh-command.ts';
import { renderSessionScript, type SessionMarks } from '../guest/session-script.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import { GuestAgent, GuestAgentError } from '../host/guest-agent.ts';
import { knockForSsh, type PortAnswer } from '../host/ssh-banner.ts';
import type { WorkflowContext } from './build-request.ts';
import { KNOCKS } from './describe-boot.ts';
import { BootDeadlines, type BootPatience } from './boot-deadlines.ts';
import { RUN_FILES } from '../packer/qemu-source.ts';
import type { MachineStop, RunningMachine } from './run-machine.ts';

/** A machine that is being brought up. */
export interface BootingMachine {
  readonly machine: RunningMachine;
  readonly plan: BootPlan;
  readonly login: SshLogin;
  readonly patience: BootPatience;
}

/** How far a machine came, and what it answered. */
export interface SessionResult {
  /** Milliseconds since power-on; absent when it did not come that far. */
  readonly loginMs?: number;
  readonly readyMs?: number;
  /** What the script wrote since the machine was ready. */
  readonly answers: string;
  /** Why it came no further, in one line; absent when the script came to its end. */
  readonly problem?: SessionProblem;
}

/** Why a session ended early. */
export interface SessionProblem {
  readonly code: string;
  readonly reason: string;
}

/** Between two looks for an SSH server, in milliseconds. */
const LOOK_MS = 400;
/** After a login that was refused: the key may not be there yet. In milliseconds. */
const REFUSED_MS = 1500;
/** What is kept of the answers, in characters. */
const LARGEST_ANSWERS = 8 * 1024 * 1024;

/** Exit code of ssh itself, in contrast to those of the script. */
const SSH_FAILED = 255;

/**
 * Does what a server does with a new machine: tells it who it is by the guest's agent, logs in with the key as soon as it
 * lets us, sends what it waits for, waits for its marker, and has a script answered. All of that takes one login, because
 * each costs an emulated machine seconds.
 *
 * Raises `E_INTERRUPTED`, and `E_QEMU_DIED` when the machine was killed; what the guest does wrong is in the result.
 */
export async function bringUp(
  booting: BootingMachine,
  questions: string,
  context: WorkflowContext,
): Promise<SessionResult> {
  const { machine } = booting;
  const session = new BootSession(booting, questions, context);
  const signal = AbortSignal.any([context.signal, machine.lost, session.late]);
  try {
    await session.run(signal);
  } catch (error) {
    if (context.signal.aborted || !signal.aborted) throw error;
  } finally {
    session.end();
  }
  const { stop } = machine;
  if (stop?.kind === 'killed' || stop?.kind === 'host') throw machineLost(machine, stop);
  return session.result(stop);
}

function newNonce(): string {
  return randomBytes(16).toString('hex');
}

/** A machine that this host failed says nothing about its image. */
function machineLost({ consoles, directory }: RunningMachine, { kind, code, reason }: MachineStop): Failure {
  const message = `${reason}, while an image was tested`;
  return new Failure(kind === 'host' ? 'host' : 'command', code, message, {
    hint: 'look at this host: its memory, its disks, its kernel log; then test once more',
    facts: [
      { label: 'serial', lines: consoles.lastLines('serial', 8) },
      { label: 'log', lines: [join(directory, RUN_FILES.serial)] },
    ],
  });
}

class BootSession {
  readonly #booting: BootingMachine;
  readonly #questions: string;
  readonly #context: WorkflowContext;
  readonly #deadlines: BootDeadlines;
  readonly #answers: string[] = [];
  #length = 0;
  #loginMs: number | undefined;
  #readyMs: number | undefined;
  #isDone = false;
  #problem: SessionProblem | undefined;
  #isTold = false;
  #hasBanner = false;
  #lastRefusal = '';
  #lastAnswer: PortAnswer = 'silent';

  constructor(booting: BootingMachine, questions: string, context: WorkflowContext) {
    this.#booting = booting;
    this.#questions = questions;
    this.#context = context;
    const { machine, patience } = booting;
    this.#deadlines = new BootDeadlines(patience, machine.ageMs);
    void machine.prompted.then(() => this.#deadlines.hearPrompt());
  }

  /** Aborted when the machine's time is over. */
  get late(): AbortSignal {
    return this.#deadlines.late;
  }

  /** Stops the clocks. */
  end(): void {
    this.#deadlines.clear();
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#tell(signal);
      while (!this.#isDone && this.#problem === undefined) {
        if (await this.#isAnswering(signal)) await this.#logIn(signal);
      }
    } catch (error) {
      if (!(error instanceof GuestAgentError)) throw error;
      this.#problem = { code: 'E_GUEST_CHANNEL', reason: error.message };
    }
  }

  result(stop: RunningMachine['stop']): SessionResult {
    const problem = this.#problem ?? (this.#isDone ? undefined : (stop ?? this.#lateness()));
    return {
      ...(this.#loginMs === undefined ? {} : { loginMs: this.#loginMs }),
      ...(this.#readyMs === undefined ? {} : { readyMs: this.#readyMs }),
      answers: this.#answers.join('\n'),
      ...(problem === undefined ? {} : { problem: { code: problem.code, reason: problem.reason } }),
    };
  }

  /** Writes what the channel of the guest's agent carries. */
  async #tell(signal: AbortSignal): Promise<void> {
    const { machine, plan } = this.#booting;
    if (plan.agentFiles.length > 0) await this.#writeByAgent(machine, plan, signal);
    this.#isTold = true;
    this.#deadlines.hearTold();
  }

  async #writeByAgent(machine: RunningMachine, plan: BootPlan, signal: AbortSignal): Promise<void> {
    const agent = await GuestAgent.connect(machine.sockets.agent, signal);
    try {
      for (const { path, data } of plan.agentFiles) await agent.writeFile(path, Buffer.from(data));
    } finally {
      agent.close();
    }
  }

  async #isAnswering(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (!this.#hasBanner) {
      const answer = await knockForSsh(this.#booting.login.port, signal);
      // Time that is over says nothing of the guest.
      if (!signal.aborted) this.#lastAnswer = answer;
      this.#hasBanner = answer === 'ssh';
    }
    if (!this.#hasBanner) await delay(LOOK_MS, undefined, { signal });
    return this.#hasBanner;
  }

  async #logIn(signal: AbortSignal): Promise<void> {
    const { login, patience, plan } = this.#booting;
    const { script, marks } = renderSessionScript(plan, this.#questions, newNonce());
    const deadlineMs = patience.readyDeadlineMs + patience.answerDeadlineMs;
    const spec = dieWithParent(sshCommand(login, script, deadlineMs));
    const { exitCode, stderr } = await this.#context.run(spec, {
      signal,
      okExitCodes: Array.from({ length: 256 }, (_, code) => code),
      onLine: (line, stream) => stream === 'stdout' && this.#hear(line, marks),
    });
    if (!this.#isDone) await this.#explain(exitCode, stderr, signal);
  }

  #hear(line: string, marks: SessionMarks): void {
    if (line === marks.login) this.#hearLogin();
    else if (line === marks.ready) this.#hearReady();
    else if (line === marks.done) this.#isDone = true;
    else if (this.#readyMs !== undefined && this.#length < LARGEST_ANSWERS) {
      this.#answers.push(line);
      this.#length += line.length + 1;
    }
  }

  #hearLogin(): void {
    this.#loginMs ??= this.#booting.machine.ageMs;
    this.#deadlines.hearLogin();
  }

  #hearReady(): void {
    this.#readyMs ??= this.#booting.machine.ageMs;
    this.#deadlines.hearReady();
  }

  /** ssh ended before the script did. */
  async #explain(exitCode: number, stderr: string, signal: AbortSignal): Promise<void> {
    const said = stderr.trim().split('\n').at(-1) ?? '';
    if (exitCode === SSH_FAILED && this.#loginMs === undefined) {
      this.#lastRefusal = said;
      this.#hasBanner = false;
      await delay(REFUSED_MS, undefined, { signal });
      return;
    }
    this.#problem = {
      code: this.#readyMs === undefined ? 'E_GUEST_NOT_READY' : 'E_GUEST_NO_ANSWER',
      reason: `the login ended early (exit code ${exitCode})${said === '' ? '' : `: ${said}`}`,
    };
  }

  /** What was being waited for when the time was over. */
  #lateness(): SessionProblem {
    const { plan } = this.#booting;
    const { limit } = this.#deadlines;
    const { user, port } = plan.ssh;
    if (this.#readyMs !== undefined) {
      return { code: 'E_GUEST_NO_ANSWER', reason: `it was ready, and then gave no answer ${limit}` };
    }
    if (!this.#isTold) {
      const reason = `no guest agent answered on the machine's port ${limit}`;
      return { code: 'E_GUEST_CHANNEL', reason };
    }
    if (this.#loginMs !== undefined) {
      return { code: 'E_GUEST_NOT_READY', reason: `${plan.marker} was not there ${limit}` };
    }
    if (this.#lastRefusal !== '') {
      const reason = `SSH on port ${port} did not let ${user} in ${limit}: ${this.#lastRefusal}`;
      return { code: 'E_GUEST_LOGIN', reason };
    }
    const reason = `nobody answered by SSH on port ${port} ${limit}: ${KNOCKS[this.#lastAnswer]}`;
    return { code: 'E_GUEST_NO_SSH', reason };
  }
}
