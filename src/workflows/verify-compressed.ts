import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import {
  ContainerFault,
  END_BYTES,
  readGzipMember,
  readZipMember,
  type FileEnds,
} from '../disks/read-single-member.ts';
import { Failure } from '../errors/failure.ts';
import { DEFAULT_WORKERS } from '../host/deflate-workers.ts';
import { isSystemError } from '../host/files.ts';
import { streamCommand } from '../host/stream-command.ts';
import type { CommandSpec } from '../values/command-spec.ts';
import type { OuterFormat } from './compress-file.ts';

/** What must be inside. */
export interface PlainContent {
  readonly sizeBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** How a compressed file is read back. */
export interface VerifyCompressedOptions {
  readonly signal?: AbortSignal | undefined;
  /** Threads that may work on it, where its format lets more than one. */
  readonly workers?: number | undefined;
  /** Bytes of the compressed file read so far, and in all. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
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
 * Reads a compressed file back, in memory that does not grow with it, and compares its content with what must be
 * inside. A gzip and a zip are also held to the structure that every reader of one file in them understands.
 *
 * Raises `E_CONVERSION_WRONG` when something differs or cannot be decompressed; `E_TOOL_MISSING`; the signal's reason
 * or `E_INTERRUPTED`; the system error of a file that cannot be read.
 */
export async function verifyCompressed(
  path: string,
  outer: OuterFormat,
  expected: PlainContent,
  options: VerifyCompressedOptions = {},
): Promise<void> {
  const content = new ContentCheck(expected);
  const file = await open(path, 'r');
  try {
    if (outer === 'gz' || outer === 'zip') await inflate(file, outer, content, options);
    else await decompress(file, DECOMPRESSORS[outer], content, options);
    content.finish();
  } catch (error) {
    throw explain(error, path, outer);
  } finally {
    await file.close();
  }
}

/** Content that comes piece by piece, against what it must be. Raises {@link ContainerFault}. */
class ContentCheck {
  readonly expected: PlainContent;
  readonly #hash: Hash = createHash('sha256');
  #sizeBytes = 0;
  #crc32 = 0;

  constructor(expected: PlainContent) {
    this.expected = expected;
  }

  get crc32(): number {
    return this.#crc32;
  }

  push(piece: Uint8Array): void {
    this.#sizeBytes += piece.length;
    if (this.#sizeBytes > this.expected.sizeBytes)
      throw new ContainerFault(`it holds more than ${this.expected.sizeBytes} bytes`);
    this.#hash.update(piece);
    this.#crc32 = crc32(piece, this.#crc32);
  }

  finish(): void {
    const { sizeBytes, sha256 } = this.expected;
    if (this.#sizeBytes !== sizeBytes)
      throw new ContainerFault(`it holds ${this.#sizeBytes} bytes, not ${sizeBytes}`);
    const found = this.#hash.digest('hex');
    if (found !== sha256) throw new ContainerFault(`its content has the SHA-256 ${found}, not ${sha256}`);
  }
}

async function inflate(
  file: FileHandle,
  outer: 'gz' | 'zip',
  content: ContentCheck,
  { signal, onProgress }: VerifyCompressedOptions,
): Promise<void> {
  const ends = await readEnds(file);
  const member = outer === 'gz' ? readGzipMember(ends) : readZipMember(ends);
  const { sizeBytes } = content.expected;
  const stated = outer === 'gz' ? sizeBytes % 2 ** 32 : sizeBytes;
  if (member.sizeBytes !== stated)
    throw new ContainerFault(`it states ${member.sizeBytes} bytes, not ${stated}`);
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
    content.push(piece);
    onProgress?.(inflater.bytesWritten, member.deflatedBytes);
  }
  if (inflater.bytesWritten !== member.deflatedBytes)
    throw new ContainerFault(`its deflate stream ends after ${inflater.bytesWritten} bytes`);
  if (content.crc32 !== member.crc32) throw new ContainerFault('its CRC-32 is not that of its content');
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
  content: ContentCheck,
  { signal, workers = DEFAULT_WORKERS, onProgress }: VerifyCompressedOptions,
): Promise<void> {
  const { size } = await file.stat();
  const [command, ...args] = commandFor(Math.max(1, workers));
  const spec: CommandSpec = { command, args, deadlineMs: DECOMPRESS_DEADLINE_MS };
  const onInput = onProgress && ((offset: number): void => onProgress(offset, size));
  await streamCommand(spec, { inputFd: file.fd, output: (piece) => content.push(piece), signal, onInput });
}

/** What an error says of the file: a decompressor's refusal is the file's fault. */
function explain(error: unknown, path: string, outer: OuterFormat): unknown {
  const isRefusal =
    error instanceof ContainerFault ||
    (error instanceof Failure && error.code === 'E_COMMAND_FAILED') ||
    isSystemError(error, 'Z_DATA_ERROR', 'Z_BUF_ERROR');
  if (!isRefusal) return error;
  return new Failure(
    'command',
    'E_CONVERSION_WRONG',
    `${path} is not what was compressed: ${error.message}`,
    {
      details: error instanceof Failure ? error.details : [],
      evidence: { path, outer },
      cause: error,
    },
  );
}
