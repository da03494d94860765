import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, type FailureFact, type FailureKind } from '../errors/failure.ts';
import type { ConsoleWatch, SeenSign } from '../guest/console-watch.ts';
import type { SecretFilter } from '../host/secrets.ts';
import { readPackerError } from '../packer/packer-errors.ts';
import type { PackerProgress } from '../packer/progress.ts';
import type { PackerTale } from './packer-tale.ts';
import type { MachineEnd } from './watch-machine.ts';

/** All that is known of a build by Packer when it has failed. */
export interface PackerStory {
  readonly tale: PackerTale;
  /** The step that was under way. */
  readonly step: PackerProgress['step'];
  readonly consoles: ConsoleWatch | undefined;
  /** How the guest ended the machine, in QEMU's word. */
  readonly shutdown: string | undefined;
  /** Why the machine could not go on, when it told. */
  readonly end: MachineEnd | undefined;
  /** Whether QEMU had gone while Packer still waited for it. */
  readonly isGone: boolean;
  /** Directory of the run. */
  readonly directory: string;
  /** Picture of the screen, if there is one. */
  readonly screen: string;
  readonly secrets: SecretFilter;
}

/** Lines that are shown of each console. */
const LINES_SHOWN = 8;

/** What failed and why. */
interface Cause {
  readonly kind: FailureKind;
  readonly code: string;
  /** What went wrong, in a few words. */
  readonly message: string;
}

/** QEMU's words for how a guest ended its machine (`qapi/run-state.json`, ShutdownCause). */
const GUEST_ENDINGS: Readonly<Record<string, Omit<Cause, 'kind'>>> = {
  'guest-shutdown': { code: 'E_GUEST_POWERED_OFF', message: 'the guest powered itself off' },
  'guest-reset': { code: 'E_GUEST_RESTARTED', message: 'the guest restarted itself' },
  'guest-panic': { code: 'E_GUEST_PANIC', message: "the guest's kernel panicked" },
};

/**
 * Says in one line why a Packer run failed, from what Packer, QEMU and the guest told; what else is thrown, such as a
 * missing program, stays as it is.
 */
export async function explainPackerFailure(error: unknown, story: PackerStory): Promise<unknown> {
  if (!(error instanceof Failure)) return error;
  if (error.kind !== 'command' && error.kind !== 'interrupted') return error;
  const cause = findCause(error, story);
  const reason = findReason(story, cause);
  const log = join(story.directory, 'packer.log');
  const screen = (await exists(story.screen)) ? story.screen : undefined;
  const { details, evidence } = error;
  const shown = story.tale.lastLines.slice(-LINES_SHOWN);
  return new Failure(cause.kind, cause.code, cause.message, {
    facts: [
      ...fact('reason', reason === undefined ? [] : [reason]),
      ...fact('screen', screen === undefined ? [] : [screen]),
      ...fact('serial', story.consoles === undefined ? [] : serialLines(story.consoles)),
      ...fact('firmware', story.tale.loggedIn ? [] : (story.consoles?.lastLines('firmware', 3) ?? [])),
      ...fact('packer', shown.length > 0 ? shown : details.map(story.secrets.text)),
      ...fact('log', [log]),
    ],
    evidence: {
      packerErrors: story.tale.errors,
      serial: story.consoles?.lastLines('serial', 20) ?? [],
      log,
      ...(screen === undefined ? {} : { screen }),
      ...(reason === undefined ? {} : { reason }),
      ...(story.consoles?.fatal === undefined ? {} : { sign: story.consoles.fatal.sign.name }),
      loggedIn: story.tale.loggedIn,
      ...('deadlineMs' in evidence ? { deadlineMs: evidence['deadlineMs'] } : {}),
    },
    cause: error,
  });
}

function findCause(error: Failure, story: PackerStory): Cause {
  const { tale, end } = story;
  if (end !== undefined) {
    const kind = end.isHostFault ? 'host' : 'command';
    return { kind, code: end.code, message: `${end.reason}, ${moment(story)}` };
  }
  const ending = tale.shuttingDown ? undefined : GUEST_ENDINGS[story.shutdown ?? ''];
  if (ending !== undefined) {
    return { kind: 'command', code: ending.code, message: `${ending.message} ${moment(story)}` };
  }
  if (story.isGone) return qemuGone(story);
  const [packerError] = tale.errors;
  if (packerError?.startsWith('Build was halted') === true && tale.qemuSaid.length > 0) {
    return {
      kind: 'command',
      code: 'E_QEMU_START',
      message: `QEMU did not start: ${tale.qemuSaid.join(' ')}`,
    };
  }
  if (error.code === 'E_COMMAND_TIMEOUT')
    return { kind: 'command', code: error.code, message: error.message };
  return packerComplained(packerError ?? tale.lastLines.at(-1) ?? error.message, story);
}

function qemuGone(story: PackerStory): Cause {
  const { loggedIn, qemuSaid } = story.tale;
  const last = qemuSaid.at(-1);
  const why = last === undefined ? '' : `: ${last}`;
  return {
    kind: 'command',
    code: loggedIn ? 'E_QEMU_DIED' : 'E_QEMU_DIED_EARLY',
    message: `QEMU was killed or crashed ${moment(story)}${why}`,
  };
}

function packerComplained(text: string, story: PackerStory): Cause {
  const known = readPackerError(text, describeStep(story));
  return { kind: 'command', ...(known ?? { code: 'E_PACKER_FAILED', message: `Packer failed: ${text}` }) };
}

function moment(story: PackerStory): string {
  if (!story.tale.loggedIn) return 'before anybody could log in';
  if (story.tale.shuttingDown) return 'while it was shut down';
  return `while ${describeStep(story)} ran`;
}

function describeStep({ step }: PackerStory): string {
  return step === undefined ? 'no provisioner' : `provisioner ${step.number} of ${step.total} (${step.name})`;
}

/** The sign that tells why; without one, what the provisioner wrote last. */
function findReason({ end, consoles }: PackerStory, { code, message }: Cause): string | undefined {
  // What the guest tells is no reason for what this host did to it.
  const sign = end?.isHostFault === true ? undefined : consoles?.likelyReason();
  if (sign !== undefined) return describeSign(sign, message);
  if (!code.startsWith('E_PROVISIONER')) return undefined;
  const last = consoles?.lastLines('provisioner', 1)[0];
  return last === undefined ? undefined : `it last wrote "${last}"`;
}

/** @param message says what the sign means already, when that is why the build failed */
function describeSign({ reason, line, source, atMs }: SeenSign, message: string): string {
  const where = `${source}, ${Math.round(atMs / 1000)} s after power-on`;
  return message.includes(reason) ? `"${line}" (${where})` : `${reason}: "${line}" (${where})`;
}

/** The last lines of the serial line; around the sign that ended the machine, where that is older. */
function serialLines(consoles: ConsoleWatch): readonly string[] {
  const lines = consoles.lastLines('serial');
  const { fatal } = consoles;
  const at = fatal?.source === 'serial' ? lines.indexOf(fatal.line) : -1;
  if (at === -1) return lines.slice(-LINES_SHOWN);
  const from = Math.max(0, Math.min(at - 2, lines.length - LINES_SHOWN));
  return lines.slice(from, from + LINES_SHOWN);
}

function fact(label: string, lines: readonly string[]): FailureFact[] {
  return lines.length === 0 ? [] : [{ label, lines }];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
