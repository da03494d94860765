import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeAbandonedLock } from '../host/file-lock.ts';
import type { WorkflowContext } from './build-request.ts';

/** Files that are written under another name first, and drafts of marks on locks. */
const TEMPORARY = /^\..+\.tmp$|(?:^|\.)lock\.[0-9a-f-]{36}$/;
/** Marks on locks; their directory holds little else. */
const LOCK = /(?:^|\.)lock$/;

/** Temporary files live for milliseconds; older ones were left by a kill. */
const STALE_MS = 3_600_000;

/**
 * Removes what killed builds left among the package indices and packages of the cache: half-written files, and marks
 * on locks whose owners are dead. What is in use stays, and what cannot be removed is left to the next time.
 */
export async function sweepCache({
  directories,
  clock,
}: Pick<WorkflowContext, 'directories' | 'clock'>): Promise<void> {
  const apt = join(directories.cache, 'apt');
  const roots = (await namesIn(apt)).map((name) => join(apt, name));
  const places = [
    join(directories.cache, 'debs'),
    ...roots.flatMap((root) => [root, join(root, 'closures')]),
  ];
  for (const place of places) {
    for (const name of await namesIn(place)) {
      const path = join(place, name);
      if (LOCK.test(name)) await removeAbandonedLock(path).catch(() => {});
      else if (TEMPORARY.test(name)) await removeWhenStale(path, clock.now());
    }
  }
}

async function removeWhenStale(path: string, now: Date): Promise<void> {
  const status = await lstat(path).catch(() => undefined);
  if (status === undefined || now.getTime() - status.mtimeMs <= STALE_MS) return;
  await rm(path, { force: true }).catch(() => {});
}

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
