import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { FileDigests } from './digest-file.ts';

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

/** Pieces that become holes when they hold nothing but zeros. */
const HOLE_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(HOLE_BYTES);

/**
 * Copies a file that must not exist yet under its new name, and computes all digests of what was copied, in one pass and
 * bounded memory; runs of zeros become holes. Raises system errors, `EEXIST` among them, and the signal's reason.
 */
export async function copySparsely(from: string, to: string, signal?: AbortSignal): Promise<FileDigests> {
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'wx', 0o644);
    try {
      return await pourSparsely(source, target, signal);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function pourSparsely(
  source: FileHandle,
  target: FileHandle,
  signal: AbortSignal | undefined,
): Promise<FileDigests> {
  const hashes = [createHash('sha256'), createHash('sha512'), createHash('md5')];
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let sizeBytes = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, CHUNK_BYTES, sizeBytes);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    for (const hash of hashes) hash.update(chunk);
    await writeWithoutZeros(target, chunk, sizeBytes);
    sizeBytes += bytesRead;
  }
  await target.truncate(sizeBytes);
  const [sha256 = '', sha512 = '', md5 = ''] = hashes.map((hash) => hash.digest('hex'));
  return { sizeBytes, sha256, sha512, md5 };
}

async function writeWithoutZeros(target: FileHandle, chunk: Buffer, offset: number): Promise<void> {
  for (let at = 0; at < chunk.length; at += HOLE_BYTES) {
    const piece = chunk.subarray(at, at + HOLE_BYTES);
    if (piece.equals(ZEROS.subarray(0, piece.length))) continue;
    await target.write(piece, 0, null, offset + at);
  }
}
