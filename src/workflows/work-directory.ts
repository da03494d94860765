import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonObjectIfExists, writeFileAtomically } from '../host/files.ts';
import { checkAlive, parseProcessIdentity, readProcessIdentity } from '../host/process-identity.ts';
import type { WorkflowContext } from './build-request.ts';
import { removeTree } from './private-namespaces.ts';

/** Name of the file in a work directory that says whose it is. */
const OWNER_FILE = 'owner.json';

/** A work directory this old is abandoned, when its owner is not known or lives where we cannot look. */
const ABANDONED_MS = 24 * 60 * 60_000;

/** Where a cache has the work directories, and the locks of what is made in them. */
export function workDirectories(cache: string): string {
  return join(cache, 'work');
}

/**
 * Gives an action a directory of its own among the {@link workDirectories}, and removes it afterwards. One that a killed
 * process left is removed by the next {@link sweepWorkDirectories}.
 *
 * @param name begins the directory's name, for people who look
 */
export async function withWorkDirectory<T>(
  name: string,
  context: WorkflowContext,
  action: (directory: string) => Promise<T>,
): Promise<T> {
  const unique = `${name}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const directory = join(workDirectories(context.directories.cache), unique);
  await mkdir(directory, { recursive: true });
  try {
    const owner = await readProcessIdentity();
    await writeFileAtomically(join(directory, OWNER_FILE), `${JSON.stringify(owner)}\n`);
    return await action(directory);
  } finally {
    await removeOrWarn(directory, context);
  }
}

/**
 * Removes the work directories of processes that are dead, and locks that nobody renews. One that cannot be removed
 * is only warned of.
 */
export async function sweepWorkDirectories(context: WorkflowContext): Promise<void> {
  for (const directory of await findAbandonedWork(context.directories.cache)) {
    await removeOrWarn(directory, context);
  }
}

/** What {@link sweepWorkDirectories} would remove. */
export async function findAbandonedWork(cache: string): Promise<string[]> {
  const work = workDirectories(cache);
  const abandoned: string[] = [];
  for (const name of await readdir(work).catch((): string[] => [])) {
    if (await isAbandoned(join(work, name))) abandoned.push(join(work, name));
  }
  return abandoned;
}

async function removeOrWarn(directory: string, context: WorkflowContext): Promise<void> {
  try {
    await removeTree(directory, context);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.emit({ type: 'warning', text: `${directory} could not be removed: ${why}` });
  }
}

async function isAbandoned(directory: string): Promise<boolean> {
  const found = await readJsonObjectIfExists(join(directory, OWNER_FILE)).catch(() => undefined);
  const owner = found === undefined ? undefined : parseProcessIdentity(found);
  const state = owner === undefined ? 'unknown' : await checkAlive(owner);
  if (state !== 'unknown') return state === 'dead';
  const status = await stat(directory).catch(() => undefined);
  return status !== undefined && Date.now() - status.mtimeMs > ABANDONED_MS;
}
