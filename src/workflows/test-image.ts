import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { BootContractName } from '../guest/boot-contract-name.ts';
import { judgeStrangers } from '../guest/check-machine-identity.ts';
import type { TimedAnswer } from '../guest/check-script.ts';
import { failed, type Finding, type GuestCheck } from '../guest/guest-check.ts';
import { guestChecks } from '../guest/guest-checks.ts';
import { profileChecks } from '../guest/profile-checks.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { readMemory } from '../host/memory.ts';
import type { SecretFilter } from '../host/secrets.ts';
import type { CheckResult, SuiteResult, TestReport } from '../manifests/test-report.ts';
import { MIB } from '../values/byte-size.ts';
import { BOOT_PATIENCE, type BootPatience } from './boot-deadlines.ts';
import type { WorkflowContext } from './build-request.ts';
import { makeCloudScripts } from './cloud-scripts.ts';
import { findTestFirmware } from './find-test-firmware.ts';
import { promiseFor } from './guest-promises.ts';
import { makeKey, removeKey } from './make-key.ts';
import { planTestMachines, type PlannedMachine } from './plan-test-machines.ts';
import { testArtifact, type BootedArtifact } from './test-artifact.ts';
import type { TestBench } from './test-guest.ts';
import type { TestSubject } from './test-subject.ts';
import { openArtifact } from './tested-artifact.ts';
import { WorkBudget } from './work-budget.ts';

/** What is tested, and how. */
export interface ImageTestRequest {
  readonly subject: TestSubject;
  /** Directory for machines and their files; short, see `RunningMachine`. */
  readonly directory: string;
  readonly accelerator: 'kvm' | 'tcg';
  /** Version of QEMU, for the report. */
  readonly qemu: string;
  /** Contract to speak instead of the one that the image promises. */
  readonly contract?: BootContractName | undefined;
  /** Whether every artifact is booted once and no more. */
  readonly isAlone?: boolean | undefined;
  readonly sshUser?: string | undefined;
  /** Longest time from power-on until a machine is ready, in milliseconds. */
  readonly readyDeadlineMs?: number | undefined;
  readonly memoryMiB?: number | undefined;
  readonly secrets: SecretFilter;
  readonly onProgress: (detail: string, percent?: number) => void;
}

/** What a test brought to light. */
export interface ImageTest {
  readonly report: TestReport;
  /** Answers to `FACT_QUESTIONS`, of the machine that was asked everything. */
  readonly answers: ReadonlyMap<string, TimedAnswer>;
  /** Logs and pictures, by the name that the report has for them. */
  readonly evidence: readonly { readonly name: string; readonly path: string }[];
}

/** Memory of a machine unless another is asked for; what clouds call small. */
const DEFAULT_MEMORY_MIB = 1024;
/** QEMU with its translated code, beside the guest's own memory. */
const MACHINE_EXTRA_MIB = 256;
/** How much larger disks are than their images. */
const EXTRA_DISK_MIB = 1024;
/** Part of the free memory that machines together may take. */
const MEMORY_PART = 0.75;

/**
 * Boots every artifact of a subject, as many at a time as this machine has cores and memory for, and holds each to what
 * the image promises. The artifacts are not changed, which is part of the report.
 *
 * Raises what {@link testArtifact} raises; an image that breaks its promises is no failure of this function.
 */
export async function testImage(request: ImageTestRequest, context: WorkflowContext): Promise<ImageTest> {
  const startedAt = context.clock.now().toISOString();
  const began = performance.now();
  const { subject, directory } = request;
  const machines = planTestMachines(subject, request);
  const key = join(directory, 'key');
  try {
    const publicKey = await makeKey(key, 'mintmark-test', context);
    const bench: TestBench = {
      accelerator: request.accelerator,
      memoryMiB: request.memoryMiB ?? DEFAULT_MEMORY_MIB,
      key: { file: key, publicKey },
      cloudScripts: makeCloudScripts(),
      sshUser: request.sshUser,
      secrets: request.secrets,
    };
    const booted = await bootSideBySide(machines, { request, bench }, context);
    const files = await digestArtifacts(subject, context.signal);
    const suites = withStrangers(booted).map((suite) => withDigest(suite, files));
    return {
      report: {
        subject: subject.name,
        startedAt,
        durationMs: Math.round(performance.now() - began),
        files: files.map(({ file, sha256 }) => ({ file, sha256 })),
        host: { accelerator: request.accelerator, qemu: request.qemu },
        suites,
      },
      answers: booted[0]?.answers ?? new Map(),
      evidence: booted.flatMap(({ evidence }) => evidence),
    };
  } finally {
    await removeKey(key);
  }
}

interface Booting {
  readonly request: ImageTestRequest;
  readonly bench: TestBench;
}

/** The results have the order of the machines. When one cannot be tested at all, the others are ended. */
async function bootSideBySide(
  machines: readonly PlannedMachine[],
  booting: Booting,
  context: WorkflowContext,
): Promise<BootedArtifact[]> {
  const cores = availableParallelism();
  const { availableBytes } = await readMemory();
  const budget = new WorkBudget({ cores, memoryBytes: availableBytes * MEMORY_PART });
  const cpus = machines.length > 1 ? Math.max(1, Math.floor(cores / machines.length)) : Math.min(2, cores);
  const share = { cores: cpus, memoryBytes: (booting.bench.memoryMiB + MACHINE_EXTRA_MIB) * MIB };
  const failing = new AbortController();
  const signal = AbortSignal.any([context.signal, failing.signal]);
  const progress = new BootProgress(machines, booting.request.onProgress);
  const booted = machines.map((machine, index) =>
    budget
      .run(share, signal, async () => {
        progress.begin(machine);
        return bootOne({ machine, index, cpus }, booting, { ...context, signal });
      })
      .then((result) => {
        progress.end(machine);
        return result;
      })
      .catch((error: unknown) => {
        failing.abort(error);
        throw error;
      }),
  );
  await Promise.allSettled(booted);
  if (failing.signal.aborted && !context.signal.aborted) throw failing.signal.reason;
  return Promise.all(booted);
}

