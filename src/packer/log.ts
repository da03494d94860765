/** What a line of Packer's own log (`PACKER_LOG=1`, on standard error) says about QEMU and its end. */
export type PackerLogFact =
  | { readonly type: 'qemu-started'; readonly pid: number }
  /** A line that QEMU wrote; only the log has it. */
  | { readonly type: 'qemu-said'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** QEMU's program and arguments in Go's notation, for the log of a failure. */
  | { readonly type: 'qemu-command'; readonly text: string }
  /** The provisioners are done: Packer powers the guest off, or waits for it to do so. */
  | { readonly type: 'shutting-down' };

/**
 * A line that repeats what Packer shows, and so may hold anything that a guest wrote: `ui: …`, or with
 * `-machine-readable` the record itself.
 */
const SHOWN = /^[\d/]+ [\d:]+ (?:ui(?: error)?: |\d+,)/;

/** The beginning of a line that the QEMU builder wrote; plugins write the time twice. */
const FROM_BUILDER = String.raw`^[\d/]+ [\d:]+ packer-(?:builder|plugin)-qemu\S* plugin: (?:[\d/]+ [\d:]+ )?`;

/** Sentences of the builder's `step_shutdown.go`: with a shutdown command, and then while it waits. */
const SHUTTING_DOWN = new RegExp(
  `${FROM_BUILDER}(?:Executing shutdown command: |Waiting max \\S+ for shutdown)`,
);

/**
 * Finds what matters in a log line: the log is the only place that tells why QEMU did not start. Lines begin with
 * the time and, from plugins, their name; the wording is the same from 1.6.5 to plugin 1.1.4 (`builder/qemu/driver.go`,
 * `step_shutdown.go`). What a provisioner writes says nothing here, even when it reads the same.
 */
export function parsePackerLogLine(line: string): PackerLogFact | undefined {
  if (SHOWN.test(line)) return undefined;
  if (SHUTTING_DOWN.test(line)) return { type: 'shutting-down' };
  const pid = /(?:^|: | )Started Qemu\. Pid: (\d{1,10})$/.exec(line)?.[1];
  if (pid !== undefined) return { type: 'qemu-started', pid: Number(pid) };
  const said = /(?:^|: | )Qemu (stdout|stderr): ?(.*)$/.exec(line);
  if (said)
    return { type: 'qemu-said', stream: said[1] === 'stdout' ? 'stdout' : 'stderr', text: said[2] ?? '' };
  const command = /(?:^|: | )Executing (\S*qemu-system-\S+: \[\]string\{.*\})$/.exec(line)?.[1];
  return command === undefined ? undefined : { type: 'qemu-command', text: command };
}
