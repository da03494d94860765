import { damaged } from './ext4-damage.ts';

/** One name in a directory. */
export interface DirectoryEntry {
  /** See {@link decodeName}. */
  readonly name: string;
  readonly inode: number;
}

const HEADER_BYTES = 8;

/**
 * The entries of one directory block, without `.` and `..`. Blocks of a hashed directory that hold only its index,
 * and checksum tails, look like one unused entry and give nothing.
 *
 * Raises `E_EXT4_DAMAGED` when an entry leaves its block, has an impossible name, or names an inode that cannot be.
 * @param offset where the block stands in the volume, in bytes; for messages
 */
export function parseDirectoryBlock(block: Buffer, offset: number, inodeCount: number): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  for (let at = 0; at + HEADER_BYTES <= block.length;) {
    const length = recordLength(block, at);
    const nameLength = block.readUInt8(at + 6);
    const tooLong = at + length > block.length || HEADER_BYTES + nameLength > length;
    if (length < HEADER_BYTES || length % 4 !== 0 || tooLong) {
      throw damaged('directory entry length', offset + at, length, `does not fit its block or name`);
    }
    const inode = block.readUInt32LE(at);
    if (inode > inodeCount)
      throw damaged('directory entry inode', offset + at, inode, `is above ${inodeCount}`);
    if (inode !== 0) {
      const name = block.subarray(at + HEADER_BYTES, at + HEADER_BYTES + nameLength);
      checkName(name, offset + at);
      if (!isDotName(name)) entries.push({ name: decodeName(name), inode });
    }
    at += length;
  }
  return entries;
}

/**
 * A file name as text without loss: UTF-8 where it is UTF-8, otherwise each byte above 127 as a lone surrogate
 * U+DC80 to U+DCFF, which no UTF-8 name gives.
 */
export function decodeName(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\uFFFD') || Buffer.from(text, 'utf8').equals(bytes)) return text;
  return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('');
}

/** A length of 64 KiB does not fit 16 bits and is written as 0xffff or 0. */
function recordLength(block: Buffer, at: number): number {
  const length = block.readUInt16LE(at + 4);
  return (length === 0xffff || length === 0) && block.length === 65536 ? 65536 : length;
}

function checkName(name: Buffer, offset: number): void {
  if (name.length === 0 || name.includes(0) || name.includes(0x2f)) {
    throw damaged('directory entry name', offset, JSON.stringify(name.toString('latin1')), 'is no file name');
  }
}

function isDotName(name: Buffer): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}
