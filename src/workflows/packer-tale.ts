import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import type { SecretFilter } from '../host/secrets.ts';
import { parsePackerLogLine } from '../packer/log.ts';
import type { PackerEvent } from '../packer/machine-readable.ts';
import { isLogin } from '../packer/progress.ts';
import { RUN_FILES } from '../packer/qemu-source.ts';

/** Lines kept of what Packer showed, and of what QEMU wrote. */
const LINES_KEPT = 20;

/** What a Packer run has told so far. */
export class PackerTale {
  readonly errors: string[] = [];
  readonly lastLines: string[] = [];
  readonly qemuSaid: string[] = [];
  /** Whether the guest has let Packer in. */
  loggedIn = false;
  /** Whether the end of QEMU is what Packer is waiting for. */
  shuttingDown = false;

  /** An event of Packer's standard output. */
  hear(event: PackerEvent): void {
    if (event.type === 'error') this.errors.push(event.message);
    if (event.type !== 'ui') return;
    if (isLogin(event)) this.loggedIn = true;
    if (event.text.trim() !== '') this.lastLines.push(event.text);
    if (this.lastLines.length > LINES_KEPT) this.lastLines.shift();
  }

  /** A line of Packer's log. */
  hearLog(line: string): void {
    const fact = parsePackerLogLine(line);
    if (fact?.type === 'shutting-down') this.shuttingDown = true;
    if (fact?.type === 'qemu-said') this.qemuSaid.push(fact.text);
    if (this.qemuSaid.length > LINES_KEPT) this.qemuSaid.shift();
  }
}

/** Where the evidence of a run lies, and what must not be shown of it. */
export interface PackerPlaces {
  /** Directory of the run. */
  readonly directory: string;
  /** Directory of the virtual machine's files. */
  readonly vm: string;
  readonly secrets: SecretFilter;
}

/** Says in one line why a Packer run failed, from what Packer, QEMU and the guest told. */
export async function explainPackerFailure(
  error: unknown,
  tale: PackerTale,
  qemuGone: boolean,
  input: PackerPlaces,
): Promise<unknown> {
  if (!(error instanceof Failure)) return error;
  if (error.kind !== 'command' && error.kind !== 'interrupted') return error;
  const serial = await lastSerialLines(join(input.vm, RUN_FILES.serial), input.secrets);
  const evidence = { packerErrors: tale.errors, serial, log: join(input.directory, 'packer.log') };
  const details = [...tale.lastLines.slice(-12), ...serial.slice(-8).map((line) => `serial  ${line}`)];
  const hint = `Packer's whole log is in ${evidence.log}`;
  if (qemuGone) {
    const last = tale.qemuSaid.at(-1);
    const why = last === undefined ? '' : `: ${last}`;
    return new Failure(
      'command',
      tale.loggedIn ? 'E_QEMU_DIED' : 'E_QEMU_DIED_EARLY',
      `the virtual machine stopped while Packer was using it${why}`,
      {
        hint,
        details,
        evidence,
        cause: error,
      },
    );
  }
  const [packerError] = tale.errors;
  if (packerError?.startsWith('Build was halted') === true && tale.qemuSaid.length > 0) {
    return new Failure('command', 'E_QEMU_START', `QEMU did not start: ${tale.qemuSaid.join(' ')}`, {
      hint,
      details,
      evidence,
    });
  }
  const options = {
    hint,
    details: details.length > 0 ? details : error.details.map(input.secrets.text),
    evidence,
    cause: error,
  };
  if (error.code === 'E_COMMAND_TIMEOUT') {
    const { deadlineMs } = error.evidence;
    return new Failure('command', error.code, error.message, {
      ...options,
      evidence: { ...evidence, deadlineMs },
    });
  }
  const why = packerError ?? tale.lastLines.at(-1) ?? error.message;
  return new Failure('command', 'E_PACKER_FAILED', `Packer failed: ${why}`, options);
}

async function lastSerialLines(path: string, secrets: SecretFilter): Promise<string[]> {
  const text = secrets.text((await readTextIfExists(path)) ?? '');
  // oxlint-disable-next-line no-control-regex
  const plain = text.replace(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0009\u000b-\u001f]/g, '');
  return plain
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-20);
}