async function bootOne(
  {
    machine,
    index,
    cpus,
  }: { readonly machine: PlannedMachine; readonly index: number; readonly cpus: number },
  { request, bench }: Booting,
  context: WorkflowContext,
): Promise<BootedArtifact> {
  const { artifact, contract, suite, slug, isFull } = machine;
  const { promise } = request.subject;
  const directory = join(request.directory, `m${index}`);
  const unpacked = join(request.directory, `u${index}`);
  const firmware = await findTestFirmware(machine.firmware, promise.guest.disk);
  try {
    return await testArtifact(
      {
        artifact: await openArtifact(artifact, unpacked, context),
        contract,
        sshPort: promise.guest.sshPort,
        name: `${NAMES[contract]}-${index + 1}`,
        directory,
        cpus,
        extraDiskMiB: EXTRA_DISK_MIB,
        ...(firmware === undefined ? {} : { firmware }),
        suite,
        slug,
        checks: checksFor(machine, request.subject),
        isFull,
        patience: patienceOf(request),
      },
      bench,
      context,
    );
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

/** Checks of a profile take as long as they may; those of ours are quick. */
function patienceOf({ accelerator, readyDeadlineMs, subject }: ImageTestRequest): BootPatience {
  const usual = BOOT_PATIENCE[accelerator];
  const limits = profileChecks(subject.promise.checks).map(({ timeoutSeconds = 0 }) => timeoutSeconds);
  const own = 1000 * limits.reduce((sum, each) => sum + each, 0);
  return {
    ...usual,
    answerDeadlineMs: usual.answerDeadlineMs + own,
    ...(readyDeadlineMs === undefined ? {} : { readyDeadlineMs }),
  };
}

/** What machines are called, as servers call theirs: CloudStack's routers are `r-NUMBER-VM`. */
const NAMES: Readonly<Record<BootContractName, string>> = {
  nocloud: 'test',
  'config-drive': 'test',
  cloudstack: 'r',
  cosmic: 'r',
};

function checksFor({ contract, isFull }: PlannedMachine, { promise }: TestSubject): GuestCheck[] {
  const all = guestChecks(promiseFor(promise, contract));
  return isFull ? [...all, ...profileChecks(promise.checks)] : all.filter(({ isIdentity }) => isIdentity);
}

const STRANGERS = {
  name: 'strangers',
  title: 'machines of one image share neither machine-id nor SSH host keys',
} as const;

/** What all machines together show stands in the suite of the first. */
function withStrangers(booted: readonly BootedArtifact[]): SuiteResult[] {
  const suites = booted.map(({ suite }) => suite);
  const [first, ...others] = suites;
  if (first === undefined || others.length === 0) return suites;
  return [{ ...first, checks: [...first.checks, { ...STRANGERS, ...judgeAll(booted) }] }, ...others];
}

function judgeAll(booted: readonly BootedArtifact[]): Finding {
  const known = booted.flatMap(({ identity }) => identity ?? []);
  if (known.length < 2) return { outcome: 'skipped', found: 'fewer than two machines told who they are' };
  const findings = known.flatMap((one, index) =>
    known.slice(index + 1).map((two) => judgeStrangers(one, two)),
  );
  return findings.find(({ outcome }) => outcome === 'failed') ?? findings[0] ?? { outcome: 'skipped' };
}

interface DigestedFile {
  readonly file: string;
  readonly sha256: string;
  readonly recorded: string | undefined;
}

async function digestArtifacts({ artifacts }: TestSubject, signal: AbortSignal): Promise<DigestedFile[]> {
  const digested: DigestedFile[] = [];
  for (const { path, sha256: recorded } of artifacts) {
    const sha256 = await sha256OfFile(path, signal);
    digested.push({ file: path.split('/').at(-1) ?? path, sha256, recorded });
  }
  return digested;
}

const UNCHANGED = {
  name: 'artifact',
  title: 'the artifact has the digest that its release records',
} as const;

function withDigest(suite: SuiteResult, files: readonly DigestedFile[]): SuiteResult {
  const found = files.find(({ file }) => file === suite.file);
  if (found?.recorded === undefined) return suite;
  const { sha256, recorded } = found;
  const finding: Finding =
    sha256 === recorded
      ? { outcome: 'passed', found: `SHA-256 ${sha256.slice(0, 16)}…` }
      : failed(`SHA-256 ${recorded}`, sha256);
  const check: CheckResult = { ...UNCHANGED, ...finding };
  return { ...suite, checks: [check, ...suite.checks] };
}

/** What people are told while machines boot. */
class BootProgress {
  readonly #machines: readonly PlannedMachine[];
  readonly #tell: ImageTestRequest['onProgress'];
  readonly #under = new Set<string>();
  #done = 0;

  constructor(machines: readonly PlannedMachine[], tell: ImageTestRequest['onProgress']) {
    this.#machines = machines;
    this.#tell = tell;
  }

  begin({ suite }: PlannedMachine): void {
    this.#under.add(suite);
    this.#report();
  }

  end({ suite }: PlannedMachine): void {
    this.#under.delete(suite);
    this.#done += 1;
    this.#report();
  }

  #report(): void {
    if (this.#under.size === 0) return;
    const count = this.#machines.length === 1 ? '' : ` (${this.#done} of ${this.#machines.length} done)`;
    this.#tell(`booting ${[...this.#under].join(' and ')}${count}`);
  }
}
