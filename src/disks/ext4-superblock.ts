import { damaged, unsupported } from './ext4-damage.ts';

/** Where the superblock stands in its volume, in bytes. */
export const SUPERBLOCK_OFFSET = 1024;
/** Size of the superblock, in bytes. */
export const SUPERBLOCK_BYTES = 1024;

/** What a reader must know about an ext2, ext3 or ext4 file system. */
export interface Ext4Superblock {
  readonly blockSize: number;
  readonly blockCount: number;
  readonly blocksPerGroup: number;
  readonly firstDataBlock: number;
  readonly inodeCount: number;
  readonly inodesPerGroup: number;
  readonly inodeSize: number;
  readonly descriptorSize: number;
  /** First meta block group, or undefined when all group descriptors stand together. */
  readonly firstMetaGroup: number | undefined;
  /** Whether a block group begins with a copy of the superblock. */
  readonly hasSuperblockCopy: (group: number) => boolean;
  /** Directory sizes may pass 4 GiB. */
  readonly largeDirectories: boolean;
  /** Lower-case, with hyphens. */
  readonly uuid: string;
  readonly label: string;
}

/** Numbers from the ext4 disk layout in the kernel's documentation (filesystems/ext4/super). */
const MAGIC = 0xef53;
const INCOMPAT = { recover: 0x4, metaGroups: 0x10, wide: 0x80, largeDirectories: 0x4000 } as const;
const RO_COMPAT_SPARSE_SUPER = 0x1;
const COMPAT_SPARSE_SUPER2 = 0x200;

/**
 * Incompatible features that this reader knows: file types in entries (2), recovery (4, refused below), meta groups
 * (10), extents (40), 64 bit (80), multi mount protection (100), flexible groups (200), attributes in inodes (400),
 * checksum seed (2000), large directories (4000), inline data (8000), case folding (20000).
 */
const KNOWN_INCOMPAT =
  0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x20000;

/** Names for the features that are refused, so that the message says more than a number. */
const REFUSED_INCOMPAT: readonly (readonly [number, string])[] = [
  [0x1, 'compression'],
  [0x8, 'journal_dev'],
  [0x1000, 'dirdata'],
  [0x10000, 'encrypt'],
];

/**
 * Reads a superblock.
 *
 * Raises `E_EXT4_DAMAGED` (with the field and its offset) for values that cannot be right, `E_EXT4_UNSUPPORTED`
 * for features this reader does not know and for a journal that was not replayed.
 */
export function parseSuperblock(bytes: Buffer): Ext4Superblock {
  const magic = bytes.readUInt16LE(0x38);
  if (magic !== MAGIC) throw bad('magic', 0x38, `0x${magic.toString(16)}`, 'must be 0xef53');
  const incompat = bytes.readUInt32LE(0x60);
  checkFeatures(incompat);
  const wide = (incompat & INCOMPAT.wide) !== 0;
  const blockSize = blockSizeOf(bytes);
  const superblock: Ext4Superblock = {
    blockSize,
    blockCount: bytes.readUInt32LE(0x04) + (wide ? bytes.readUInt32LE(0x150) * 2 ** 32 : 0),
    blocksPerGroup: bytes.readUInt32LE(0x20),
    firstDataBlock: bytes.readUInt32LE(0x14),
    inodeCount: bytes.readUInt32LE(0x00),
    inodesPerGroup: bytes.readUInt32LE(0x28),
    inodeSize: bytes.readUInt32LE(0x4c) === 0 ? 128 : bytes.readUInt16LE(0x58),
    descriptorSize: wide ? bytes.readUInt16LE(0xfe) : 32,
    firstMetaGroup: (incompat & INCOMPAT.metaGroups) === 0 ? undefined : bytes.readUInt32LE(0x104),
    hasSuperblockCopy: superblockCopies(bytes),
    largeDirectories: (incompat & INCOMPAT.largeDirectories) !== 0,
    uuid: bytes.toString('hex', 0x68, 0x78).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    label: textOf(bytes.subarray(0x78, 0x88)),
  };
  checkGeometry(superblock);
  return superblock;
}

function blockSizeOf(bytes: Buffer): number {
  const log = bytes.readUInt32LE(0x18);
  if (log > 6) throw bad('block size exponent', 0x18, log, 'must be at most 6');
  return 1024 * 2 ** log;
}

function checkFeatures(incompat: number): void {
  if ((incompat & INCOMPAT.recover) !== 0) {
    throw unsupported(
      'needs_recovery: its journal was not replayed',
      'shut the guest down cleanly, or run e2fsck',
    );
  }
  const unknown = incompat & ~KNOWN_INCOMPAT;
  if (unknown === 0) return;
  const names = REFUSED_INCOMPAT.filter(([bit]) => (unknown & bit) !== 0).map(([, name]) => name);
  throw unsupported(`feature ${names.length > 0 ? names.join(', ') : `0x${(unknown >>> 0).toString(16)}`}`);
}

function checkGeometry(superblock: Ext4Superblock): void {
  const { blockSize, blockCount, inodeSize, inodeCount, inodesPerGroup, descriptorSize } = superblock;
  if (blockCount === 0 || blockCount * blockSize > Number.MAX_SAFE_INTEGER) {
    throw bad('block count', 0x04, blockCount, 'is out of range');
  }
  if (superblock.firstDataBlock !== (blockSize === 1024 ? 1 : 0)) {
    throw bad('first data block', 0x14, superblock.firstDataBlock, 'must be 1 for 1 KiB blocks, else 0');
  }
  if (!isPowerOfTwo(inodeSize) || inodeSize < 128 || inodeSize > blockSize) {
    throw bad('inode size', 0x58, inodeSize, 'must be a power of two from 128 to the block size');
  }
  if (!isPowerOfTwo(descriptorSize) || descriptorSize < 32 || descriptorSize > 1024) {
    throw bad('group descriptor size', 0xfe, descriptorSize, 'must be a power of two from 32 to 1024');
  }
  if (superblock.blocksPerGroup === 0) throw bad('blocks per group', 0x20, 0, 'must not be 0');
  if (inodesPerGroup === 0 || inodesPerGroup > blockSize * 8) {
    throw bad('inodes per group', 0x28, inodesPerGroup, 'must fit the bitmap of one block');
  }
  const groups = Math.ceil((blockCount - superblock.firstDataBlock) / superblock.blocksPerGroup);
  if (inodeCount < 11 || inodeCount > groups * inodesPerGroup) {
    throw bad('inode count', 0x00, inodeCount, `must be from 11 to ${groups * inodesPerGroup}`);
  }
}

function superblockCopies(bytes: Buffer): (group: number) => boolean {
  if ((bytes.readUInt32LE(0x5c) & COMPAT_SPARSE_SUPER2) !== 0) {
    const copies = [0, bytes.readUInt32LE(0x24c), bytes.readUInt32LE(0x250)];
    return (group) => copies.includes(group);
  }
  if ((bytes.readUInt32LE(0x64) & RO_COMPAT_SPARSE_SUPER) === 0) return () => true;
  return (group) => group <= 1 || [3, 5, 7].some((base) => isPowerOf(group, base));
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}

function isPowerOf(value: number, base: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function bad(field: string, offset: number, found: number | string, rule: string): Error {
  return damaged(`superblock ${field}`, SUPERBLOCK_OFFSET + offset, found, rule);
}
