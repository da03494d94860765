import { open, type FileHandle } from 'node:fs/promises';
import { alignedPieces } from '../disks/allocation-map.ts';
import { CLUSTER_BYTES, DEFLATE_WINDOW_BITS, type Qcow2Compat } from '../disks/qcow2-layout.ts';
import { Qcow2Writer } from '../disks/qcow2-writer.ts';
import { ALL_ZERO, INCOMPRESSIBLE, type DeflatedRange } from '../host/deflate-worker.ts';
import { deflateRanges } from '../host/deflate-workers.ts';
import { writeImageFile, type ImageFile } from '../host/image-file.ts';
import type { SourceDisk, WriteImageOptions } from './source-disk.ts';

/** How a qcow2 is written. */
export interface WriteQcow2Options extends WriteImageOptions {
  /** Which QEMUs can open the file. */
  readonly compat: Qcow2Compat;
  /** 1 (fast) to 9 (small); 6 unless given, as qemu-img. */
  readonly level?: number | undefined;
}

/** Read and deflated at once: 16 clusters, which keeps memory low and messages rare. */
const PIECE_BYTES = 16 * CLUSTER_BYTES;

/**
 * Writes a disk as a zlib-compressed qcow2, several times faster than qemu-img because it deflates on several cores.
 * Holes are not read, zeros not stored. The same disk gives the same bytes whatever the number of threads. The
 * file appears under its name only when it is complete; an older one is replaced then.
 *
 * Raises the system error of a file that cannot be read or written, and the signal's reason.
 */
export async function writeCompressedQcow2(
  disk: SourceDisk,
  outPath: string,
  options: WriteQcow2Options,
): Promise<void> {
  const source = await open(disk.path, 'r');
  try {
    await writeImageFile(outPath, async (target) => {
      const writer = new Qcow2Writer(disk.virtualSizeBytes, options.compat);
      const plain = await writeCompressed({ disk, target, writer, options });
      await copyPlain(plain, { source, target, writer, signal: options.signal });
      for (const { offset, data } of writer.metadata()) await target.write(data, offset);
    });
  } finally {
    await source.close();
  }
}

/** One disk on its way. */
interface Writing {
  readonly disk: SourceDisk;
  readonly target: ImageFile;
  readonly writer: Qcow2Writer;
  readonly options: WriteQcow2Options;
}

/** Writes all clusters that compress; returns those that do not, by number. */
async function writeCompressed({ disk, target, writer, options }: Writing): Promise<number[]> {
  const plain: number[] = [];
  const pieces = Array.from(alignedPieces(disk.ranges, CLUSTER_BYTES, PIECE_BYTES));
  const totalBytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const settings = {
    path: disk.path,
    container: 'raw' as const,
    keep: 'smaller' as const,
    unitBytes: CLUSTER_BYTES,
    windowBits: DEFLATE_WINDOW_BITS,
    level: options.level ?? 6,
  };
  let doneBytes = 0;
  for await (const piece of deflateRanges(settings, pieces, options)) {
    const start = writer.end;
    plain.push(...placePiece(piece, writer));
    await target.write(piece.data, start);
    doneBytes += piece.length;
    options.onProgress?.(doneBytes, totalBytes);
  }
  return plain;
}

function placePiece(piece: DeflatedRange, writer: Qcow2Writer): number[] {
  const first = piece.offset / CLUSTER_BYTES;
  const plain: number[] = [];
  for (const [index, size] of piece.sizes.entries()) {
    if (size === INCOMPRESSIBLE) plain.push(first + index);
    else if (size !== ALL_ZERO) writer.placeCompressed(first + index, size);
  }
  return plain;
}

/** Reads the incompressible clusters a second time, which is cheaper than to keep them. */
async function copyPlain(
  clusters: readonly number[],
  way: { source: FileHandle; target: ImageFile; writer: Qcow2Writer; signal: AbortSignal | undefined },
): Promise<void> {
  const cluster = Buffer.alloc(CLUSTER_BYTES);
  for (const number of clusters) {
    way.signal?.throwIfAborted();
    const { bytesRead } = await way.source.read(cluster, 0, CLUSTER_BYTES, number * CLUSTER_BYTES);
    await way.target.write(cluster.fill(0, bytesRead), way.writer.placePlain(number));
  }
}
