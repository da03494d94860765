import { lstat, readdir, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isSystemError } from './files.ts';

/** Bytes that this user may still write where `path` is, or will be: its nearest existing parent is asked. */
export async function readFreeBytes(path: string): Promise<number> {
  let asked = resolve(path);
  for (;;) {
    try {
      const found = await statfs(asked);
      return found.bavail * found.bsize;
    } catch (error) {
      if (!isSystemError(error, 'ENOENT', 'ENOTDIR') || asked === dirname(asked)) throw error;
      asked = dirname(asked);
    }
  }
}

/** Bytes on disk of everything below a directory; 0 when there is none. What vanishes meanwhile does not count. */
export async function readUsedBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  let usedBytes = 0;
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) usedBytes += await readUsedBytes(path);
    // Blocks of 512 bytes (POSIX): disks are sparse, their size says nothing.
    else usedBytes += ((await lstat(path).catch(() => undefined))?.blocks ?? 0) * 512;
  }
  return usedBytes;
}
