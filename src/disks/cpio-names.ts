import { Failure } from '../errors/failure.ts';
import type { ReadAt } from './volume-bytes.ts';

/** What a cpio archive holds, and where it ends. */
export interface CpioListing {
  /** Paths as they are stored, without the trailer. */
  readonly names: readonly string[];
  /** First byte after the trailer; zeros, or another archive, may follow. */
  readonly end: number;
}

/** `newc`, and the same with checksums (the kernel's buffer-format.rst). */
const MAGICS = ['070701', '070702'];
const HEADER_BYTES = 110;
const TRAILER = 'TRAILER!!!';
/** Longest path that Linux takes, with its final zero. */
const MAX_NAME_BYTES = 4096;

/** Whether a cpio archive of these formats begins with these bytes. */
export function isCpio(bytes: Buffer): boolean {
  return MAGICS.includes(bytes.toString('latin1', 0, 6));
}

/**
 * Names of everything in a cpio archive that begins at byte `offset`; contents are skipped, not read.
 * Raises `E_CPIO_DAMAGED` with the offset of what is no header.
 */
export async function listCpio(readAt: ReadAt, offset: number): Promise<CpioListing> {
  const names: string[] = [];
  for (let at = offset; ;) {
    const header = await readAt(at, HEADER_BYTES);
    if (header.length < HEADER_BYTES || !isCpio(header)) throw damaged(at, 'is no cpio header');
    const [size, nameBytes] = [numberAt(header, 54, at), numberAt(header, 94, at)];
    if (nameBytes < 1 || nameBytes > MAX_NAME_BYTES)
      throw damaged(at + 94, `is a name of ${nameBytes} bytes`);
    const name = (await readAt(at + HEADER_BYTES, nameBytes)).toString('utf8', 0, nameBytes - 1);
    at = padded(padded(at - offset + HEADER_BYTES + nameBytes) + size) + offset;
    if (name === TRAILER) return { names, end: at };
    names.push(name);
  }
}

function numberAt(header: Buffer, place: number, at: number): number {
  const digits = header.toString('latin1', place, place + 8);
  if (!/^[0-9A-Fa-f]{8}$/.test(digits)) throw damaged(at + place, 'is no number');
  return Number.parseInt(digits, 16);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

function damaged(offset: number, what: string): Failure {
  return new Failure('image-test', 'E_CPIO_DAMAGED', `the cpio archive is damaged: byte ${offset} ${what}`);
}
