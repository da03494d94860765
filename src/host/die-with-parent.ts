import type { CommandSpec } from '../values/command-spec.ts';

const WRAPPER = 'setpriv';
const DEATH_WATCH = ['--pdeathsig', 'KILL'];

/**
 * The same program, killed by the kernel when our process dies, however it dies (`setpriv` of util-linux sets
 * PR_SET_PDEATHSIG and becomes the program, so the process id is the program's own).
 * For programs that would otherwise run on for ever after a `kill -9` of ours, such as QEMU. A setuid program
 * loses the protection.
 */
export function dieWithParent(spec: CommandSpec): CommandSpec {
  return { ...spec, command: WRAPPER, args: [...DEATH_WATCH, spec.command, ...spec.args] };
}

/** The program inside {@link dieWithParent}, for messages; any other call as it is. */
export function withoutDeathWatch(spec: CommandSpec): CommandSpec {
  const [command, ...args] = spec.args.slice(DEATH_WATCH.length);
  const isWrapped = spec.command === WRAPPER && DEATH_WATCH.every((word, index) => spec.args[index] === word);
  return isWrapped && command !== undefined ? { ...spec, command, args } : spec;
}
