import { renderCommandLine } from '../values/command-spec.ts';
import type { SshLogin } from './ssh-command.ts';

/**
 * The command line by which a person logs in to a machine that was made for this run: to be copied into any POSIX shell.
 * The machine's host key is new and goes away with it, so none is remembered; of the person's keys none is offered.
 */
export function renderSshLine({ user, port, key }: SshLogin): string {
  const options = ['IdentitiesOnly=yes', 'UserKnownHostsFile=/dev/null', 'StrictHostKeyChecking=no'];
  const args = ['-i', key, '-p', String(port), ...options.flatMap((option) => ['-o', option])];
  return renderCommandLine({ command: 'ssh', args: [...args, '-o', 'LogLevel=ERROR', `${user}@127.0.0.1`] });
}
