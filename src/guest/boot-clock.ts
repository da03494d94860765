import type { BootTimes } from '../manifests/test-report.ts';
import { cleanConsoleLine } from './console-line.ts';

/** The kernel's banner, or whatever stands at the zero of its own clock. */
const KERNEL = /^(?:\[ *0\.000000\]|(?:\[ *\d+\.\d+\] )?Linux version \d)/;

/**
 * The first words of a guest's init: systemd greets on the console even where the kernel is `quiet`, and writes to the
 * kernel's log as process 1; where there is no initramfs the kernel names what it starts. GRUB greets alike, and so
 * does the systemd of an initramfs (dracut names itself `(Initramfs)`), which is not the guest's yet.
 */
const USERSPACE =
  /^(?:Welcome to (?!GRUB\b)(?!.*\(Initramfs\))|(?:\[ *\d+\.\d+\] )?(?:systemd\[1\]: |Run \/(?:usr\/)?(?:sbin\/init|lib\/systemd\/systemd) as init process))/;

/**
 * Tells from the lines of a serial console when the kernel and the guest's init were heard first. A console that is
 * `quiet` may say nothing of the kernel; its time is then absent, never guessed. The kernel's first lines reach a serial
 * line about a second late, when its driver starts; they count from when they were heard.
 */
export class BootClock {
  #kernelMs: number | undefined;
  #userspaceMs: number | undefined;

  /** A line as it came, and when its end was there, in milliseconds since power-on. Lines come in order. */
  hear(line: string, atMs: number): void {
    // What was seen once is not looked for again, not even after a reboot of the guest.
    if (this.#userspaceMs !== undefined) return;
    const text = cleanConsoleLine(line);
    if (this.#kernelMs === undefined && KERNEL.test(text)) this.#kernelMs = atMs;
    else if (USERSPACE.test(text)) this.#userspaceMs = atMs;
  }

  /** What was heard so far. */
  get times(): Pick<BootTimes, 'kernelMs' | 'userspaceMs'> {
    return {
      ...(this.#kernelMs === undefined ? {} : { kernelMs: this.#kernelMs }),
      ...(this.#userspaceMs === undefined ? {} : { userspaceMs: this.#userspaceMs }),
    };
  }
}
