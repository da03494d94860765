import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB } from '../values/byte-size.ts';

/** A partial file that nobody went on with for this long is given up, in milliseconds. */
const ABANDONED_MS = 3 * 24 * 60 * 60_000;

/** Bytes that the partial files of one apt root may hold when a download begins. */
const LIMIT_BYTES = 512 * MIB;

/** Where a private apt root keeps the packages that have not arrived whole, each under its SHA-256. */
export function partialDirectory(aptRoot: string): string {
  return join(aptRoot, 'cache', 'archives', 'partial');
}

/**
 * Removes the partial files that nobody will go on with: old ones of every apt root in the cache, and the oldest of
 * one's own root, which nobody else is downloading into, when they are too many. Age is that of the last change of
 * the file's state: apt gives the content's own date to a file as soon as it ends.
 *
 * @param ownRoot the apt root that the caller holds
 * @param now the present instant
 * @param limits other bounds, for tests
 */
export async function sweepPartials(
  cache: string,
  ownRoot: string,
  now: Date,
  limits = { ageMs: ABANDONED_MS, bytes: LIMIT_BYTES },
): Promise<void> {
  for (const name of await readdir(join(cache, 'apt')).catch((): string[] => [])) {
    const root = join(cache, 'apt', name);
    const limitBytes = root === ownRoot ? limits.bytes : Infinity;
    let kept = 0;
    for (const file of await newestFirst(partialDirectory(root))) {
      kept += file.sizeBytes;
      const isOld = now.getTime() - file.changedMs > limits.ageMs;
      if (isOld || kept > limitBytes) await rm(file.path, { force: true });
    }
  }
}

async function newestFirst(
  directory: string,
): Promise<{ path: string; sizeBytes: number; changedMs: number }[]> {
  const names = await readdir(directory).catch((): string[] => []);
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const status = await stat(path).catch(() => undefined);
      return status ? [{ path, sizeBytes: status.size, changedMs: status.ctimeMs }] : [];
    }),
  );
  return files.flat().toSorted((a, b) => b.changedMs - a.changedMs);
}

/** Removes what apt put aside in a directory of partial files because its bytes were wrong. */
export async function removeRejected(directory: string): Promise<void> {
  const names = await readdir(directory).catch((): string[] => []);
  const rejected = names.filter((name) => name.endsWith('.FAILED'));
  await Promise.all(rejected.map((name) => rm(join(directory, name), { force: true })));
}
