import type { ImageCheck } from './image-check.ts';

/** Read at once: so many small pieces in a row cost hardly more than one large one. */
const WINDOW_BYTES = 1024 * 1024;

/** Reads small pieces of an image that mostly come one after the other. */
export class ReadWindow {
  readonly #check: ImageCheck;
  #offset = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(check: ImageCheck) {
    this.#check = check;
  }

  /** Like {@link ImageCheck.read}, for up to 1 MiB. */
  async read(offset: number, length: number, field: string): Promise<Buffer | undefined> {
    if (!this.#check.isInside(offset, length, field)) return undefined;
    if (offset < this.#offset || offset + length > this.#offset + this.#bytes.length) {
      const window = Math.max(length, Math.min(WINDOW_BYTES, this.#check.sizeBytes - offset));
      const bytes = await this.#check.read(offset, window, field);
      if (!bytes) return undefined;
      [this.#offset, this.#bytes] = [offset, bytes];
    }
    return this.#bytes.subarray(offset - this.#offset, offset - this.#offset + length);
  }
}
