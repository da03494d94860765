#!/usr/bin/env node
import { EXIT_CODES } from '../errors/failure.ts';
import { reportFailure } from './report-outcome.ts';
import { reportTargetOf, runCli } from './run-cli.ts';
import type { CliProcess } from './run-command.ts';

const argv = process.argv.slice(2);

const host: CliProcess = {
  // Made when it is asked for: whoever does not read costs nothing.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: () => process.cwd(),
  on: (name, listener) => process.on(name, listener),
  removeListener: (name, listener) => process.removeListener(name, listener),
  endAtOnce: () => process.exit(EXIT_CODES.interrupted),
};

// A reader that goes away (`| head`) ends neither the build nor its cleanup; who writes learns of it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

async function endWithBug(error: unknown): Promise<void> {
  process.exit(await reportFailure(error, reportTargetOf(argv, host)));
}
process.on('uncaughtException', (error) => void endWithBug(error));

process.exitCode = await runCli(argv, host);
// Everything is written by now; a library that keeps a timer or a worker must not keep the terminal.
process.exit();
