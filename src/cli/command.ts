import type { Failure } from '../errors/failure.ts';
import type { ConsoleTerminal } from '../host/console-bridge.ts';
import type { WorkflowContext } from '../workflows/build-request.ts';
import type { OptionTable, OptionValues } from './option.ts';
import type { TextLayout } from './text-layout.ts';

/** An argument without dashes. */
export interface Positional {
  /** As the help shows it, in capitals. */
  readonly name: string;
  readonly summary: string;
  readonly required: boolean;
  /** Takes all that are left; only for the last one. */
  readonly repeated?: true;
}

/** A command line that a person can copy, with what it does. */
export interface Example {
  readonly commandLine: string;
  readonly does: string;
}

/** What the parser hands to a command. */
export interface CommandInput<Table extends OptionTable> {
  readonly options: OptionValues<Table>;
  readonly positionals: readonly string[];
}

/** What a command may use. */
export interface CommandContext {
  readonly workflow: WorkflowContext;
  /** Catalogue directory when `--catalogue` is not given. */
  readonly catalogue: string;
  /** How text for stdout is laid out. */
  readonly layout: TextLayout;
  /** How text for stderr is laid out. */
  readonly summaryLayout: TextLayout;
  /** The terminal that a person sits at; undefined in pipes, and with `--json`, to which standard output belongs. */
  readonly openTerminal: () => ConsoleTerminal | undefined;
}

/** What a command leaves behind; the entry point writes it. */
export interface CommandOutcome {
  /** Members of the JSON document beside `ok`. */
  readonly document: Readonly<Record<string, unknown>>;
  /** The result itself, for stdout: a path, a table, a version. */
  readonly result?: string;
  /** For a person, on stderr; when it is read on the same terminal as stdout, it replaces the result. */
  readonly summary?: string;
  /** A failure that still has a result to show, such as a doctor's report with a red line. */
  readonly failure?: Failure;
}

/** One command: everything that parser, help, README and runner need to know about it. */
export interface Command<Table extends OptionTable = OptionTable> {
  /** One word, or two for a member of a group: `version next`. */
  readonly name: string;
  /** One line, imperative, without a final full stop. */
  readonly summary: string;
  readonly hidden?: true;
  readonly options: Table;
  readonly positionals: readonly Positional[];
  readonly examples: readonly Example[];
  /** Loads the workflow it needs when called, so that help and small commands start at once. */
  run(input: CommandInput<Table>, context: CommandContext): Promise<CommandOutcome>;
}
