import type { FileHandle } from 'node:fs/promises';
import { createInflateRaw } from 'node:zlib';
import {
  ContainerFault,
  END_BYTES,
  readGzipMember,
  readZipMember,
  type FileEnds,
} from '../disks/read-single-member.ts';
import { DEFAULT_WORKERS } from '../host/deflate-workers.ts';
import { streamCommand } from '../host/stream-command.ts';
import type { CommandSpec } from '../values/command-spec.ts';
import type { OuterFormat } from './compress-file.ts';

/** How a compressed file is read. */
export interface ReadCompressedOptions {
  readonly signal?: AbortSignal | undefined;
  /** Threads that may work on it, where its format lets more than one. */
  readonly workers?: number | undefined;
  /** Bytes of the compressed file read so far, and in all. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/** What a container states of the one file in it; undefined where its format states nothing. */
export interface StatedContent {
  /** Of a gzip, the lowest 32 bits only. */
  readonly sizeBytes: number;
  readonly crc32: number;
}

const DECOMPRESS_DEADLINE_MS = 12 * 3_600_000;
const CHUNK_BYTES = 256 * 1024;

const DECOMPRESSORS: Readonly<
  Record<Exclude<OuterFormat, 'gz' | 'zip'>, (threads: number) => readonly [string, ...string[]]>
> = {
  bz2: (threads) => ['lbzip2', '-d', '-c', '-n', String(threads)],
  xz: (threads) => ['xz', '-d', '-c', '-q', `-T${threads}`, '--memlimit-mt-decompress=512MiB'],
  zst: () => ['zstd', '-d', '-c', '-q'],
};

/**
 * Reads the one file that is compressed in another, piece by piece, in memory that does not grow with it. Returns what
 * the container states of it.
 *
 * Raises {@link ContainerFault} for a gzip or zip that readers of one file in them would not understand, what the
 * decompressors and `push` raise.
 */
export async function readCompressed(
  file: FileHandle,
  outer: OuterFormat,
  push: (piece: Uint8Array) => void,
  options: ReadCompressedOptions = {},
): Promise<StatedContent | undefined> {
  if (outer === 'gz' || outer === 'zip') return inflate(file, outer, push, options);
  await decompress(file, DECOMPRESSORS[outer], push, options);
  return undefined;
}

async function inflate(
  file: FileHandle,
  outer: 'gz' | 'zip',
  push: (piece: Uint8Array) => void,
  { signal, onProgress }: ReadCompressedOptions,
): Promise<StatedContent> {
  const ends = await readEnds(file);
  const member = outer === 'gz' ? readGzipMember(ends) : readZipMember(ends);
  const stream = file.createReadStream({
    start: member.dataOffset,
    end: member.dataOffset + member.deflatedBytes - 1,
    highWaterMark: CHUNK_BYTES,
    autoClose: false,
  });
  const inflater = createInflateRaw({ chunkSize: CHUNK_BYTES });
  stream.once('error', (error) => inflater.destroy(error));
  for await (const piece of stream.pipe(inflater)) {
    signal?.throwIfAborted();
    push(piece);
    onProgress?.(inflater.bytesWritten, member.deflatedBytes);
  }
  if (inflater.bytesWritten !== member.deflatedBytes)
    throw new ContainerFault(`its deflate stream ends after ${inflater.bytesWritten} bytes`);
  return member;
}

async function readEnds(file: FileHandle): Promise<FileEnds> {
  const { size } = await file.stat();
  const length = Math.min(size, END_BYTES);
  const [head, tail] = [Buffer.alloc(length), Buffer.alloc(length)];
  await file.read(head, 0, length, 0);
  await file.read(tail, 0, length, size - length);
  return { sizeBytes: size, head, tail };
}

async function decompress(
  file: FileHandle,
  commandFor: (threads: number) => readonly [string, ...string[]],
  push: (piece: Uint8Array) => void,
  { signal, workers = DEFAULT_WORKERS, onProgress }: ReadCompressedOptions,
): Promise<void> {
  const { size } = await file.stat();
  const [command, ...args] = commandFor(Math.max(1, workers));
  const spec: CommandSpec = { command, args, deadlineMs: DECOMPRESS_DEADLINE_MS };
  const onInput = onProgress && ((offset: number): void => onProgress(offset, size));
  await streamCommand(spec, { inputFd: file.fd, output: push, signal, onInput });
}
