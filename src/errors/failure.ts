/**
 * Who or what is at fault in an expected failure; decides the exit code.
 * `usage` the command line, `profile` a profile, `host` this machine (tool, space, accelerator, mirror),
 * `command` a program that failed, `conflict` release or catalogue state, `image-test` the image itself.
 */
export type FailureKind =
  'usage' | 'profile' | 'host' | 'command' | 'conflict' | 'image-test' | 'interrupted';

/** Exit codes by failure kind; part of the command-line contract, also printed in the README. */
export const EXIT_CODES: Readonly<Record<FailureKind | 'success' | 'bug' | 'up-to-date', number>> = {
  success: 0,
  bug: 1,
  usage: 2,
  profile: 3,
  host: 4,
  command: 5,
  conflict: 6,
  'image-test': 7,
  'up-to-date': 10,
  interrupted: 130,
};

/** A labelled part of what a failure tells: `reason`, `screen`, `serial`, `go on`. */
export interface FailureFact {
  readonly label: string;
  readonly lines: readonly string[];
}

/** What a {@link Failure} carries beside its message. */
export interface FailureOptions {
  /** What the reader can do about it, as an imperative sentence. */
  readonly hint?: string;
  /** What is known of it, for people: shown in this order, each beside its label. */
  readonly facts?: readonly FailureFact[];
  /** Further lines for the terminal, such as the last lines of a program's output. */
  readonly details?: readonly string[];
  /** Facts for programs, copied into the JSON document under `error.evidence`. */
  readonly evidence?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * An expected failure: something a person can understand and act upon.
 * Anything else that is thrown counts as a bug in Mintmark.
 */
export class Failure extends Error {
  readonly kind: FailureKind;
  /** Stable identifier for programs, such as `E_PROFILE_INVALID`. */
  readonly code: string;
  readonly hint: string | undefined;
  readonly facts: readonly FailureFact[];
  readonly details: readonly string[];
  readonly evidence: Readonly<Record<string, unknown>>;

  constructor(kind: FailureKind, code: string, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.code = code;
    this.hint = options.hint;
    this.facts = options.facts ?? [];
    this.details = options.details ?? [];
    this.evidence = options.evidence ?? {};
  }
}

/** The exit code that a thrown value stands for. */
export function exitCodeOf(error: unknown): number {
  return error instanceof Failure ? EXIT_CODES[error.kind] : EXIT_CODES.bug;
}
