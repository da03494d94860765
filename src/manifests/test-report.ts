/** How one look at an image came out. */
export type CheckOutcome = 'passed' | 'failed' | 'skipped';

/** One promise that an image was held to. */
export interface CheckResult {
  /** Stable, in kebab-case, unique within its suite; such as `release-line`. */
  readonly name: string;
  /** The promise, for people: `the release line is the recorded one`. */
  readonly title: string;
  readonly outcome: CheckOutcome;
  /** What was promised, in one line; given whenever the check failed. */
  readonly expected?: string;
  /** What was there instead, in one line; of a check that was skipped, why. */
  readonly found?: string;
  /** Further lines that explain it: files, packages, units. */
  readonly details?: readonly string[];
  readonly durationMs?: number;
}

/** When a machine reached what, in milliseconds since power-on; what was not seen is absent. */
export interface BootTimes {
  /** First line of the kernel. */
  readonly kernelMs?: number;
  /** The guest's init took over. */
  readonly userspaceMs?: number;
  /** The contract's marker was there. */
  readonly readyMs?: number;
  /** The key that was handed in let us in. */
  readonly loginMs?: number;
}

/** A way by which a guest is told who it is. */
export interface TestedChannel {
  /** Such as `guest-agent`, `seed-disk`, `xenstore`. */
  readonly name: string;
  /** `simulated` where QEMU has no such device and the guest was given the device's answers. */
  readonly kind: 'real' | 'simulated';
}

/** What was checked together: one booted artifact, or the disk that all of them hold. */
export interface SuiteResult {
  /** Such as `hygiene`, or `kvm qcow2`. */
  readonly name: string;
  /** File name of the artifact; absent where none was booted. */
  readonly file?: string;
  readonly target?: string;
  readonly format?: string;
  readonly contract?: string;
  readonly channel?: TestedChannel;
  readonly boot?: BootTimes;
  readonly checks: readonly CheckResult[];
  /** File names of the evidence beside the report. */
  readonly evidence: readonly string[];
  readonly durationMs: number;
}

/** What an image or a release was held to, and how that came out. */
export interface TestReport {
  /** Name of the release or the file. */
  readonly subject: string;
  readonly startedAt: string;
  readonly durationMs: number;
  /** What was tested, with SHA-256. */
  readonly files: readonly { readonly file: string; readonly sha256: string }[];
  /** What the machines ran on. */
  readonly host: { readonly accelerator: 'kvm' | 'tcg'; readonly qemu: string };
  readonly suites: readonly SuiteResult[];
}

/** Whether nothing failed; what was skipped is no failure. */
export function hasPassed({ suites }: Pick<TestReport, 'suites'>): boolean {
  return suites.every(({ checks }) => checks.every(({ outcome }) => outcome !== 'failed'));
}

/** Every check that failed, with its suite. */
export function failedChecks({
  suites,
}: Pick<TestReport, 'suites'>): { readonly suite: SuiteResult; readonly check: CheckResult }[] {
  return suites.flatMap((suite) =>
    suite.checks.filter(({ outcome }) => outcome === 'failed').map((check) => ({ suite, check })),
  );
}
