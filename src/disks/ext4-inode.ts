import { damaged } from './ext4-damage.ts';

/** Kinds of file that an inode can be. */
export type FileType =
  'file' | 'directory' | 'symlink' | 'character-device' | 'block-device' | 'fifo' | 'socket';

/** One inode, read but not yet followed. */
export interface Ext4Inode {
  readonly number: number;
  /** Where it stands in the volume, in bytes; for messages. */
  readonly offset: number;
  readonly type: FileType;
  /** Permission bits with set-user-id, set-group-id and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Time of last change of content, in milliseconds since the epoch, with fractions. */
  readonly mtimeMs: number;
  readonly usesExtents: boolean;
  readonly hasInlineData: boolean;
  /** The 60 bytes that hold a block map, an extent tree's root, a short link target or inline data. */
  readonly block: Buffer;
  /** Block that holds further attributes; 0 for none. */
  readonly attributeBlock: number;
  /** Bytes after the fixed fields, where attributes may stand. */
  readonly tail: Buffer;
}

/** Type bits of a mode; inode(7). */
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0x1000, 'fifo'],
  [0x2000, 'character-device'],
  [0x4000, 'directory'],
  [0x6000, 'block-device'],
  [0x8000, 'file'],
  [0xa000, 'symlink'],
  [0xc000, 'socket'],
]);

/** Flags from the kernel's documentation (filesystems/ext4/inodes). */
const FLAG = { extents: 0x80000, inlineData: 0x10000000 } as const;

const FIXED_BYTES = 128;

/**
 * Reads an inode.
 *
 * Raises `E_EXT4_DAMAGED` for a type that does not exist, a size past 2^53 or a tail longer than the inode.
 * @param largeDirectories whether a directory's size has a high half; in older file systems that is another field
 */
export function parseInode(
  bytes: Buffer,
  number: number,
  offset: number,
  largeDirectories: boolean,
): Ext4Inode {
  const mode = bytes.readUInt16LE(0x00);
  const type = TYPES.get(mode & 0xf000);
  if (type === undefined) throw damaged(`inode ${number} mode`, offset, mode, 'has no known file type');
  const flags = bytes.readUInt32LE(0x20);
  const wideSize = type === 'file' || largeDirectories;
  const size = bytes.readUInt32LE(0x04) + (wideSize ? bytes.readUInt32LE(0x6c) * 2 ** 32 : 0);
  if (!Number.isSafeInteger(size)) throw damaged(`inode ${number} size`, offset, size, 'is too large');
  const extra = extraBytes(bytes, number, offset);
  return {
    number,
    offset,
    type,
    mode: mode & 0o7777,
    uid: bytes.readUInt16LE(0x02) + bytes.readUInt16LE(0x78) * 65536,
    gid: bytes.readUInt16LE(0x18) + bytes.readUInt16LE(0x7a) * 65536,
    size,
    mtimeMs: modificationTime(bytes, extra),
    usesExtents: (flags & FLAG.extents) !== 0,
    hasInlineData: (flags & FLAG.inlineData) !== 0,
    block: bytes.subarray(0x28, 0x64),
    attributeBlock: bytes.readUInt32LE(0x68) + bytes.readUInt16LE(0x76) * 2 ** 32,
    tail: bytes.subarray(FIXED_BYTES + extra),
  };
}

function extraBytes(bytes: Buffer, number: number, offset: number): number {
  if (bytes.length <= FIXED_BYTES) return 0;
  const extra = bytes.readUInt16LE(0x80);
  if (extra > bytes.length - FIXED_BYTES || extra % 4 !== 0) {
    throw damaged(`inode ${number} extra size`, offset, extra, 'does not fit the inode');
  }
  return extra;
}

/** Two bits of the extra field extend the seconds past 2038, the rest are nanoseconds. */
function modificationTime(bytes: Buffer, extra: number): number {
  const seconds = bytes.readInt32LE(0x10);
  if (extra < 0x8c - FIXED_BYTES) return seconds * 1000;
  const more = bytes.readUInt32LE(0x88);
  return (seconds + (more & 3) * 2 ** 32) * 1000 + (more >>> 2) / 1e6;
}
