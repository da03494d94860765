import type { CommandOutcome } from './command.ts';
import { COMMANDS } from './command-table.ts';
import { renderCommandHelp, renderOverview } from './help.ts';
import { readOwnVersion } from './own-version.ts';
import { asksForJson, parseArguments, type ParsedArguments } from './parse-arguments.ts';
import { reportFailure, reportOutcome, type ReportTarget } from './report-outcome.ts';
import { runCommand, type CliProcess } from './run-command.ts';
import { layoutOf } from './stream-layout.ts';
import { usageFailure } from './usage-failure.ts';

/** Runs one command line to its end, with everything written, and returns the exit code. Never throws. */
export async function runCli(argv: readonly string[], host: CliProcess): Promise<number> {
  const target = reportTargetOf(argv, host);
  try {
    const parsed = parseArguments(argv, COMMANDS);
    return await reportOutcome(describe(parsed, host) ?? (await execute(parsed, host)), target);
  } catch (error) {
    return reportFailure(error, target);
  }
}

/** Where reports go. Reads the raw words, so that it also works for a line that cannot be parsed. */
export function reportTargetOf(argv: readonly string[], host: CliProcess): ReportTarget {
  return {
    stdout: host.stdout,
    stderr: host.stderr,
    layout: layoutOf(host.stderr, argv.includes('--no-color'), host.env),
    json: asksForJson(argv),
    quiet: argv.includes('--quiet'),
  };
}

/** Help and version, which need no workflow; undefined when a command is to run. */
function describe(
  { command, globals, input }: ParsedArguments,
  host: CliProcess,
): CommandOutcome | undefined {
  if (globals.version) {
    const version = readOwnVersion();
    return { document: { version }, result: `mintmark ${version}` };
  }
  if (!globals.help) return undefined;
  const layout = layoutOf(host.stdout, globals['no-color'], host.env);
  const help = command
    ? renderCommandHelp(command, layout)
    : renderOverview(COMMANDS, layout, input.positionals[0]);
  return { document: { help }, result: help };
}

function execute(parsed: ParsedArguments, host: CliProcess): Promise<CommandOutcome> {
  const { command, input, globals } = parsed;
  if (!command) throw usageFailure('no command was given', 'mintmark --help shows the commands');
  return runCommand(command, input, globals, host);
}
