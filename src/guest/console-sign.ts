/**
 * Who wrote a line: the guest on its serial line, SeaBIOS on its debug port 0x402, QEMU on standard error, or a
 * provisioner, as Packer shows its output.
 */
export type ConsoleSource = 'serial' | 'firmware' | 'qemu' | 'provisioner';

/** A sentence of a guest, its firmware or its emulator, and what it means. */
export interface ConsoleSign {
  /** Stable, in kebab-case. */
  readonly name: string;
  /** `fatal`: nothing good can follow, waiting is in vain. `suspect`: the likely reason, should the build fail. */
  readonly gravity: 'fatal' | 'suspect';
  readonly sources: readonly ConsoleSource[];
  /** Matched against a cleaned line. */
  readonly pattern: RegExp;
  /** Code of the failure that it explains. */
  readonly code: `E_${'GUEST' | 'QEMU'}_${string}`;
  /** One line for people, without a full stop; `$1`, `$2` stand for the groups of the pattern. */
  readonly reason: string;
  /** Names of suspects that, seen before, are what led here; the best of them is added to the reason. */
  readonly causes?: readonly string[];
}

/**
 * The beginning of a kernel message on the serial console, time in seconds since the kernel began: Debian's kernels
 * always print it (CONFIG_PRINTK_TIME), and a service that only repeats the words on the console lacks it. It may
 * stand behind the rest of another line, as the kernel does not wait for anybody to finish.
 */
const KERNEL = String.raw`\[ {0,11}\d{1,8}\.\d{6}\] `;

/** A pattern that begins with a kernel message's time. */
export function kernelLine(rest: string): RegExp {
  return new RegExp(`${KERNEL}${rest}`);
}
