import { join } from 'node:path';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { CommandSpec } from '../values/command-spec.ts';

/** What virt-sparsify is to work on. */
export interface GuestfsCall {
  /** Directory of the run; `tmp` in it exists. */
  readonly directory: string;
  /** File name of the raw disk in it. */
  readonly disk: string;
  /** `copy` leaves the result beside the disk, with `.sparse` behind its name. */
  readonly method: 'in-place' | 'copy';
  readonly accelerator: 'kvm' | 'tcg';
}

/** Longest path of a Unix socket on Linux, in bytes, without the final NUL (unix(7)). */
const SOCKET_PATH_BYTES = 107;
/** What libguestfs makes below its directory for sockets. */
const LONGEST_SOCKET = 'libguestfsXXXXXX/guestfsd.sock';

/** Shows the run at /mnt and its `tmp` at /tmp, whatever lay there. */
const IN_RUN = 'mount --bind "$1" /mnt && mount --bind /mnt/tmp /tmp && shift && exec "$@"';

/**
 * virt-sparsify such that it and its appliance end with us, and what they leave when they are killed lies in the run's
 * directory. For root libguestfs has its sockets in /tmp, whatever the environment says (lib/tmpdirs.c), hence the
 * private mounts. An ordinary user gets no namespaces: an appliance that is built in a user namespace does not boot.
 *
 * @param uid numeric id of our user
 */
export function guestfsCommand(
  call: GuestfsCall,
  deadlineMs: number,
  uid = process.getuid?.() ?? 0,
): CommandSpec {
  const env = {
    LIBGUESTFS_BACKEND: 'direct',
    ...(call.accelerator === 'tcg' ? { LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' } : {}),
  };
  if (uid !== 0) {
    const args = sparsifyArguments(call, call.directory);
    return dieWithParent({
      command: 'virt-sparsify',
      args,
      deadlineMs,
      env: { ...env, ...userDirectories(call.directory) },
    });
  }
  const own = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', IN_RUN, 'sh', call.directory];
  const args = [...own, 'virt-sparsify', ...sparsifyArguments(call, '/mnt')];
  return dieWithParent({
    command: 'unshare',
    name: 'virt-sparsify',
    args,
    deadlineMs,
    env: { ...env, TMPDIR: '/tmp' },
    endSignal: 'SIGKILL',
  });
}

function sparsifyArguments({ disk, method }: GuestfsCall, directory: string): string[] {
  const path = join(directory, disk);
  if (method === 'in-place') return ['--quiet', '--format', 'raw', '--in-place', path];
  return ['--quiet', '--check-tmpdir', 'fail', '--format', 'raw', '--convert', 'raw', path, `${path}.sparse`];
}

/** Empty where the paths would be too long for a socket: the system's own places have to do then. */
function userDirectories(directory: string): Readonly<Record<string, string>> {
  const temporary = join(directory, 'tmp');
  if (Buffer.byteLength(join(temporary, LONGEST_SOCKET)) > SOCKET_PATH_BYTES) return {};
  // The appliance itself is kept where libguestfs keeps it for everybody else, as making it takes time and room.
  return { XDG_RUNTIME_DIR: temporary, TMPDIR: temporary, LIBGUESTFS_CACHEDIR: '/var/tmp' };
}
