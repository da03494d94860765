import type { CheckResult } from '../manifests/test-report.ts';

/** What a script in the guest answered. */
export interface GuestAnswer {
  /** What it wrote on standard output, then on standard error. */
  readonly text: string;
  /** The part of it from standard output; absent where that is all of it. */
  readonly stdout?: string;
  readonly exitCode: number;
}

/** What a check makes of an answer. */
export type Finding = Pick<CheckResult, 'outcome' | 'expected' | 'found' | 'details'>;

/**
 * A look at a running guest: a script that asks, and a judgement of the answer. The scripts of all checks travel to the
 * guest at once, because every login and every process costs under emulation.
 */
export interface GuestCheck {
  readonly name: string;
  readonly title: string;
  /** POSIX shell, run as root in a subshell of its own; must change nothing. */
  readonly script: string;
  /** When the guest ends the script by itself, in seconds; needed where it may wait or runs what is not ours. */
  readonly timeoutSeconds?: number;
  /** Whether every artifact is asked, because it tells which image this is; the others are asked of one artifact only. */
  readonly isIdentity: boolean;
  readonly judge: (answer: GuestAnswer) => Finding;
}

/** A check that passed, with what was there. */
export function passed(found: string): Finding {
  return { outcome: 'passed', found };
}

/** A check that failed: what was promised, and what was there instead. */
export function failed(expected: string, found: string, details: readonly string[] = []): Finding {
  return { outcome: 'failed', expected, found, ...(details.length === 0 ? {} : { details }) };
}
