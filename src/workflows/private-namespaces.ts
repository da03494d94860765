import { rm } from 'node:fs/promises';
import { Failure } from '../errors/failure.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import type { CommandSpec } from '../values/command-spec.ts';
import type { WorkflowContext } from './build-request.ts';

const PROBE_DEADLINE_MS = 30_000;
const REMOVE_DEADLINE_MS = 10 * 60_000;

/**
 * Runs a program as (mapped) root in mount, host name and process namespaces of its own; when the program or we die,
 * the kernel ends what is left in them. `unshare` holds SIGTERM back while it waits, hence SIGKILL.
 */
export function namespaceCommand(words: readonly string[], deadlineMs: number): CommandSpec {
  const mapping = process.getuid?.() === 0 ? [] : ['--map-auto', '--map-root-user'];
  const namespaces = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const args = [...mapping, ...namespaces, ...words];
  return dieWithParent({ command: 'unshare', args, endSignal: 'SIGKILL', deadlineMs });
}

/**
 * Finds out, before anything is fetched, whether such namespaces can be had.
 * Raises `E_NAMESPACES` with the remedy when not.
 */
export async function checkNamespaces(context: WorkflowContext): Promise<void> {
  try {
    await context.run(namespaceCommand(['true'], PROBE_DEADLINE_MS), { signal: context.signal });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'E_COMMAND_FAILED') throw error;
    throw noNamespaces(error);
  }
}

/** Removes a tree. When we are not root it may belong to mapped users, and only their namespace can remove it. */
export async function removeTree(path: string, context: WorkflowContext): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    // Without the signal: what is left is removed after an interruption, too.
    await context.run(namespaceCommand(['rm', '-rf', path], REMOVE_DEADLINE_MS));
  }
}

function noNamespaces(cause: Failure): Failure {
  const hint =
    process.getuid?.() === 0
      ? 'this container may not make mount and process namespaces: give it CAP_SYS_ADMIN, or build as an ordinary user'
      : 'an ordinary user needs the package uidmap, lines in /etc/subuid and /etc/subgid with 65536 ids, and user namespaces switched on';
  return new Failure(
    'host',
    'E_NAMESPACES',
    'this host does not let us make the namespaces that a base disk is made in',
    {
      hint,
      details: cause.details,
      evidence: cause.evidence,
      cause,
    },
  );
}
