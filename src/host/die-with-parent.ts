import type { CommandSpec } from '../values/command-spec.ts';

/**
 * The same program, killed by the kernel when our process dies, however it dies (`setpriv` of util-linux sets
 * PR_SET_PDEATHSIG and becomes the program, so the process id is the program's own).
 * For programs that would otherwise run on for ever after a `kill -9` of ours, such as QEMU. A setuid program
 * loses the protection.
 */
export function dieWithParent(spec: CommandSpec): CommandSpec {
  return { ...spec, command: 'setpriv', args: ['--pdeathsig', 'KILL', spec.command, ...spec.args] };
}
