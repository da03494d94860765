import { damaged } from './ext4-damage.ts';
import type { Ext4Inode } from './ext4-inode.ts';

/** Consecutive blocks of a file that are consecutive on disk. What no run covers is a hole. */
export interface BlockRun {
  /** First block within the file. */
  readonly logical: number;
  readonly count: number;
  /** First block within the volume; undefined for blocks that are reserved but read as zeros. */
  readonly physical: number | undefined;
}

/** What following a file's blocks needs from its volume. */
export interface BlockSource {
  readonly blockSize: number;
  readonly blockCount: number;
  readonly readBlock: (block: number) => Promise<Buffer>;
}

/** Entries of 12 bytes after a header of 12; numbers from the kernel's documentation (filesystems/ext4/ifork). */
const EXTENT_MAGIC = 0xf30a;
const ENTRY_BYTES = 12;
const MAX_DEPTH = 5;
/** Longer lengths mean an extent that is reserved and not written yet. */
const MAX_WRITTEN_LENGTH = 32768;

/**
 * The blocks of a file in ascending order, from its extent tree or its classic block map.
 *
 * Raises `E_EXT4_DAMAGED` for a tree that is too deep, out of order, outside the volume, or that maps more blocks
 * than the volume has; so a hostile tree cannot keep the reader busy for ever.
 */
export async function* blockRuns(inode: Ext4Inode, source: BlockSource): AsyncGenerator<BlockRun> {
  const counted = countingReads(inode, source);
  const runs = inode.usesExtents
    ? extentRuns({ node: inode.block, from: 0, to: 2 ** 32, depth: undefined }, inode, counted)
    : mappedRuns(inode, counted);
  let total = 0;
  for await (const run of runs) {
    total += run.count;
    const end = (run.physical ?? 0) + run.count;
    if (total > source.blockCount || end > source.blockCount || run.physical === 0) {
      throw bad(
        inode,
        'block run',
        `${run.physical}+${run.count}`,
        `must lie within ${source.blockCount} blocks`,
      );
    }
    yield run;
  }
}

/** A sound tree has fewer nodes than the volume has blocks; one that refers to itself seems to have more. */
function countingReads(inode: Ext4Inode, source: BlockSource): BlockSource {
  let reads = 0;
  const readBlock = async (block: number): Promise<Buffer> => {
    reads += 1;
    if (reads > source.blockCount) throw bad(inode, 'block tree', 'endless', 'refers to itself');
    return source.readBlock(block);
  };
  return { ...source, readBlock };
}

/** A node of an extent tree and the file blocks that it may describe. */
interface ExtentNode {
  readonly node: Buffer;
  readonly from: number;
  readonly to: number;
  /** What the parent says; undefined for the root. */
  readonly depth: number | undefined;
}

async function* extentRuns(
  { node, from, to, depth: expected }: ExtentNode,
  inode: Ext4Inode,
  source: BlockSource,
): AsyncGenerator<BlockRun> {
  const { entries, depth } = extentHeader(node, inode, expected);
  let next = from;
  for (let index = 1; index <= entries; index += 1) {
    const entry = node.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES);
    const logical = entry.readUInt32LE(0);
    if (logical < next || logical >= to)
      throw bad(inode, 'extent start', logical, `must be from ${next} to ${to}`);
    if (depth === 0) {
      const run = leafRun(entry, logical);
      next = logical + run.count;
      if (run.count === 0 || next > to) throw bad(inode, 'extent length', run.count, `must end by ${to}`);
      yield run;
      continue;
    }
    const following = index < entries ? node.readUInt32LE((index + 1) * ENTRY_BYTES) : to;
    const child = await source.readBlock(entry.readUInt32LE(4) + entry.readUInt16LE(8) * 2 ** 32);
    yield* extentRuns({ node: child, from: logical, to: following, depth: depth - 1 }, inode, source);
    next = logical + 1;
  }
}

function extentHeader(
  node: Buffer,
  inode: Ext4Inode,
  expected: number | undefined,
): { entries: number; depth: number } {
  const magic = node.readUInt16LE(0);
  const entries = node.readUInt16LE(2);
  const depth = node.readUInt16LE(6);
  if (magic !== EXTENT_MAGIC) throw bad(inode, 'extent magic', `0x${magic.toString(16)}`, 'must be 0xf30a');
  if ((entries + 1) * ENTRY_BYTES > node.length)
    throw bad(inode, 'extent count', entries, 'does not fit its block');
  if (depth > MAX_DEPTH || (expected !== undefined && depth !== expected)) {
    throw bad(inode, 'extent depth', depth, `must be ${expected ?? `at most ${MAX_DEPTH}`}`);
  }
  return { entries, depth };
}

function leafRun(entry: Buffer, logical: number): BlockRun {
  const length = entry.readUInt16LE(4);
  const physical = entry.readUInt32LE(8) + entry.readUInt16LE(6) * 2 ** 32;
  const written = length <= MAX_WRITTEN_LENGTH;
  return {
    logical,
    count: written ? length : length - MAX_WRITTEN_LENGTH,
    physical: written ? physical : undefined,
  };
}

/** Joins the single blocks of a classic map into runs. */
async function* mappedRuns(inode: Ext4Inode, source: BlockSource): AsyncGenerator<BlockRun> {
  let open: BlockRun | undefined;
  for await (const [logical, physical] of mappedBlocks(inode, source)) {
    const continues =
      open?.physical !== undefined &&
      logical === open.logical + open.count &&
      physical === open.physical + open.count;
    if (open && continues) {
      open = { ...open, count: open.count + 1 };
      continue;
    }
    if (open) yield open;
    open = { logical, physical, count: 1 };
  }
  if (open) yield open;
}

const DIRECT_BLOCKS = 12;

async function* mappedBlocks(
  inode: Ext4Inode,
  source: BlockSource,
): AsyncGenerator<readonly [number, number]> {
  const limit = Math.ceil(inode.size / source.blockSize);
  for (let index = 0; index < DIRECT_BLOCKS; index += 1) {
    const block = inode.block.readUInt32LE(index * 4);
    if (block !== 0) yield [index, block];
  }
  const pointers = source.blockSize / 4;
  let logical = DIRECT_BLOCKS;
  for (let level = 1; level <= 3 && logical < limit; level += 1) {
    const block = inode.block.readUInt32LE((DIRECT_BLOCKS + level - 1) * 4);
    if (block !== 0) yield* indirectBlocks(block, { level, logical, limit }, source);
    logical += pointers ** level;
  }
}

async function* indirectBlocks(
  block: number,
  { level, logical, limit }: { level: number; logical: number; limit: number },
  source: BlockSource,
): AsyncGenerator<readonly [number, number]> {
  const table = await source.readBlock(block);
  const span = (source.blockSize / 4) ** (level - 1);
  for (let offset = 0, at = logical; offset < table.length && at < limit; offset += 4, at += span) {
    const pointer = table.readUInt32LE(offset);
    if (pointer === 0) continue;
    if (level === 1) yield [at, pointer];
    else yield* indirectBlocks(pointer, { level: level - 1, logical: at, limit }, source);
  }
}

function bad(inode: Ext4Inode, field: string, found: number | string, rule: string): Error {
  return damaged(`inode ${inode.number} ${field}`, inode.offset, found, rule);
}
