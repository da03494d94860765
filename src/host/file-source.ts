import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Failure } from '../errors/failure.ts';
import { requireInside, truncated, type ByteSource } from '../values/byte-source.ts';

/** A file as a source. */
export interface FileSource extends ByteSource {
  /** What it takes on its file system, which knows of holes. */
  readonly diskUsageBytes: number;
  readonly close: () => Promise<void>;
}

/**
 * Opens a regular file for reading; its size is taken now, and a file that shrinks meanwhile counts as truncated.
 * Raises `E_IMAGE_UNREADABLE` when it is not there, cannot be read or is no regular file.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  const handle = await openRegularFile(path);
  const { size, blocks } = await handle.stat();
  return {
    sizeBytes: size,
    diskUsageBytes: blocks * 512,
    read: async (offset, length) => {
      requireInside(size, offset, length);
      return await readFully(handle, offset, { length, size });
    },
    close: () => handle.close(),
  };
}

async function openRegularFile(path: string): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK a named pipe would wait for a writer.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
  } catch (error) {
    await handle?.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('usage', 'E_IMAGE_UNREADABLE', `${path} cannot be read: ${reason}`, { cause: error });
  }
  await handle.close();
  throw new Failure('usage', 'E_IMAGE_UNREADABLE', `${path} is no regular file`);
}

async function readFully(
  handle: FileHandle,
  offset: number,
  { length, size }: { readonly length: number; readonly size: number },
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw truncated(size, offset, length);
    done += bytesRead;
  }
  return bytes;
}
