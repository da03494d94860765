import { randomBytes } from 'node:crypto';
import {
  checkMachineIdentity,
  judgeSame,
  parseMachineIdentity,
  type MachineIdentity,
} from '../guest/check-machine-identity.ts';
import { parseCheckAnswers, renderCheckScript } from '../guest/check-script.ts';
import { checkUnits } from '../guest/check-units.ts';
import { failed } from '../guest/guest-check.ts';
import { judgeChecks } from '../guest/judge-checks.ts';
import { sshCommand } from '../guest/ssh-command.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { CheckResult } from '../manifests/test-report.ts';
import { bringUp, type SessionResult } from './boot-session.ts';
import type { WorkflowContext } from './build-request.ts';
import type { BootPatience } from './boot-deadlines.ts';
import { describeProblem, lastWords, seconds } from './describe-boot.ts';
import type { RunningMachine } from './run-machine.ts';
import type { TestGuest } from './test-guest.ts';

/** A machine that is up and is to be restarted. */
export interface Restart {
  readonly guest: TestGuest;
  readonly machine: RunningMachine;
  /** What the machine was before. */
  readonly identity: MachineIdentity | undefined;
  readonly accelerator: 'kvm' | 'tcg';
  readonly patience: BootPatience;
}

const REBOOT = { name: 'reboot', title: 'it comes back from a restart as the machine it was' } as const;

/** How long a machine may take to go down, in milliseconds. */
const SHUTDOWN_DEADLINE_MS = { kvm: 60_000, tcg: 120_000 } as const;
const SSH_DEADLINE_MS = 60_000;

/**
 * Restarts a machine from inside, and sees whether it comes back as the one it was. QEMU itself is started anew, as a warm
 * reset of an emulated processor hangs now and then before the kernel's first line. The machine given is off afterwards.
 * Raises as `bringUp`.
 */
export async function restartGuest(restart: Restart, context: WorkflowContext): Promise<CheckResult> {
  const problem = await goDown(restart, context);
  if (problem !== undefined) return { ...REBOOT, ...failed('it goes down and comes back', problem) };
  const again = await restart.guest.start();
  try {
    return await comeBack(again, restart, context);
  } finally {
    await again.powerOff();
  }
}

async function goDown(
  { guest, machine, accelerator }: Restart,
  { run, signal }: WorkflowContext,
): Promise<string | undefined> {
  // The login may end before its answer is through.
  const spec = dieWithParent(sshCommand(guest.login, 'systemctl reboot', SSH_DEADLINE_MS));
  const lost = AbortSignal.any([signal, machine.lost]);
  const refusal = await run(spec, { signal: lost, okExitCodes: [0, 255] }).catch((error: unknown) => error);
  signal.throwIfAborted();
  const deadlineMs = SHUTDOWN_DEADLINE_MS[accelerator];
  const isGone = await machine.waitUntilGone(deadlineMs);
  await machine.powerOff();
  if (!isGone) return `it was still there ${seconds(deadlineMs)} after it was told to restart`;
  if (machine.shutdown === 'guest-reset') return undefined;
  return refusal instanceof Error
    ? refusal.message
    : `it ended otherwise (${machine.shutdown ?? 'for no known reason'})`;
}

async function comeBack(
  machine: RunningMachine,
  { guest, identity, patience }: Restart,
  context: WorkflowContext,
): Promise<CheckResult> {
  const nonce = randomBytes(16).toString('hex');
  const checks = [checkMachineIdentity(), checkUnits()];
  const { login } = guest;
  // A guest that restarts by itself gets nothing new from anybody.
  const plan = { ...guest.plan, agentFiles: [], sshFiles: [] };
  const booting = { machine, login, plan, patience };
  const session = await bringUp(booting, renderCheckScript(checks, nonce), context);
  if (session.problem !== undefined) {
    return { ...REBOOT, ...failed('it comes back', describeProblem(session, machine), lastWords(machine)) };
  }
  const answers = parseCheckAnswers(session.answers, nonce);
  const worst = judgeChecks(checks, answers).find(({ outcome }) => outcome === 'failed');
  if (worst !== undefined) return { ...worst, ...REBOOT };
  const after = parseMachineIdentity(answers.get(checkMachineIdentity().name)?.text ?? '');
  return { ...REBOOT, ...judgeReturn(session, identity, after) };
}

function judgeReturn(
  { readyMs = 0 }: SessionResult,
  before: MachineIdentity | undefined,
  after: MachineIdentity | undefined,
): Omit<CheckResult, 'name' | 'title'> {
  if (before === undefined || after === undefined) {
    return { outcome: 'skipped', found: 'it told no identity that could be compared' };
  }
  const finding = judgeSame(before, after);
  return finding.outcome === 'passed'
    ? { ...finding, found: `after ${seconds(readyMs)}, the same machine`, durationMs: readyMs }
    : finding;
}
