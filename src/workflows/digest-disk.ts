import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { alignedPieces, parseAllocationMap, type ByteRange } from '../disks/allocation-map.ts';
import type { Runner } from '../host/run.ts';

/** How a disk is read. */
export interface ReadDiskOptions {
  readonly run: Runner;
  readonly signal?: AbortSignal | undefined;
}

/** `qemu-img map` takes milliseconds; this only ends a file system that hangs. */
const MAP_DEADLINE_MS = 60_000;
const UNIT_BYTES = 64 * 1024;
const PIECE_BYTES = 16 * UNIT_BYTES;

/** The pieces of a raw disk that its file system keeps. Raises what `qemu-img map` raises. */
export async function readAllocation(
  rawPath: string,
  { run, signal }: ReadDiskOptions,
): Promise<ByteRange[]> {
  const args = ['map', '--output=json', '-f', 'raw', rawPath];
  const { stdout } = await run({ command: 'qemu-img', args, deadlineMs: MAP_DEADLINE_MS }, { signal });
  return parseAllocationMap(stdout);
}

/**
 * SHA-256 of what a guest can read of a raw disk: its size, and every unit of 64 KiB that is not all zero with its
 * place. Takes time with the data, not with the size of the disk, and does not depend on where the file has holes.
 * Raises the system error of a disk that cannot be read, and the signal's reason.
 */
export async function digestDisk(rawPath: string, options: ReadDiskOptions): Promise<string> {
  const ranges = await readAllocation(rawPath, options);
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(PIECE_BYTES);
  const zeros = Buffer.alloc(UNIT_BYTES);
  const handle = await open(rawPath, 'r');
  try {
    hash.update(`${(await handle.stat()).size}\n`);
    for (const { offset, length } of alignedPieces(ranges, UNIT_BYTES, PIECE_BYTES)) {
      options.signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      for (let at = 0; at < bytesRead; at += UNIT_BYTES) {
        const unit = buffer.subarray(at, Math.min(at + UNIT_BYTES, bytesRead));
        if (unit.equals(zeros.subarray(0, unit.length))) continue;
        hash.update(`${offset + at}\n`).update(unit);
      }
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}
