/** A program call as data: what to run, never how its output is shown. */
export interface CommandSpec {
  /** Program name, looked up on PATH, or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  /** What it is called in messages, where `command` only prepares the way for it; by default `command`. */
  readonly name?: string;
  /** Variables added to the allow-listed environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Text given on standard input; otherwise standard input is closed. */
  readonly input?: string;
  /** Signal that ends it early; SIGTERM unless the program is known to ignore that. */
  readonly endSignal?: 'SIGTERM' | 'SIGKILL';
  /** The call is ended and fails when it runs longer than this. */
  readonly deadlineMs: number;
}

/** A command line that a person can paste into a POSIX shell. */
export function renderCommandLine(spec: Pick<CommandSpec, 'command' | 'args'>): string {
  return [spec.command, ...spec.args].map(quoteForShell).join(' ');
}

/** One word of a POSIX shell command line, quoted only where it must be. */
export function quoteForShell(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
