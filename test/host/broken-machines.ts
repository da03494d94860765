import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/host/clock.ts';
import { run } from '../../src/host/run.ts';
import { createSecretFilter } from '../../src/host/secrets.ts';
import type { BootContractName } from '../../src/guest/boot-contract-name.ts';
import type { GuestCheck } from '../../src/guest/guest-check.ts';
import type { CheckResult, TestReport } from '../../src/manifests/test-report.ts';
import { BOOT_PATIENCE, type BootPatience } from '../../src/workflows/boot-deadlines.ts';
import type { WorkflowContext } from '../../src/workflows/build-request.ts';
import { makeKey } from '../../src/workflows/make-key.ts';
import { testArtifact } from '../../src/workflows/test-artifact.ts';
import { testFailureOf } from '../../src/workflows/test-failure.ts';
import { writeTestRecords } from '../../src/workflows/test-records.ts';
import { openArtifact } from '../../src/workflows/tested-artifact.ts';
import { WorkBudget } from '../../src/workflows/work-budget.ts';

/** A machine that is started from a disk which is broken. */
export interface BrokenMachine {
  /** Names its directories, and its reports; no two share it. */
  readonly name: string;
  /** Makes the disk; called when it is this machine's turn. */
  readonly disk: () => string;
  readonly contract: BootContractName;
  readonly checks: readonly GuestCheck[];
  readonly patience: Partial<BootPatience>;
}

/** What a test made of it. */
export interface BrokenOutcome {
  /** The failure in one line, as people read it. */
  readonly message: string;
  /** Name of each check that failed, with what was found. */
  readonly failed: Readonly<Record<string, string>>;
  /** Directory of the reports. */
  readonly reports: string;
  /** From when it was clear that the machine would not get ready until QEMU was gone, in milliseconds. */
  readonly recognisedMs: number;
  /** From power-on, in milliseconds. */
  readonly machineMs: number;
}

/** Memory that suffices for a small server. */
const MEMORY_MIB = 768;

/** Boots broken disks as `mintmark test` does, two at a time; each once, without a stranger or a restart. */
export class BrokenBench {
  readonly #directory: string;
  readonly #budget = new WorkBudget({ cores: 2, memoryBytes: 2 });
  readonly #stop = new AbortController();

  /** @param directory for machines and reports; short, because sockets lie there */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Ends everything that runs. */
  stop(): void {
    this.#stop.abort();
  }

  /** The context of workflows. */
  context(watched: Partial<Pick<WorkflowContext, 'run'>> = {}): WorkflowContext {
    return {
      emit: () => undefined,
      signal: this.#stop.signal,
      clock: systemClock,
      run,
      directories: { cache: join(this.#directory, 'cache'), state: join(this.#directory, 'state') },
      environment: {},
      ...watched,
    };
  }

  /** Boots one when there is room for it. Raises as `testArtifact`. */
  boot(machine: BrokenMachine): Promise<BrokenOutcome> {
    return this.inTurn(1, () => this.#bootNow(machine));
  }

  /** Does something that keeps so many processors busy when there is room for it. */
  inTurn<T>(cores: 1 | 2, work: () => Promise<T>): Promise<T> {
    return this.#budget.run({ cores, memoryBytes: cores }, this.#stop.signal, work);
  }

  async #bootNow(machine: BrokenMachine): Promise<BrokenOutcome> {
    const { name, contract, checks, patience } = machine;
    const [work, reports] = [join(this.#directory, name), join(this.#directory, `${name}-reports`)];
    mkdirSync(work);
    const qemu = new QemuTimes();
    const context = this.context({ run: qemu.run });
    const secrets = createSecretFilter([]);
    const key = join(work, 'key');
    const artifact = await openArtifact({ path: machine.disk(), target: 'kvm' }, work, context);
    const bench = {
      accelerator: 'tcg',
      memoryMiB: MEMORY_MIB,
      key: { file: key, publicKey: await makeKey(key, 'mintmark-test', context) },
      cloudScripts: new Uint8Array(),
      sshUser: undefined,
      secrets,
    } as const;
    const test = {
      artifact,
      contract,
      sshPort: 22,
      name: 'test',
      directory: join(work, 'm'),
      cpus: 1,
      extraDiskMiB: 1024,
      suite: 'kvm raw',
      slug: 'kvm-raw',
      checks,
      isFull: false,
      patience: { ...BOOT_PATIENCE.tcg, ...patience },
    };
    const { suite, answers, evidence } = await testArtifact(test, bench, context);
    const report = reportOf(name, suite);
    await writeTestRecords(reports, { report, answers, evidence, content: undefined }, secrets);
    rmSync(work, { recursive: true });
    return {
      message: testFailureOf(report, reports)?.message ?? 'nothing failed',
      failed: Object.fromEntries(suite.checks.filter(isFailed).map((each) => [each.name, each.found ?? ''])),
      reports,
      recognisedMs: qemu.lengthMs - (suite.checks.find((each) => each.name === 'ready')?.durationMs ?? 0),
      machineMs: qemu.lengthMs,
    };
  }
}

function isFailed({ outcome }: CheckResult): boolean {
  return outcome === 'failed';
}

function reportOf(subject: string, suite: TestReport['suites'][number]): TestReport {
  return {
    subject,
    startedAt: systemClock.now().toISOString(),
    durationMs: suite.durationMs,
    files: [],
    host: { accelerator: 'tcg', qemu: 'any' },
    suites: [suite],
  };
}

/** Measures how long QEMU runs. */
class QemuTimes {
  lengthMs = 0;

  readonly run: typeof run = async (spec, options) => {
    const began = performance.now();
    try {
      return await run(spec, options);
    } finally {
      if ([spec.command, ...spec.args].includes('qemu-system-x86_64'))
        this.lengthMs = performance.now() - began;
    }
  };
}
