import { open, type FileHandle } from 'node:fs/promises';
import { ContainerFault } from '../disks/read-single-member.ts';
import { Failure } from '../errors/failure.ts';
import { isSystemError } from '../host/files.ts';
import type { OuterFormat as OuterName } from '../inspection/image-report.ts';
import type { OuterFormat } from './compress-file.ts';
import { readCompressed } from './read-compressed.ts';

/** Our names of what the content of a file shows. */
export const OUTER_FORMATS: Readonly<Record<OuterName, OuterFormat>> = {
  gzip: 'gz',
  bzip2: 'bz2',
  xz: 'xz',
  zstd: 'zst',
  zip: 'zip',
};

/** Pieces that are written; those of zeros only become holes. */
const BLOCK_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** Whether a format is a compressed file, which says nothing yet of what is in it. */
export function isOuter(format: string): format is OuterName {
  return format in OUTER_FORMATS;
}

/**
 * Unpacks the image in a compressed file; runs of zeros become holes. Raises `E_IMAGE_UNREADABLE` when it cannot be
 * unpacked, `E_TOOL_MISSING`, `E_INTERRUPTED` and the system error of a disk that is full.
 */
export async function unpackImage(
  path: string,
  outer: OuterName,
  outPath: string,
  signal: AbortSignal,
): Promise<void> {
  const [source, target] = await Promise.all([open(path, 'r'), open(outPath, 'wx')]);
  // Pieces come without waiting, so what was begun is awaited at the end; their order does not matter.
  let [size, writing] = [0, Promise.resolve()];
  const push = (piece: Uint8Array): void => {
    const [offset, copy] = [size, Buffer.from(piece)];
    size += piece.length;
    writing = writeBehind(writing, () => writeSparsely(target, copy, offset));
    writing.catch(() => {});
  };
  try {
    await readCompressed(source, OUTER_FORMATS[outer], push, { signal });
    await writing;
    await target.truncate(size);
  } catch (error) {
    if (!(error instanceof ContainerFault || isRefusal(error))) throw error;
    const message = `${path} cannot be unpacked: ${error.message}`;
    throw new Failure('image-test', 'E_IMAGE_UNREADABLE', message, { cause: error });
  } finally {
    await writing.catch(() => {});
    await Promise.all([source.close(), target.close()]);
  }
}

/** A decompressor, or zlib in our own process, that did not like what it read. */
function isRefusal(error: unknown): error is Error {
  if (error instanceof Failure) return error.code === 'E_COMMAND_FAILED';
  return isSystemError(error, 'Z_BUF_ERROR', 'Z_DATA_ERROR');
}

async function writeBehind(before: Promise<void>, write: () => Promise<void>): Promise<void> {
  await before;
  await write();
}

async function writeSparsely(target: FileHandle, piece: Buffer, offset: number): Promise<void> {
  for (let at = 0; at < piece.length; at += BLOCK_BYTES) {
    const block = piece.subarray(at, at + BLOCK_BYTES);
    const isHole = block.equals(ZEROS.subarray(0, block.length));
    if (!isHole) await target.write(block, 0, block.length, offset + at);
  }
}
