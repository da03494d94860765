import { open } from 'node:fs/promises';

/** Some bytes of a file that may be large; shorter than asked for where the file ends. */
export async function readPart(path: string, offset: number, length: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
