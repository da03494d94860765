import { EXIT_CODES, Failure, exitCodeOf } from '../errors/failure.ts';
import type { CommandOutcome } from './command.ts';
import { failureDocument, outcomeDocument, type JsonDocument } from './json-document.ts';
import { renderFailure } from './render-failure.ts';
import type { TextLayout } from './text-layout.ts';

/** Where a command's end is written. */
export interface ReportTarget {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Layout of stderr. */
  readonly layout: TextLayout;
  readonly json: boolean;
  readonly quiet: boolean;
}

/**
 * Writes what a command left: the summary for people, the result or the JSON document for whoever
 * reads stdout. Returns the exit code. Raises `E_OUTPUT` when it cannot be written.
 */
export async function reportOutcome(outcome: CommandOutcome, target: ReportTarget): Promise<number> {
  const { summary, result, failure } = outcome;
  if (summary !== undefined && !target.quiet) await write(target.stderr, `\n${summary}\n`);
  if (target.json) await write(target.stdout, renderDocument(outcomeDocument(outcome)));
  else if (result !== undefined && !isReadAlready(outcome, target)) await write(target.stdout, `${result}\n`);
  if (failure === undefined) return EXIT_CODES.success;
  await write(target.stderr, `\n${renderFailure(failure, target.layout)}\n`);
  return exitCodeOf(failure);
}

/** Writes a failure: text on stderr, and with `--json` its document on stdout. Returns the exit code. */
export async function reportFailure(error: unknown, target: ReportTarget): Promise<number> {
  await tryWrite(target.stderr, `${renderFailure(error, target.layout)}\n`);
  if (target.json) await tryWrite(target.stdout, renderDocument(failureDocument(error)));
  return exitCodeOf(error);
}

/** On one terminal the summary shows the result already. */
function isReadAlready(outcome: CommandOutcome, target: ReportTarget): boolean {
  return outcome.summary !== undefined && !target.quiet && target.stdout.isTTY && target.stderr.isTTY;
}

function renderDocument(document: JsonDocument): string {
  return `${JSON.stringify(document)}\n`;
}

/**
 * Resolves when the text has left. A reader that went away wanted no more of it; any other error, such as
 * a full disk behind a redirection, raises `E_OUTPUT`.
 */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (!error || ('code' in error && error.code === 'EPIPE')) resolve();
      else reject(unwritable(error));
    });
  });
}

function unwritable(error: Error): Failure {
  return new Failure('host', 'E_OUTPUT', 'the output could not be written', {
    details: [error.message],
    cause: error,
  });
}

/** For what is said about a failure: when it cannot be written either, the exit code has to do. */
async function tryWrite(stream: NodeJS.WriteStream, text: string): Promise<void> {
  await write(stream, text).catch(() => undefined);
}
