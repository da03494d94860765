import { Failure } from '../errors/failure.ts';

/** Reads exactly `length` bytes at `offset` of a disk image; the caller may keep the buffer. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

/** Size of one cached page: a directory or inode table is read with few calls, and little is read in vain. */
const PAGE_BYTES = 64 * 1024;

/** Pages kept, 8 MiB in all: the inode tables that a walk returns to. */
const PAGE_COUNT = 128;

/**
 * A file system's bytes inside a disk image, counted from the start of the file system. Small reads of metadata
 * go through a cache of bounded size; file contents do not.
 */
export class VolumeBytes {
  readonly #readAt: ReadAt;
  readonly #start: number;
  readonly #pages = new Map<number, Promise<Buffer>>();
  #sizeBytes = Number.MAX_SAFE_INTEGER;

  /** @param start where the file system begins in the image, in bytes */
  constructor(readAt: ReadAt, start: number) {
    this.#readAt = readAt;
    this.#start = start;
  }

  /** Sets where the file system ends, once that is known; no read goes past it. */
  limitTo(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
    this.#pages.clear();
  }

  /** Bytes straight from the image. */
  async content(offset: number, length: number): Promise<Buffer> {
    const bytes = await this.#readAt(this.#start + offset, length);
    if (bytes.length !== length) throw endsEarly(offset, length, bytes.length);
    return bytes;
  }

  /** Bytes through the cache; the result is shared and must not be written to. */
  async metadata(offset: number, length: number): Promise<Buffer> {
    const page = Math.floor(offset / PAGE_BYTES);
    const within = offset - page * PAGE_BYTES;
    if (within + length > PAGE_BYTES) return this.content(offset, length);
    const bytes = await this.#page(page);
    if (within + length > bytes.length) throw endsEarly(offset, length, Math.max(0, bytes.length - within));
    return bytes.subarray(within, within + length);
  }

  #page(page: number): Promise<Buffer> {
    let bytes = this.#pages.get(page);
    // Taking the page out and putting it back makes the map's order the order of last use.
    if (bytes) this.#pages.delete(page);
    else bytes = this.#load(page);
    this.#pages.set(page, bytes);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= PAGE_COUNT) break;
      this.#pages.delete(oldest);
    }
    return bytes;
  }

  async #load(page: number): Promise<Buffer> {
    const offset = page * PAGE_BYTES;
    return this.#readAt(this.#start + offset, Math.max(0, Math.min(PAGE_BYTES, this.#sizeBytes - offset)));
  }
}

function endsEarly(offset: number, wanted: number, found: number): Failure {
  return new Failure(
    'image-test',
    'E_VOLUME_TRUNCATED',
    `the file system ends early: ${wanted} bytes wanted at byte ${offset}, ${found} there`,
    { evidence: { offset, wanted, found } },
  );
}
