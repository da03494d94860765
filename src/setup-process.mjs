import { spawnSync } from 'node:child_process';

/** Exit code when this machine lacks something; the same as in `errors/failure.ts`. */
export const EXIT_HOST = 4;

/** Whether the user forbade every installation. */
export function mayNotInstall() {
  return process.env.MINTMARK_INSTALL === 'never';
}

/** A line for people, on standard error. */
export function say(text) {
  process.stderr.write(`mintmark: ${text}\n`);
}

/** Ends with a message; `command` stands alone on its line, to be copied. */
export function fail(exitCode, text, command) {
  say(text);
  if (command !== undefined) process.stderr.write(`\n    ${command}\n\n`);
  process.exit(exitCode);
}

/** Runs a program with nothing to read and all its output on standard error; its exit code or its signal's name. */
export function runToEnd(command, args, options) {
  const result = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options });
  if (result.error !== undefined) return result.error.code;
  // Ctrl-C reached the program too; without this we would report it as a failure of the program.
  if (result.signal === 'SIGINT') process.exit(130);
  return result.status ?? result.signal;
}
