import { readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ByteRange } from '../disks/allocation-map.ts';
import { blockParts } from '../disks/block-parts.ts';
import type { FilePiece } from '../disks/file-piece.ts';
import type { ImageFile } from '../host/image-file.ts';
import type { SourceDisk, WriteImageOptions } from './source-disk.ts';

/** How the blocks of a disk become pieces of a file. */
export interface BlockPlan {
  readonly blockBytes: number;
  /** What the file holds of a block; asked for in ascending order, and not at all for blocks without data. */
  readonly place: (block: number, data: Buffer) => Iterable<FilePiece>;
}

/** Moved between two looks at the signal: some 20 ms from memory, a fifth of a second from a slow disk. */
const TURN_BYTES = 32 * 1024 * 1024;

/**
 * Moves a disk's data into a file, block by block. Calls that wait are no slower here than asynchronous ones with
 * several blocks on their way, as the time goes into copies from and to the page cache; between some blocks everything
 * else gets its turn.
 * Needs the memory of one block.
 *
 * Raises the system error of a file that cannot be read or written, and the signal's reason.
 */
export async function copyBlocks(
  disk: SourceDisk,
  target: ImageFile,
  { blockBytes, place }: BlockPlan,
  { signal, onProgress }: WriteImageOptions,
): Promise<void> {
  const totalBytes = sumOf(disk.ranges);
  const data = Buffer.alloc(blockBytes);
  let [doneBytes, sinceTurnBytes] = [0, 0];
  signal?.throwIfAborted();
  const source = await open(disk.path, 'r');
  try {
    for (const { block, parts } of blockParts(disk.ranges, blockBytes)) {
      readBlock(source.fd, data, block * blockBytes, parts);
      for (const piece of place(block, data)) writeWhole(target.handle.fd, piece);
      doneBytes += sumOf(parts);
      sinceTurnBytes += blockBytes;
      if (sinceTurnBytes < TURN_BYTES) continue;
      sinceTurnBytes = 0;
      onProgress?.(doneBytes, totalBytes);
      await nextTurn();
      signal?.throwIfAborted();
    }
    onProgress?.(totalBytes, totalBytes);
    signal?.throwIfAborted();
  } finally {
    await source.close();
  }
}

function sumOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}

/** Reads the parts of a block; to read its holes too would fill the page cache with zeros. */
function readBlock(source: number, data: Buffer, start: number, parts: readonly ByteRange[]): void {
  let end = 0;
  for (const { offset, length } of parts) {
    data.fill(0, end, offset);
    end = offset + length;
    readWhole(source, data.subarray(offset, end), start + offset);
  }
  data.fill(0, end);
}

/** Fills `data` from the file; with zeros past its end. */
function readWhole(source: number, data: Buffer, offset: number): void {
  for (let done = 0; done < data.length;) {
    const bytes = readSync(source, data, done, data.length - done, offset + done);
    if (bytes === 0) return void data.fill(0, done);
    done += bytes;
  }
}

function writeWhole(target: number, { offset, data }: FilePiece): void {
  for (let done = 0; done < data.length;) {
    done += writeSync(target, data, done, data.length - done, offset + done);
  }
}
