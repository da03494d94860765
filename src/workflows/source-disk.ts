import { stat } from 'node:fs/promises';
import type { ByteRange } from '../disks/allocation-map.ts';
import type { DeflateOptions } from '../host/deflate-workers.ts';
import { digestDisk, readAllocation, type ReadDiskOptions } from './digest-disk.ts';

/** A raw disk that images are written from, looked at once for all of them. */
export interface SourceDisk {
  /** Absolute path of the raw file, which may have holes. */
  readonly path: string;
  /** Size of the disk that a guest sees; a multiple of 512. The file may end within its last sector. */
  readonly virtualSizeBytes: number;
  /** The pieces that hold data, ascending; see `parseAllocationMap`. The rest reads as zeros. */
  readonly ranges: readonly ByteRange[];
  /**
   * What a guest can read of it, as SHA-256: the identifiers that a format wants (a UUID, a CID) are derived from it, so
   * that the same disk gives the same bytes everywhere.
   */
  readonly digest: string;
}

/** How an image is written. */
export interface WriteImageOptions extends DeflateOptions {
  /** Bytes of the disk handled so far, and in all; holes count as nothing. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

const SECTOR_BYTES = 512;

/**
 * Looks at a raw disk.
 * @param digest of its content where that is known already, as `digestDisk` gives it
 */
export async function readSourceDisk(
  path: string,
  options: ReadDiskOptions,
  digest?: string,
): Promise<SourceDisk> {
  const { size } = await stat(path);
  return {
    path,
    virtualSizeBytes: Math.ceil(size / SECTOR_BYTES) * SECTOR_BYTES,
    ranges: await readAllocation(path, options),
    digest: digest ?? (await digestDisk(path, options)),
  };
}
