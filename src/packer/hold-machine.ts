import type { CommandSpec } from '../values/command-spec.ts';

/** What stands on standard error when Packer has failed and the machine it leaves running can be looked at. */
export const MACHINE_HELD = 'mintmark: Packer has ended, its machine is held';

/** Time in which a machine that is held must be ended, in seconds; then it is killed. */
const HOLD_SECONDS = 20;

/**
 * Runs Packer, and when it fails holds the QEMU that it leaves running (`-on-error=abort`) until somebody has ended
 * it. This shell is the first process of the namespace in which they live, so that the kernel kills QEMU with it.
 */
const HOLD = `
pid_file=$1 tenths=$2
shift 2
"$@"
status=$?
[ "$status" -ne 0 ] || exit 0
{ read -r pid <"$pid_file"; } 2>/dev/null || exit "$status"
kill -0 "$pid" 2>/dev/null || exit "$status"
echo '${MACHINE_HELD}' >&2
while [ "$tenths" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    tenths=$((tenths - 1))
done
exit "$status"
`;

/**
 * The same call of Packer, after whose failure QEMU stays for a while: {@link MACHINE_HELD} on standard error says so.
 * To be run in a process namespace of its own.
 *
 * @param pidFile where QEMU writes its process id
 */
export function holdMachine(spec: CommandSpec, pidFile: string): CommandSpec {
  const hold = ['-c', HOLD, 'mintmark', pidFile, String(HOLD_SECONDS * 10)];
  return { ...spec, command: 'sh', args: [...hold, spec.command, ...spec.args] };
}
