import { Failure } from '../errors/failure.ts';
import { renderCommandLine, type CommandSpec } from '../values/command-spec.ts';

/** Lines of a program's output that a failure carries. */
const TAIL_LINES = 20;
/** Characters of such a line; longer ones are no message for people. */
const LONGEST_LINE = 1000;

/** The failure for a program that is not on PATH. */
export function missingTool(spec: Pick<CommandSpec, 'command'>): Failure {
  return new Failure('host', 'E_TOOL_MISSING', `${spec.command} is not installed`, {
    hint: 'run `npm run mintmark -- doctor`: it names the Debian package to install',
    evidence: { tool: spec.command },
  });
}

/** The failure for a working directory that is not there. */
export function missingDirectory(spec: CommandSpec): Failure {
  return new Failure(
    'host',
    'E_DIRECTORY_MISSING',
    `${spec.command} cannot start: ${spec.cwd} is no directory`,
    {
      evidence: { directory: spec.cwd },
    },
  );
}

/** The failure for a call that the signal cancelled. */
export function interrupted(spec: CommandSpec): Failure {
  return new Failure('interrupted', 'E_INTERRUPTED', `${nameOf(spec)} was interrupted`);
}

/** The failure for a program that ran past its deadline. */
export function timedOut(spec: CommandSpec, output: string): Failure {
  const seconds = Math.round(spec.deadlineMs / 1000);
  return new Failure(
    'command',
    'E_COMMAND_TIMEOUT',
    `${nameOf(spec)} ran longer than ${seconds} s and was ended`,
    {
      details: failureDetails(spec, output),
      evidence: { commandLine: renderCommandLine(spec), deadlineMs: spec.deadlineMs },
    },
  );
}

/** The failure for a bad exit code (a number) or the signal (its name) that ended a program. */
export function commandFailed(spec: CommandSpec, status: number | string, output: string): Failure {
  const how = typeof status === 'number' ? `failed with exit code ${status}` : `ended by ${status}`;
  return new Failure('command', 'E_COMMAND_FAILED', `${nameOf(spec)} ${how}`, {
    details: failureDetails(spec, output),
    evidence: { commandLine: renderCommandLine(spec), status, output: lastLines(output) },
  });
}

/** The failure for a program that the kernel would not start, such as one with an argument over 128 KiB. */
export function notStarted(spec: CommandSpec, reason: string): Failure {
  return new Failure('command', 'E_COMMAND_FAILED', `${nameOf(spec)} could not be started: ${reason}`, {
    evidence: { program: spec.command, status: reason },
  });
}

/** The failure for a program that was ended because it wrote without end. */
export function tooMuchOutput(spec: CommandSpec, output: string, limit: number): Failure {
  return new Failure(
    'command',
    'E_COMMAND_FAILED',
    `${nameOf(spec)} wrote more than ${limit / 1024 / 1024} MiB and was ended`,
    {
      details: failureDetails(spec, output),
      evidence: { commandLine: renderCommandLine(spec), status: 'output limit' },
    },
  );
}

function nameOf(spec: CommandSpec): string {
  return spec.name ?? spec.command;
}

function failureDetails(spec: CommandSpec, output: string): string[] {
  return [`command  ${renderCommandLine(spec)}`, ...lastLines(output)];
}

function lastLines(output: string): string[] {
  return output
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-TAIL_LINES)
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line));
}
