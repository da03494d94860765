import { describe, expect, test } from '@jest/globals';
import { parseBlockAttributes, parseInodeAttributes } from '../../../src/disks/ext4-attributes.ts';
import { blockRuns, type BlockRun } from '../../../src/disks/ext4-block-runs.ts';
import { decodeName, parseDirectoryBlock } from '../../../src/disks/ext4-directory.ts';
import { parseInode, type Ext4Inode } from '../../../src/disks/ext4-inode.ts';
import { parseSuperblock } from '../../../src/disks/ext4-superblock.ts';

/** Little-endian 16-bit words as bytes. */
const words = (...values: number[]): Buffer => Buffer.from(Uint16Array.from(values).buffer);

/** Header of an extent node: magic, entries, room, depth. */
const header = (entries: number, depth: number, magic = 0xf30a): Buffer =>
  words(magic, entries, 4, depth, 0, 0);
const leaf = (logical: number, length: number, physical: number): Buffer =>
  words(logical & 0xffff, logical >>> 16, length, 0, physical & 0xffff, physical >>> 16);
const index = (logical: number, block: number): Buffer => words(logical, 0, block, 0, 0, 0);

function inodeWith(node: Buffer[], usesExtents = true): Ext4Inode {
  const bytes = Buffer.alloc(256);
  bytes.writeUInt16LE(0x81a4, 0);
  bytes.writeUInt32LE(2_000_000_000, 4);
  bytes.writeUInt32LE(usesExtents ? 0x80000 : 0, 0x20);
  Buffer.concat(node).copy(bytes, 0x28);
  return parseInode(bytes, 12, 4096, false);
}

async function runsOf(inode: Ext4Inode, blocks: Record<number, Buffer[]> = {}): Promise<BlockRun[]> {
  const readBlock = async (block: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(1024);
    Buffer.concat(blocks[block] ?? []).copy(bytes);
    return bytes;
  };
  const runs: BlockRun[] = [];
  for await (const run of blockRuns(inode, { blockSize: 1024, blockCount: 1000, readBlock })) runs.push(run);
  return runs;
}

/** A block of a classic map whose every pointer is the same. */
const tableOf = (block: number): Buffer => Buffer.from(new Uint32Array(256).fill(block).buffer);

describe('blockRuns', () => {
  test('follows an extent tree, with what is reserved but not written', async () => {
    const inode = inodeWith([header(2, 1), index(0, 50), index(20, 60)]);
    const blocks = { 50: [header(1, 0), leaf(3, 4, 100)], 60: [header(1, 0), leaf(20, 32768 + 5, 200)] };
    expect(await runsOf(inode, blocks)).toEqual([
      { logical: 3, count: 4, physical: 100 },
      { logical: 20, count: 5, physical: undefined },
    ]);
  });

  test('joins neighbours of a block map', async () => {
    const map = Buffer.alloc(60);
    [100, 101, 0, 103, 105].forEach((block, at) => map.writeUInt32LE(block, at * 4));
    map.writeUInt32LE(50, 48);
    const table = Buffer.alloc(1024);
    table.writeUInt32LE(106, 0);
    expect(await runsOf(inodeWith([map], false), { 50: [table] })).toEqual([
      { logical: 0, count: 2, physical: 100 },
      { logical: 3, count: 1, physical: 103 },
      { logical: 4, count: 1, physical: 105 },
      { logical: 12, count: 1, physical: 106 },
    ]);
  });

  test.each<[string, Buffer[], Record<number, Buffer[]>, RegExp]>([
    ['another magic', [header(0, 0, 1)], {}, /inode 12 extent magic at byte 4096 is 0x1/],
    ['more entries than room', [header(5, 0)], {}, /extent count .* is 5/],
    ['a tree too deep', [header(1, 6)], {}, /extent depth .* is 6, must be at most 5/],
    [
      'a loop',
      [header(1, 1), index(0, 50)],
      { 50: [header(1, 1), index(0, 50)] },
      /depth .* is 1, must be 0/,
    ],
    ['extents out of order', [header(2, 0), leaf(5, 1, 9), leaf(4, 1, 10)], {}, /extent start .* is 4/],
    ['extents that overlap', [header(2, 0), leaf(0, 2, 9), leaf(1, 1, 20)], {}, /extent start .* is 1/],
    ['an empty extent', [header(1, 0), leaf(0, 0, 9)], {}, /extent length .* is 0/],
    ['a block outside', [header(1, 0), leaf(0, 2, 999)], {}, /block run .* is 999\+2, must lie within 1000/],
    ['the block of the superblock', [header(1, 0), leaf(0, 1, 0)], {}, /block run .* is 0\+1/],
    [
      'one node used twice',
      [header(2, 1), index(0, 50), index(9, 50)],
      { 50: [header(1, 0), leaf(0, 1, 7)] },
      /start/,
    ],
  ])('refuses %s', async (_title, node, blocks, message) => {
    await expect(runsOf(inodeWith(node), blocks)).rejects.toThrow(message);
  });

  test.each([
    [50, /block run/, 'blocks that are mapped again and again'],
    [51, /block tree .* refers to itself/, 'tables that hold nothing but cost a read each'],
  ])('refuses a block map that goes in circles over block %i', async (target, message) => {
    const map = Buffer.alloc(60);
    map.writeUInt32LE(50, 56);
    const blocks = { 50: [tableOf(target)], 51: [tableOf(52)] };
    await expect(runsOf(inodeWith([map], false), blocks)).rejects.toThrow(message);
  });
});

