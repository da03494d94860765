import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Bytes read at a time. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Copies a file and computes the SHA-256 of what was copied, in one pass and bounded memory, so that the copy is
 * known to have that digest whatever happens to the original meanwhile. An existing destination is replaced.
 */
export async function copyAndDigest(
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'w', 0o644);
    try {
      let sizeBytes = 0;
      for (;;) {
        signal?.throwIfAborted();
        const { bytesRead } = await source.read(buffer, 0, CHUNK_BYTES, sizeBytes);
        if (bytesRead === 0) return { sha256: hash.digest('hex'), sizeBytes };
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        await target.write(chunk, 0, bytesRead, sizeBytes);
        sizeBytes += bytesRead;
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
