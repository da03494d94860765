import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A large file that is being put together. */
export interface ImageFile {
  readonly handle: FileHandle;
  /** Writes all of `data` at byte `offset`; what is never written reads as zeros. */
  readonly write: (data: Uint8Array, offset: number) => Promise<void>;
}

/**
 * Lets `fill` put a file together under a temporary name beside it. The file appears under its own name only when it
 * is complete; an older one is replaced then. When something fails, nothing of it stays. What is to survive a power cut
 * is for the caller to sync: much of what is written this way is only packed into something else.
 *
 * Raises the system error of a file that cannot be written, and what `fill` raises.
 */
export async function writeImageFile<Result>(
  path: string,
  fill: (file: ImageFile) => Promise<Result>,
): Promise<Result> {
  const partial = join(dirname(path), `.${basename(path)}.partial`);
  const handle = await open(partial, 'w+');
  try {
    const result = await fill({ handle, write: (data, offset) => writeFully(handle, data, offset) });
    await handle.close();
    await rename(partial, path);
    return result;
  } catch (error) {
    await handle.close();
    await rm(partial, { force: true });
    throw error;
  }
}

async function writeFully(handle: FileHandle, data: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    const { bytesWritten } = await handle.write(data, done, data.length - done, offset + done);
    done += bytesWritten;
  }
}
