import { Failure } from '../errors/failure.ts';
import type { CommandSpec } from '../values/command-spec.ts';
import { dieWithParent } from './die-with-parent.ts';
import { PAYLOAD_PASSED_STATUS } from './probe-payload.ts';
import type { Runner } from './run.ts';

/** What makes a guest's instructions run: the processor itself, or QEMU's translator. */
export type Accelerator = 'kvm' | 'tcg';

/** How one probe guest ended. */
export interface ProbeOutcome {
  readonly result: 'passed' | 'failed' | 'late';
  readonly durationMs: number;
  /** QEMU's own words when it failed. */
  readonly detail?: string;
}

/** A guest to be started: what QEMU loads, on which accelerator, and for how long at most. */
export interface ProbeGuest {
  readonly qemu: string;
  readonly accelerator: Accelerator;
  /** QEMU's `-cpu`; the one the build will use. */
  readonly cpuModel: string;
  /** File for QEMU's `-kernel`. */
  readonly kernel: string;
  readonly deadlineMs: number;
  /** Empty directory to run in: a crash of QEMU may leave a core file. */
  readonly cwd: string;
}

/** The line with which every Linux kernel begins to speak, as far as it is the same in all of them. */
const FIRST_KERNEL_LINE = /Linux version \d/;

/**
 * QEMU for one probe guest: no disk, no network, no display, no default devices, the `pc` machine
 * (on `microvm` the payload's peers were seen to stop).
 */
export function probeGuestCommand(guest: ProbeGuest, extra: readonly string[]): CommandSpec {
  const args = ['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-machine', 'pc'];
  args.push(
    '-accel',
    guest.accelerator,
    '-cpu',
    guest.cpuModel,
    '-m',
    '256',
    '-kernel',
    guest.kernel,
    ...extra,
  );
  const { qemu: command, cwd, deadlineMs } = guest;
  return dieWithParent({ command, args, cwd, deadlineMs, endSignal: 'SIGKILL' });
}

/** Runs the payload of `probe-payload.ts` once. Raises only `E_INTERRUPTED` and `E_TOOL_MISSING`. */
export async function runProbePayload(
  run: Runner,
  guest: ProbeGuest,
  signal?: AbortSignal,
): Promise<ProbeOutcome> {
  const spec = probeGuestCommand(guest, ['-device', 'isa-debug-exit,iobase=0xf4,iosize=1']);
  return outcomeOf(guest, async () => {
    await run(spec, { signal, okExitCodes: [PAYLOAD_PASSED_STATUS] });
  });
}

/**
 * Boots a Linux kernel without any root filesystem until its first line on the serial console, then kills it.
 * Raises only `E_INTERRUPTED` and `E_TOOL_MISSING`.
 */
export async function runProbeKernel(
  run: Runner,
  guest: ProbeGuest,
  signal?: AbortSignal,
): Promise<ProbeOutcome> {
  const append = 'console=ttyS0 earlyprintk=serial,ttyS0,115200 panic=-1';
  const spec = probeGuestCommand(guest, ['-append', append, '-serial', 'stdio']);
  return outcomeOf(guest, async () => {
    const spoken = new AbortController();
    const cancel = signal ? AbortSignal.any([signal, spoken.signal]) : spoken.signal;
    const listen = (line: string): void => {
      if (FIRST_KERNEL_LINE.test(line)) spoken.abort();
    };
    try {
      await run(spec, { signal: cancel, onLine: listen });
    } catch (error) {
      if (spoken.signal.aborted && signal?.aborted !== true) return;
      throw error;
    }
    if (!spoken.signal.aborted)
      throw new Failure('command', 'E_COMMAND_FAILED', 'the kernel ended without a word');
  });
}

async function outcomeOf(guest: ProbeGuest, attempt: () => Promise<void>): Promise<ProbeOutcome> {
  const startedAt = performance.now();
  const elapsed = (): number => Math.round(performance.now() - startedAt);
  try {
    await attempt();
    return { result: 'passed', durationMs: elapsed() };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === 'interrupted') throw error;
    if (error.code === 'E_TOOL_MISSING') throw error;
    if (error.code === 'E_COMMAND_TIMEOUT') return { result: 'late', durationMs: guest.deadlineMs };
    return { result: 'failed', durationMs: elapsed(), detail: qemuComplaint(error) };
  }
}

/** The first line that QEMU wrote, without its own name: `failed to set MSR 0x10a to 0x69`. */
function qemuComplaint(error: Failure): string {
  const output = error.evidence['output'];
  const lines = Array.isArray(output) ? output.map(String) : [];
  const first = lines.find((line) => line.includes('error:')) ?? lines[0] ?? error.message;
  return first.replace(/^.*?qemu[^:]*: (error: )?/, '').trim();
}
