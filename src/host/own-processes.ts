import type { CommandSpec } from '../values/command-spec.ts';

/**
 * The same program in a process namespace of its own, so that everything it starts ends with it, and with us:
 * when the call is cancelled, runs past its deadline, or our process dies in whatever way, the kernel ends the
 * whole namespace. For programs that leave children behind when they are killed, such as Packer with its QEMU.
 *
 * `unshare` blocks SIGTERM while it waits, hence SIGKILL. As an ordinary user it takes a user namespace too.
 *
 * @param uid numeric id of our user
 */
export function inOwnProcesses(spec: CommandSpec, uid = process.getuid?.() ?? 0): CommandSpec {
  const user = uid === 0 ? [] : ['--map-current-user'];
  return {
    ...spec,
    name: spec.name ?? spec.command,
    command: 'setpriv',
    args: [
      '--pdeathsig',
      'KILL',
      'unshare',
      ...user,
      '--pid',
      '--fork',
      '--kill-child',
      spec.command,
      ...spec.args,
    ],
    endSignal: 'SIGKILL',
  };
}