describe('parseInode', () => {
  test('reads a time after 2038 and large owners', () => {
    const bytes = Buffer.alloc(256);
    bytes.writeUInt16LE(0xc1ff, 0);
    bytes.writeInt32LE(-1, 0x10);
    bytes.writeUInt16LE(1, 0x78);
    bytes.writeUInt16LE(32, 0x80);
    bytes.writeUInt32LE((500_000_000 << 2) | 1, 0x88);
    expect(parseInode(bytes, 5, 0, false)).toMatchObject({
      type: 'socket',
      mode: 0o777,
      uid: 65536,
      mtimeMs: (2 ** 32 - 1) * 1000 + 500,
    });
  });

  test.each<[number, number, number, RegExp]>([
    [0x00, 0x0000, 2, /mode .* has no known file type/],
    [0x80, 200, 2, /extra size .* is 200/],
    [0x6c, 0xffffffff, 4, /size .* is too large/],
  ])('refuses a bad field at %i', (at, value, length, message) => {
    const bytes = Buffer.alloc(256);
    bytes.writeUInt16LE(0x81a4, 0);
    bytes.writeUIntLE(value, at, length);
    expect(() => parseInode(bytes, 5, 0, false)).toThrow(message);
  });
});

const directoryEntry = (inode: number, length: number, name: Buffer, nameLength = name.length): Buffer => {
  const bytes = Buffer.alloc(Math.max(8 + name.length, Math.min(length, 64)));
  bytes.writeUInt32LE(inode, 0);
  bytes.writeUInt16LE(length, 4);
  bytes.writeUInt8(nameLength, 6);
  name.copy(bytes, 8);
  return bytes;
};

describe('parseDirectoryBlock', () => {
  test('skips dots, unused entries and the block of an index', () => {
    const block = Buffer.alloc(64);
    Buffer.concat([
      directoryEntry(2, 12, Buffer.from('.')),
      directoryEntry(2, 12, Buffer.from('..')),
      directoryEntry(0, 12, Buffer.from('gone')),
      directoryEntry(7, 28, Buffer.from('...')),
    ]).copy(block);
    expect(parseDirectoryBlock(block, 0, 100)).toEqual([{ name: '...', inode: 7 }]);
    expect(parseDirectoryBlock(directoryEntry(0, 64, Buffer.alloc(56)), 0, 100)).toEqual([]);
  });

  test.each<[string, Buffer, RegExp]>([
    ['a length of nothing', directoryEntry(5, 0, Buffer.from('a')), /entry length at byte 4096 is 0/],
    ['a length out of step', directoryEntry(5, 10, Buffer.from('a')), /length .* is 10/],
    ['a length past the block', directoryEntry(5, 68, Buffer.from('a')), /length .* is 68/],
    ['a name past its entry', directoryEntry(5, 12, Buffer.from('abcdefgh')), /length/],
    ['an inode that cannot be', directoryEntry(101, 12, Buffer.from('a')), /inode .* is 101/],
    ['a name with a slash', directoryEntry(5, 12, Buffer.from('a/b')), /name .* is "a\/b"/],
    ['a name with a NUL', directoryEntry(5, 12, Buffer.from('a\0')), /name/],
    ['no name', directoryEntry(5, 12, Buffer.alloc(0)), /name/],
  ])('refuses %s', (_title, bytes, message) => {
    const block = Buffer.alloc(64);
    bytes.copy(block);
    expect(() => parseDirectoryBlock(block, 4096, 100)).toThrow(message);
  });

  test('keeps names that are not UTF-8 apart from those that are', () => {
    expect(decodeName(Buffer.from('ü\uFFFD'))).toBe('ü\uFFFD');
    expect(decodeName(Buffer.from([0x61, 0xff, 0xc3, 0xbc]))).toBe('a\udcff\udcc3\udcbc');
  });
});

