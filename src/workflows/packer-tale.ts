import { parsePackerLogLine } from '../packer/log.ts';
import type { PackerEvent } from '../packer/machine-readable.ts';
import { isAborting, readPackerError } from '../packer/packer-errors.ts';
import { isIntroduction, isLogin } from '../packer/progress.ts';

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
  /** Whether Packer has given up; what it says then is about itself. */
  hasGivenUp = false;

  /** Whether what Packer complains of is that the guest hung up. */
  get lostConnection(): boolean {
    return this.errors.some((text) => readPackerError(text, '')?.code === 'E_PROVISIONER_LOST');
  }

  /** An event of Packer's standard output. */
  hear(event: PackerEvent): void {
    if (event.type === 'error') this.errors.push(event.message);
    if (event.type !== 'ui') return;
    if (isLogin(event)) this.loggedIn = true;
    if (isAborting(event.text)) this.hasGivenUp = true;
    if (this.hasGivenUp || event.text.trim() === '' || isIntroduction(event.text)) return;
    this.lastLines.push(event.text);
    if (this.lastLines.length > LINES_KEPT) this.lastLines.shift();
  }

  /** A line of Packer's log; returns what QEMU wrote, if that is what it tells. */
  hearLog(line: string): string | undefined {
    const fact = parsePackerLogLine(line);
    if (fact?.type === 'shutting-down') this.shuttingDown = true;
    if (fact?.type !== 'qemu-said') return undefined;
    this.qemuSaid.push(fact.text);
    if (this.qemuSaid.length > LINES_KEPT) this.qemuSaid.shift();
    return fact.text;
  }
}
