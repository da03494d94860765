import { lstat, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isSystemError } from './files.ts';

/** What is free where a directory is, or will be. */
export interface FreeSpace {
  /** Bytes that this user may still write. */
  readonly freeBytes: number;
  /** Number of the file system: directories with equal ones share what is free. */
  readonly device: number;
}

/** Looks at the file system that a path is on, or will be on: its nearest existing parent is asked. */
export async function readFreeSpace(path: string): Promise<FreeSpace> {
  let asked = resolve(path);
  for (;;) {
    try {
      const [found, { dev }] = await Promise.all([statfs(asked), stat(asked)]);
      return { freeBytes: found.bavail * found.bsize, device: dev };
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
