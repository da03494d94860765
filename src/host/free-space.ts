import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
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
