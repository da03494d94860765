import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { ContainerFault } from '../disks/read-single-member.ts';
import { Failure } from '../errors/failure.ts';
import { isSystemError } from '../host/files.ts';
import type { OuterFormat } from './compress-file.ts';
import { readCompressed, type ReadCompressedOptions, type StatedContent } from './read-compressed.ts';

/** What must be inside. */
export interface PlainContent {
  readonly sizeBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

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
  options: ReadCompressedOptions = {},
): Promise<void> {
  const content = new ContentCheck(expected);
  const file = await open(path, 'r');
  try {
    const stated = await readCompressed(file, outer, (piece) => content.push(piece), options);
    content.finish(outer, stated);
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

  push(piece: Uint8Array): void {
    this.#sizeBytes += piece.length;
    if (this.#sizeBytes > this.expected.sizeBytes)
      throw new ContainerFault(`it holds more than ${this.expected.sizeBytes} bytes`);
    this.#hash.update(piece);
    this.#crc32 = crc32(piece, this.#crc32);
  }

  finish(outer: OuterFormat, stated: StatedContent | undefined): void {
    const { sizeBytes, sha256 } = this.expected;
    if (this.#sizeBytes !== sizeBytes)
      throw new ContainerFault(`it holds ${this.#sizeBytes} bytes, not ${sizeBytes}`);
    const wanted = outer === 'gz' ? sizeBytes % 2 ** 32 : sizeBytes;
    if (stated !== undefined && stated.sizeBytes !== wanted)
      throw new ContainerFault(`it states ${stated.sizeBytes} bytes, not ${wanted}`);
    if (stated !== undefined && stated.crc32 !== this.#crc32)
      throw new ContainerFault('its CRC-32 is not that of its content');
    const found = this.#hash.digest('hex');
    if (found !== sha256) throw new ContainerFault(`its content has the SHA-256 ${found}, not ${sha256}`);
  }
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
