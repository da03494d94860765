import { BOOT_SIGNS } from './boot-signs.ts';
import { cleanConsoleLine } from './console-line.ts';
import type { ConsoleSign, ConsoleSource } from './console-sign.ts';
import { FATAL_SIGNS } from './fatal-signs.ts';
import { HARDWARE_SIGNS } from './hardware-signs.ts';
import { QEMU_SIGNS } from './qemu-signs.ts';
import { SUPPLY_SIGNS } from './supply-signs.ts';
import { UNIT_SIGNS } from './unit-signs.ts';

/**
 * The one place that knows what guests, their firmware and QEMU say when something goes wrong. A test finds every
 * row in a recorded console. The order matters twice: the first row that matches a line counts, and of two suspects the
 * earlier row is the likelier reason. So what breaks a machine comes before what breaks because of it: a full disk
 * before the package that could not be unpacked, the package before apt that gave up, apt before the unit that ran it.
 */
export const CONSOLE_SIGNS: readonly ConsoleSign[] = [
  ...FATAL_SIGNS,
  ...HARDWARE_SIGNS,
  ...SUPPLY_SIGNS,
  ...UNIT_SIGNS,
  ...BOOT_SIGNS,
  // Last: Packer ends QEMU by a signal whenever a build fails, whatever the reason is.
  ...QEMU_SIGNS,
];

/** A sign that a line holds. */
export interface FoundSign {
  readonly sign: ConsoleSign;
  /** The line as it was written, cleaned. */
  readonly line: string;
  /** What it means, in one line for people. */
  readonly reason: string;
}

/** What a line says about its machine; undefined for nearly every line. However long a line is, that costs the same. */
export function findConsoleSign(line: string, source: ConsoleSource): FoundSign | undefined {
  const cleaned = cleanConsoleLine(line);
  for (const sign of CONSOLE_SIGNS) {
    const match = sign.sources.includes(source) ? sign.pattern.exec(cleaned) : null;
    if (match) return { sign, line: cleaned, reason: renderReason(sign.reason, match) };
  }
  return undefined;
}

function renderReason(reason: string, groups: RegExpExecArray): string {
  return reason.replaceAll(/\$(\d)/g, (_, group: string) => groups[Number(group)] ?? '');
}
