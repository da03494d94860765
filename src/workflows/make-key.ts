import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { WorkflowContext } from './build-request.ts';

const KEYGEN_DEADLINE_MS = 30_000;

/**
 * Makes an SSH key for one run and one purpose; the public half lies beside it with `.pub`. What was there is replaced.
 * Returns the public half, as a line of `authorized_keys` without its end. Raises what running `ssh-keygen` raises.
 *
 * @param comment stands in the public half, so that a key that was left behind tells where it came from
 */
export async function makeKey(
  path: string,
  comment: string,
  { run, signal }: Pick<WorkflowContext, 'run' | 'signal'>,
): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await removeKey(path);
  const args = ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path];
  await run({ command: 'ssh-keygen', args, deadlineMs: KEYGEN_DEADLINE_MS }, { signal });
  return (await readFile(`${path}.pub`, 'utf8')).trim();
}

/** Removes both halves of a key. */
export async function removeKey(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.pub`, { force: true });
}
