import { EXIT_CODES, exitCodeOf } from '../errors/failure.ts';
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
 * reads stdout. Returns the exit code.
 */
export async function reportOutcome(outcome: CommandOutcome, target: ReportTarget): Promise<number> {
  const { summary, result, failure } = outcome;
  if (summary !== undefined && !target.quiet) await write(target.stderr, `\n${summary}\n`);
  if (target.json) await writeDocument(outcomeDocument(outcome), target);
  else if (result !== undefined && !isReadAlready(outcome, target)) await write(target.stdout, `${result}\n`);
  if (failure === undefined) return EXIT_CODES.success;
  await write(target.stderr, `\n${renderFailure(failure, target.layout)}\n`);
  return exitCodeOf(failure);
}

/** Writes a failure: text on stderr, and with `--json` its document on stdout. Returns the exit code. */
export async function reportFailure(error: unknown, target: ReportTarget): Promise<number> {
  await write(target.stderr, `${renderFailure(error, target.layout)}\n`);
  if (target.json) await writeDocument(failureDocument(error), target);
  return exitCodeOf(error);
}

/** On one terminal the summary shows the result already. */
function isReadAlready(outcome: CommandOutcome, target: ReportTarget): boolean {
  return outcome.summary !== undefined && !target.quiet && target.stdout.isTTY && target.stderr.isTTY;
}

async function writeDocument(document: JsonDocument, target: ReportTarget): Promise<void> {
  await write(target.stdout, `${JSON.stringify(document)}\n`);
}

/** Resolves when the text has left, or when nobody is reading any more. */
function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    stream.write(text, () => resolve());
  });
}
