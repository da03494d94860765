import type { ByteSource } from '../values/byte-source.ts';
import { MOST_FAULTS, type ImageChecksum, type ImageFault } from './image-report.ts';

/** How an image is checked. */
export interface CheckOptions {
  /** The present, for times that may not lie in the future. */
  readonly now: Date;
  /** Reads all data, too: compressed pieces are inflated, digests compared. */
  readonly deep: boolean;
  /** Compares the digests that an archive names, which reads all of it once. A deep check does that anyway. */
  readonly digests?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Most bytes asked for at once, whatever an image claims: 4 MiB. */
const MOST_BYTES_AT_ONCE = 4 * 1024 * 1024;

/** Piece in which long tables are read: 256 KiB. */
const PIECE_BYTES = 256 * 1024;

/**
 * One image under examination: reads that cannot leave it, and the faults and checksums found. Nothing that an image
 * says makes it throw; only the source's own failures and the signal's reason pass through.
 */
export class ImageCheck {
  readonly source: ByteSource;
  readonly options: CheckOptions;
  readonly #faults: ImageFault[] = [];
  readonly #checksums: ImageChecksum[] = [];
  #furtherFaults = 0;

  constructor(source: ByteSource, options: CheckOptions) {
    this.source = source;
    this.options = options;
  }

  get sizeBytes(): number {
    return this.source.sizeBytes;
  }

  get faults(): readonly ImageFault[] {
    return this.#faults;
  }

  get furtherFaults(): number {
    return this.#furtherFaults;
  }

  get checksums(): readonly ImageChecksum[] {
    return this.#checksums;
  }

  /** Whether any fault was found so far. */
  get hasFaults(): boolean {
    return this.#faults.length > 0;
  }

  /** Notes damage: what a guest reads cannot be trusted. */
  damage(offset: number, field: string, message: string): void {
    this.addFault({ offset, field, message, kind: 'damage' });
  }

  /** Notes a broken rule of an image that can still be read. */
  breach(offset: number, field: string, message: string): void {
    this.addFault({ offset, field, message, kind: 'rule' });
  }

  /** Notes a fault, or counts it when there are too many. */
  addFault(fault: ImageFault): void {
    if (this.#faults.length < MOST_FAULTS) this.#faults.push(fault);
    else this.#furtherFaults += 1;
  }

  /** Notes a checksum; one that is wrong is damage. Returns whether it is right. */
  checksum(
    name: string,
    offset: number,
    sums: { readonly stated: number; readonly computed: number },
  ): boolean {
    return this.digest(name, offset, { stated: hex(sums.stated), computed: hex(sums.computed) });
  }

  /** Like {@link checksum}, for digests in hexadecimal. */
  digest(
    name: string,
    offset: number,
    sums: { readonly stated: string; readonly computed: string },
  ): boolean {
    const valid = sums.stated === sums.computed;
    this.#checksums.push({ name, offset, valid });
    if (!valid) this.damage(offset, name, `is ${sums.stated}, but the bytes give ${sums.computed}`);
    return valid;
  }

  /** Bytes of the image; undefined, with a fault, when they are not there or too many for one read. */
  async read(offset: number, length: number, field: string): Promise<Buffer | undefined> {
    this.options.signal?.throwIfAborted();
    if (!this.isInside(offset, length, field)) return undefined;
    if (length > MOST_BYTES_AT_ONCE) {
      this.damage(offset, field, `has ${length} bytes, over the limit of ${MOST_BYTES_AT_ONCE}`);
      return undefined;
    }
    return await this.source.read(offset, length);
  }

  /** Whether a range lies within the image; a fault when it does not. */
  isInside(offset: number, length: number, field: string): boolean {
    const inside =
      offset >= 0 && length >= 0 && offset <= this.sizeBytes && length <= this.sizeBytes - offset;
    if (!inside) this.damage(offset, field, `lies outside the file: ${length} bytes of ${this.sizeBytes}`);
    return inside;
  }

  /** A long range in pieces, ascending, each a multiple of 4 KiB but the last; nothing, with a fault, when it is not there. */
  async *pieces(
    offset: number,
    length: number,
    field: string,
  ): AsyncGenerator<{ offset: number; data: Buffer }> {
    if (!this.isInside(offset, length, field)) return;
    for (let done = 0; done < length; done += PIECE_BYTES) {
      this.options.signal?.throwIfAborted();
      const data = await this.source.read(offset + done, Math.min(PIECE_BYTES, length - done));
      yield { offset: offset + done, data };
    }
  }
}

/** A number as people compare checksums and flags. */
export function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/** Offset of the first byte that is not zero, or undefined. */
export function firstNonZero(bytes: Buffer): number | undefined {
  if (bytes.length === 0 || (bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1))))
    return undefined;
  return bytes.findIndex((byte) => byte !== 0);
}

/**
 * An unsigned number of 64 bits, most significant byte first. Above 2^53 it is rounded, and still greater than any
 * place in a file, so that comparisons with those stay right.
 */
export function readBig64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

/** Like {@link readBig64}, least significant byte first. */
export function readLittle64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}

/** Text up to the first NUL, with everything that is not printable ASCII shown as `?`. */
export function readText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end).replace(/[^\x20-\x7e]/g, '?');
}

/** Whether exactly one bit is set. */
export function isPowerOfTwo(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && Number.isInteger(Math.log2(value));
}
