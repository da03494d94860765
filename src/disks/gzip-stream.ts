/**
 * What stands before the deflate stream of a gzip file (RFC 1952): no name, no time, no hint on the effort, an unknown
 * system, so that the same content gives the same bytes everywhere.
 */
export const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/** Bytes of {@link renderGzipTrailer}. */
export const GZIP_TRAILER_BYTES = 8;

/** What a container says of the file inside. */
export interface PlainFile {
  readonly crc32: number;
  readonly sizeBytes: number;
}

/** What stands behind the deflate stream: the content's CRC-32, and its size modulo 2³². */
export function renderGzipTrailer({ crc32, sizeBytes }: PlainFile): Uint8Array {
  const trailer = Buffer.alloc(GZIP_TRAILER_BYTES);
  trailer.writeUInt32LE(crc32, 0);
  trailer.writeUInt32LE(sizeBytes % 2 ** 32, 4);
  return trailer;
}
