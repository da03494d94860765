import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeAbandonedLock } from '../host/file-lock.ts';
import type { WorkflowContext } from './build-request.ts';

/** Files that are written under another name first, and drafts of marks on locks. */
const TEMPORARY = /^\..+\.tmp$|(?:^|\.)lock\.[0-9a-f-]{36}$/;
/** Marks on locks; their directory holds little else. */
const LOCK = /(?:^|\.)lock$/;
/** Packer's own lock files: it locks what is in them, so that the files themselves stay for ever. */
const PACKER_LOCK = /\.lock$|^\d+$/;

const HOUR_MS = 3_600_000;
/** Temporary files live for milliseconds; older ones were left by a kill. */
const STALE_MS = HOUR_MS;
/** Longer than any build. */
const PACKER_STALE_MS = 3 * 24 * HOUR_MS;
/** Package indices that nobody has updated for so long belong to profiles that nobody builds any more. */
const UNUSED_MS = 30 * 24 * HOUR_MS;

/**
 * Removes what killed builds left among the package indices and packages of the cache: half-written files, and marks
 * on locks whose owners are dead; besides, indices that nobody uses any more. What is in use stays, and what cannot be
 * removed is left to the next time.
 */
export async function sweepCache({
  directories,
  clock,
}: Pick<WorkflowContext, 'directories' | 'clock'>): Promise<void> {
  const now = clock.now();
  const apt = join(directories.cache, 'apt');
  const roots = (await namesIn(apt)).map((name) => join(apt, name));
  for (const root of roots) await removeWhenOlder(root, join(root, 'lists'), UNUSED_MS, now);
  for (const place of [
    join(directories.cache, 'debs'),
    ...roots.flatMap((root) => [root, join(root, 'closures')]),
  ]) {
    for (const name of await namesIn(place)) {
      const path = join(place, name);
      if (LOCK.test(name)) await removeAbandonedLock(path).catch(() => {});
      else if (TEMPORARY.test(name)) await removeWhenOlder(path, path, STALE_MS, now);
    }
  }
  const packer = join(directories.cache, 'packer');
  for (const place of [packer, join(packer, 'port')]) {
    const names = (await namesIn(place)).filter((name) => PACKER_LOCK.test(name));
    for (const name of names)
      await removeWhenOlder(join(place, name), join(place, name), PACKER_STALE_MS, now);
  }
}

/** @param dated what tells the age by its last change */
async function removeWhenOlder(path: string, dated: string, ageMs: number, now: Date): Promise<void> {
  const status = await lstat(dated).catch(() => undefined);
  if (status === undefined || now.getTime() - status.mtimeMs <= ageMs) return;
  await rm(path, { recursive: true, force: true }).catch(() => {});
}

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