describe('attributes', () => {
  test('none where the magic number is missing in an inode, damage in a block', () => {
    expect(parseInodeAttributes(Buffer.alloc(96), 0)).toEqual([]);
    expect(() => parseBlockAttributes(Buffer.alloc(1024), 0)).toThrow(/attribute block magic/);
  });

  test.each<[string, (bytes: Buffer) => void, RegExp]>([
    ['a name that leaves', (bytes) => bytes.writeUInt8(255, 4), /name length .* is 255/],
    ['a value that leaves', (bytes) => bytes.writeUInt32LE(500, 12), /value .* is 40\+500/],
  ])('refuses %s', (_title, hurt, message) => {
    const bytes = Buffer.alloc(96);
    bytes.writeUInt32LE(0xea020000, 0);
    Buffer.from([3, 1, 40, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x62, 0x63]).copy(bytes, 4);
    expect(parseInodeAttributes(bytes, 0)).toEqual([{ name: 'user.abc', value: Buffer.alloc(4) }]);
    hurt(bytes);
    expect(() => parseInodeAttributes(bytes, 0)).toThrow(message);
  });
});

const soundSuperblock = (): Buffer => {
  const bytes = Buffer.alloc(1024);
  const fields: readonly (readonly [number, number])[] = [
    [0x00, 64],
    [0x04, 1000],
    [0x14, 1],
    [0x20, 8192],
    [0x28, 64],
    [0x4c, 1],
    [0x58, 256],
    [0x60, 0x2 | 0x40],
  ];
  for (const [at, value] of fields) bytes.writeUInt32LE(value, at);
  bytes.writeUInt16LE(0xef53, 0x38);
  return bytes;
};

describe('parseSuperblock', () => {
  test('reads a small one', () => {
    expect(parseSuperblock(soundSuperblock())).toMatchObject({
      blockSize: 1024,
      blockCount: 1000,
      descriptorSize: 32,
    });
  });

  test.each<[string, number, number, RegExp]>([
    ['no file system', 0x38, 0, /superblock magic at byte 1080 is 0x0, must be 0xef53/],
    ['blocks too large', 0x18, 7, /block size exponent .* is 7/],
    ['no blocks', 0x04, 0, /block count .* is 0/],
    ['a first block elsewhere', 0x14, 0, /first data block .* is 0/],
    ['no blocks in a group', 0x20, 0, /blocks per group/],
    ['no inodes in a group', 0x28, 0, /inodes per group .* is 0/],
    ['more inodes than groups hold', 0x00, 65, /inode count .* is 65, must be from 11 to 64/],
    ['an odd inode size', 0x58, 200, /inode size .* is 200/],
    ['compression and encryption', 0x60, 0x10001, /feature compression, encrypt/],
    ['a feature of the future', 0x60, 0x40000000, /feature 0x40000000/],
    ['an open journal', 0x60, 0x4, /needs_recovery/],
    ['a separate journal', 0x60, 0x8, /journal_dev/],
  ])('refuses %s', (_title, at, value, message) => {
    const bytes = soundSuperblock();
    bytes.writeUInt32LE(value, at);
    expect(() => parseSuperblock(bytes)).toThrow(message);
  });
});
