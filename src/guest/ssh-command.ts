import type { CommandSpec } from '../values/command-spec.ts';

/** Somebody who can log in to a test machine. */
export interface SshLogin {
  readonly user: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** File of the private key. */
  readonly key: string;
}

/**
 * Runs a shell script in a guest, as root. Nothing of our own configuration or agent takes part, no key of a host is
 * asked for: the machine is ours and was made a moment ago. The plain elliptic curve for the exchange, because the
 * default one costs an emulated machine a second and more.
 *
 * @param script POSIX shell; goes to the guest on standard input
 */
export function sshCommand({ user, port, key }: SshLogin, script: string, deadlineMs: number): CommandSpec {
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'ConnectTimeout=30',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
    'KexAlgorithms=curve25519-sha256,ecdh-sha2-nistp256',
  ];
  const shell = user === 'root' ? ['sh', '-s'] : ['sudo', '-n', 'sh', '-s'];
  return {
    command: 'ssh',
    args: [
      ['-F', 'none', '-i', key, '-p', String(port)],
      options.flatMap((option) => ['-o', option]),
      [`${user}@127.0.0.1`, '--', ...shell],
    ].flat(),
    input: script,
    deadlineMs,
  };
}
