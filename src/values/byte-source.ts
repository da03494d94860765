import { Failure } from '../errors/failure.ts';

/** Bytes that can be read anywhere: a file, a part of one, a buffer. */
export interface ByteSource {
  readonly sizeBytes: number;
  /**
   * All of `length` bytes from `offset` on, never fewer.
   * Raises `E_IMAGE_TRUNCATED` when they are not all there.
   */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
}

/** Raises `E_IMAGE_TRUNCATED` unless the whole range lies within `sizeBytes`. */
export function requireInside(sizeBytes: number, offset: number, length: number): void {
  const inside =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset <= sizeBytes - length;
  if (!inside) throw truncated(sizeBytes, offset, length);
}

/** The failure of a read that goes past the end. */
export function truncated(sizeBytes: number, offset: number, length: number): Failure {
  return new Failure(
    'image-test',
    'E_IMAGE_TRUNCATED',
    `the image ends too early: ${length} bytes wanted at offset ${offset}, but it has ${sizeBytes}`,
  );
}

/** A buffer as a source. */
export function memorySource(bytes: Buffer): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: async (offset, length) => {
      requireInside(bytes.length, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/**
 * A part of a source as a source of its own, such as a file inside an archive.
 * Raises `E_IMAGE_TRUNCATED` when the part is not wholly inside.
 */
export function partOfSource(source: ByteSource, start: number, sizeBytes: number): ByteSource {
  requireInside(source.sizeBytes, start, sizeBytes);
  return {
    sizeBytes,
    read: async (offset, length) => {
      requireInside(sizeBytes, offset, length);
      return await source.read(start + offset, length);
    },
  };
}
