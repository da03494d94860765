import { constants } from 'node:fs';
import { access, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { arch, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { digestOfValue } from '../values/digest.ts';
import { runProbeKernel, runProbePayload, type Accelerator, type ProbeOutcome } from './accelerator-probe.ts';
import { isSystemError, readJsonObjectIfExists, writeFileAtomically } from './files.ts';
import { findProgram } from './find-program.ts';
import { readBootId } from './process-identity.ts';
import { renderProbePayload } from './probe-payload.ts';
import type { Runner } from './run.ts';

/** The choice of accelerator, with its grounds. */
export interface AcceleratorVerdict {
  readonly accelerator: Accelerator;
  /** One line for people, without a final full stop; it goes into the header of a build. */
  readonly reason: string;
  /** True when `--accel` decided and nothing was measured; worth a warning. */
  readonly forced: boolean;
  /** True when the verdict comes from an earlier probe of this boot. */
  readonly cached: boolean;
  /** What was measured, by probe guest; empty when nothing ran. */
  readonly evidence: Readonly<Record<string, ProbeOutcome>>;
}

/** What the probe needs to know. */
export interface AcceleratorRequest {
  /** `--accel`. */
  readonly choice: 'auto' | Accelerator;
  /** Mintmark's cache directory; the verdict is kept below it. */
  readonly cacheDirectory: string;
  /** A Linux kernel this user can read, for the second step; without one the payload alone decides. */
  readonly kernel?: string | undefined;
  /** QEMU's `-cpu` that the build would use under KVM; `host` by default. */
  readonly kvmCpuModel?: string | undefined;
  /** Emulator, on PATH or absolute. */
  readonly qemu?: string | undefined;
  /** The KVM device; tests name another. */
  readonly device?: string | undefined;
  /** PATH to look the emulator up on; ours by default. */
  readonly path?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Longest time for the control under TCG: 0.3 s when idle, 0.9 s with four busy loops beside (measured). */
export const CONTROL_DEADLINE_MS = 2000;
/** Shortest time that KVM is given for the payload, which real KVM does in a tenth of it. */
export const KVM_FLOOR_MS = 2000;
/** KVM is refused when it takes this many times as long as emulation. */
export const KVM_FACTOR = 3;
/** The whole probe ends within this. */
export const PROBE_BUDGET_MS = 5500;

/**
 * Chooses between KVM and TCG. An open `/dev/kvm` proves nothing: there are hosts whose KVM passes BIOS and boot
 * loader and then runs kernel code a hundred times slower than TCG. So KVM must finish a computation in
 * max({@link KVM_FLOOR_MS}, {@link KVM_FACTOR} × the time of a TCG control), with the build's own CPU model, and
 * then bring a real kernel to its first line. Any doubt means TCG. A clear verdict is cached until the next boot,
 * kernel or QEMU.
 *
 * Raises `E_KVM_MISSING` when `--accel kvm` was asked for and the device cannot be opened,
 * `E_TOOL_MISSING` without QEMU, and `E_INTERRUPTED`.
 */
export async function chooseAccelerator(
  run: Runner,
  request: AcceleratorRequest,
): Promise<AcceleratorVerdict> {
  const obstacle = await kvmObstacle(request.device ?? '/dev/kvm');
  if (request.choice !== 'auto') return forcedVerdict(request.choice, obstacle);
  if (obstacle !== undefined) return verdict('tcg', obstacle, {});
  const qemu = await findProgram(request.qemu ?? 'qemu-system-x86_64', request.path);
  const file = join(request.cacheDirectory, 'accelerator', `${await cacheKey(qemu, request)}.json`);
  const known = await readKnownVerdict(file);
  if (known !== undefined) return known;
  const measured = await probe(run, qemu, request);
  // A control that failed says that the machine is overloaded or QEMU broken, not that KVM is bad.
  if (measured.evidence['tcg']?.result === 'passed') {
    await writeFileAtomically(file, `${JSON.stringify(measured, null, 2)}\n`);
  }
  return measured;
}

/** Why KVM cannot even be tried, or undefined. */
async function kvmObstacle(device: string): Promise<string | undefined> {
  if (arch() !== 'x64') return `this machine is ${arch()}, the guest is x86_64`;
  try {
    await access(device, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return isSystemError(error, 'ENOENT', 'ENOTDIR')
      ? `there is no ${device}`
      : `${device} is not open to this user`;
  }
}

function forcedVerdict(accelerator: Accelerator, obstacle: string | undefined): AcceleratorVerdict {
  if (accelerator === 'kvm' && obstacle !== undefined) {
    throw new Failure('host', 'E_KVM_MISSING', `KVM was asked for, but ${obstacle}`, {
      hint: 'leave out --accel kvm, or give this user access to /dev/kvm (group kvm)',
    });
  }
  return { ...verdict(accelerator, `forced by --accel ${accelerator}, not tested`, {}), forced: true };
}

function verdict(
  accelerator: Accelerator,
  reason: string,
  evidence: AcceleratorVerdict['evidence'],
): AcceleratorVerdict {
  return { accelerator, reason, forced: false, cached: false, evidence };
}

/** Everything that could change the answer: this boot, its kernel, the QEMU binary, the CPU model, the test kernel. */
async function cacheKey(qemu: string, request: AcceleratorRequest): Promise<string> {
  const binary = await stat(await realpath(qemu));
  return digestOfValue({
    probe: 1,
    boot: await readBootId(),
    host: release(),
    qemu: [qemu, binary.size, binary.mtimeMs, binary.ino],
    cpu: request.kvmCpuModel,
    kernel: request.kernel,
  }).slice(0, 32);
}

async function readKnownVerdict(file: string): Promise<AcceleratorVerdict | undefined> {
  const { accelerator, reason, evidence } = (await readJsonObjectIfExists(file)) ?? {};
  if ((accelerator !== 'kvm' && accelerator !== 'tcg') || typeof reason !== 'string') return undefined;
  if (typeof evidence !== 'object' || evidence === null) return undefined;
  return { ...verdict(accelerator, reason, { ...evidence }), cached: true };
}

async function probe(run: Runner, qemu: string, request: AcceleratorRequest): Promise<AcceleratorVerdict> {
  const cwd = await mkdtemp(join(tmpdir(), 'mintmark-probe-'));
  try {
    const kernel = join(cwd, 'payload');
    await writeFile(kernel, renderProbePayload());
    return await measure(run, request, { qemu, kernel, cwd });
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

/** The two or three guests, each only when the one before allows KVM. */
async function measure(
  run: Runner,
  request: AcceleratorRequest,
  common: { readonly qemu: string; readonly kernel: string; readonly cwd: string },
): Promise<AcceleratorVerdict> {
  const endsAt = performance.now() + PROBE_BUDGET_MS;
  const { signal } = request;
  const control = {
    ...common,
    accelerator: 'tcg' as const,
    cpuModel: 'max',
    deadlineMs: CONTROL_DEADLINE_MS,
  };
  const tcg = await runProbePayload(run, control, signal);
  if (tcg.result !== 'passed') return verdict('tcg', controlReason(tcg), { tcg });
  const limitMs = Math.min(Math.max(KVM_FLOOR_MS, KVM_FACTOR * tcg.durationMs), endsAt - performance.now());
  const guest = { ...common, accelerator: 'kvm' as const, cpuModel: request.kvmCpuModel ?? 'host' };
  const kvm = await runProbePayload(run, { ...guest, deadlineMs: Math.round(limitMs) }, signal);
  if (kvm.result !== 'passed') return verdict('tcg', payloadReason(kvm, tcg, guest.cpuModel), { tcg, kvm });
  if (request.kernel === undefined) return verdict('kvm', kvmReason(kvm, tcg), { tcg, kvm });
  const deadlineMs = Math.max(500, Math.round(endsAt - performance.now()));
  const linux = await runProbeKernel(run, { ...guest, kernel: request.kernel, deadlineMs }, signal);
  const evidence = { tcg, kvm, linux };
  if (linux.result !== 'passed') return verdict('tcg', kernelReason(linux), evidence);
  return verdict('kvm', kvmReason(kvm, tcg), evidence);
}

function controlReason(tcg: ProbeOutcome): string {
  const what = tcg.result === 'late' ? `was not done after ${seconds(tcg)}` : `failed (${tcg.detail})`;
  return `KVM not judged: a test guest under plain emulation ${what}`;
}

function payloadReason(kvm: ProbeOutcome, tcg: ProbeOutcome, cpuModel: string): string {
  return kvm.result === 'late'
    ? `/dev/kvm opens, but a test that emulation does in ${seconds(tcg)} was not done after ${seconds(kvm)}`
    : `/dev/kvm opens, but QEMU fails on it with -cpu ${cpuModel}: ${kvm.detail}`;
}

function kernelReason(linux: ProbeOutcome): string {
  return linux.result === 'late'
    ? `/dev/kvm opens, but a Linux kernel printed nothing in ${seconds(linux)}`
    : `/dev/kvm opens, but a Linux kernel fails on it: ${linux.detail}`;
}

function kvmReason(kvm: ProbeOutcome, tcg: ProbeOutcome): string {
  return `a test guest took ${seconds(kvm)}, ${seconds(tcg)} under emulation`;
}

function seconds(outcome: ProbeOutcome): string {
  return `${(outcome.durationMs / 1000).toFixed(1)} s`;
}
