import { parseBlockAttributes, parseInodeAttributes, type AttributeEntry } from './ext4-attributes.ts';
import { blockRuns, type BlockSource } from './ext4-block-runs.ts';
import { damaged } from './ext4-damage.ts';
import { parseDirectoryBlock, type DirectoryEntry } from './ext4-directory.ts';
import { parseInode, type Ext4Inode } from './ext4-inode.ts';
import {
  parseSuperblock,
  SUPERBLOCK_BYTES,
  SUPERBLOCK_OFFSET,
  type Ext4Superblock,
} from './ext4-superblock.ts';
import { VolumeBytes, type ReadAt } from './volume-bytes.ts';

/** Largest piece of content in memory at once, in bytes. */
const CHUNK_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** Directories and attributes larger than this are damage, not data; 64 MiB hold about a million names. */
const MAX_METADATA_BYTES = 64 * 1024 * 1024;

/** Inodes, contents, directories and attributes of one ext4 file system, by inode number; paths come above this. */
export class Ext4Volume implements BlockSource {
  readonly superblock: Ext4Superblock;
  readonly blockSize: number;
  readonly blockCount: number;
  readonly #bytes: VolumeBytes;

  private constructor(superblock: Ext4Superblock, bytes: VolumeBytes) {
    this.superblock = superblock;
    this.blockSize = superblock.blockSize;
    this.blockCount = superblock.blockCount;
    this.#bytes = bytes;
  }

  /** Reads the superblock; failures as of {@link parseSuperblock}. */
  static async open(readAt: ReadAt, start: number): Promise<Ext4Volume> {
    const bytes = new VolumeBytes(readAt, start);
    const superblock = parseSuperblock(await bytes.content(SUPERBLOCK_OFFSET, SUPERBLOCK_BYTES));
    bytes.limitTo(superblock.blockCount * superblock.blockSize);
    return new Ext4Volume(superblock, bytes);
  }

  /** A block of metadata. Raises `E_EXT4_DAMAGED` for a number outside the volume. */
  readonly readBlock = async (block: number): Promise<Buffer> => {
    if (block === 0 || block >= this.blockCount) {
      throw damaged(
        'block number',
        block * this.blockSize,
        block,
        `must be from 1 to ${this.blockCount - 1}`,
      );
    }
    return this.#bytes.metadata(block * this.blockSize, this.blockSize);
  };

  /** An inode by its number, which counts from 1. */
  async inode(number: number): Promise<Ext4Inode> {
    const { inodeCount, inodesPerGroup, inodeSize, largeDirectories } = this.superblock;
    if (number < 1 || number > inodeCount)
      throw damaged('inode number', 0, number, `must be 1 to ${inodeCount}`);
    const table = await this.#inodeTable(Math.floor((number - 1) / inodesPerGroup));
    const offset = table * this.blockSize + ((number - 1) % inodesPerGroup) * inodeSize;
    // The cached page may go; the inode may stay for as long as a walk runs.
    const bytes = Buffer.from(await this.#bytes.metadata(offset, inodeSize));
    return parseInode(bytes, number, offset, largeDirectories);
  }

  /**
   * The content of a file or link in order, in pieces of at most 1 MiB. Holes come as pieces of one shared buffer
   * of zeros: do not write to what you get.
   */
  async *content(inode: Ext4Inode): AsyncGenerator<Buffer> {
    if (inode.hasInlineData) {
      yield await this.#inlineData(inode);
      return;
    }
    let position = 0;
    for await (const run of blockRuns(inode, this)) {
      const start = run.logical * this.blockSize;
      // Blocks past the end are space reserved by fallocate.
      if (start >= inode.size) break;
      const end = Math.min(inode.size, start + run.count * this.blockSize);
      yield* zeros(start - position);
      if (run.physical === undefined) yield* zeros(end - start);
      else yield* this.#pieces(run.physical * this.blockSize, end - start);
      position = end;
    }
    yield* zeros(inode.size - position);
  }

  /** Content in one buffer. Raises `E_EXT4_DAMAGED` above `limit` bytes. */
  async contentAtOnce(inode: Ext4Inode, limit: number): Promise<Buffer> {
    if (inode.size > limit) {
      throw damaged(`inode ${inode.number} size`, inode.offset, inode.size, `must be at most ${limit}`);
    }
    const pieces: Buffer[] = [];
    for await (const piece of this.content(inode)) pieces.push(piece);
    const [only] = pieces;
    return only && pieces.length === 1 ? Buffer.from(only) : Buffer.concat(pieces);
  }

  /** The names in a directory, as they stand on disk. */
  async directory(inode: Ext4Inode): Promise<DirectoryEntry[]> {
    if (inode.size > MAX_METADATA_BYTES) {
      throw damaged(`inode ${inode.number} size`, inode.offset, inode.size, 'is too large for a directory');
    }
    if (inode.hasInlineData) return this.#inlineDirectory(inode);
    const entries: DirectoryEntry[] = [];
    for await (const run of blockRuns(inode, this)) {
      const end = Math.min(run.count, Math.ceil(inode.size / this.blockSize) - run.logical);
      for (let index = 0; run.physical !== undefined && index < end; index += 1) {
        const block = run.physical + index;
        const bytes = await this.readBlock(block);
        entries.push(...parseDirectoryBlock(bytes, block * this.blockSize, this.superblock.inodeCount));
      }
    }
    return entries;
  }

  /** Extended attributes by full name, those in the inode before those in its block. */
  async attributes(inode: Ext4Inode): Promise<Map<string, Buffer>> {
    const found = new Map<string, Buffer>();
    for (const { name, value } of await this.#attributeEntries(inode)) {
      // The rest of inline content stands among the attributes but is none.
      if (name === INLINE_ATTRIBUTE) continue;
      const bytes = Buffer.isBuffer(value)
        ? Buffer.from(value)
        : await this.contentAtOnce(await this.inode(value.inode), MAX_METADATA_BYTES);
      found.set(name, bytes);
    }
    return found;
  }

  async #attributeEntries(inode: Ext4Inode): Promise<AttributeEntry[]> {
    const inside = parseInodeAttributes(inode.tail, inode.offset);
    if (inode.attributeBlock === 0) return inside;
    const block = await this.readBlock(inode.attributeBlock);
    return [...inside, ...parseBlockAttributes(block, inode.attributeBlock * this.blockSize)];
  }

  /** Small content stands in the 60 bytes of the block map and goes on in an attribute. */
  async #inlineData(inode: Ext4Inode): Promise<Buffer> {
    const rest = parseInodeAttributes(inode.tail, inode.offset).find(({ name }) => name === INLINE_ATTRIBUTE);
    const bytes = Buffer.concat([inode.block, Buffer.isBuffer(rest?.value) ? rest.value : Buffer.alloc(0)]);
    if (inode.size > bytes.length) {
      throw damaged(
        `inode ${inode.number} size`,
        inode.offset,
        inode.size,
        `must be at most ${bytes.length}`,
      );
    }
    return bytes.subarray(0, inode.size);
  }

  /** The parent's number comes first; then entries fill the first 60 bytes, and again the rest. */
  async #inlineDirectory(inode: Ext4Inode): Promise<DirectoryEntry[]> {
    const bytes = await this.#inlineData(inode);
    const parts = [bytes.subarray(4, inode.block.length), bytes.subarray(inode.block.length)];
    return parts.flatMap((part) => parseDirectoryBlock(part, inode.offset, this.superblock.inodeCount));
  }

  async *#pieces(offset: number, length: number): AsyncGenerator<Buffer> {
    for (let done = 0; done < length; done += CHUNK_BYTES) {
      yield await this.#bytes.content(offset + done, Math.min(CHUNK_BYTES, length - done));
    }
  }

  /** First block of a group's inode table, from its group descriptor. */
  async #inodeTable(group: number): Promise<number> {
    const { descriptorSize } = this.superblock;
    const offset = this.#descriptorOffset(group);
    const descriptor = await this.#bytes.metadata(offset, descriptorSize);
    const high = descriptorSize >= 64 ? descriptor.readUInt32LE(0x28) : 0;
    const table = descriptor.readUInt32LE(0x08) + high * 2 ** 32;
    if (table === 0 || table >= this.blockCount) {
      throw damaged(`group ${group} inode table`, offset, table, `must be from 1 to ${this.blockCount - 1}`);
    }
    return table;
  }

  /** Descriptors stand together behind the superblock or, with meta groups, at the start of each meta group. */
  #descriptorOffset(group: number): number {
    const { firstDataBlock, firstMetaGroup, descriptorSize, blocksPerGroup, hasSuperblockCopy } =
      this.superblock;
    const perBlock = this.blockSize / descriptorSize;
    const meta = Math.floor(group / perBlock);
    if (firstMetaGroup === undefined || meta < firstMetaGroup) {
      return (firstDataBlock + 1) * this.blockSize + group * descriptorSize;
    }
    const first = meta * perBlock;
    const block = firstDataBlock + first * blocksPerGroup + (hasSuperblockCopy(first) ? 1 : 0);
    return block * this.blockSize + (group - first) * descriptorSize;
  }
}

const INLINE_ATTRIBUTE = 'system.data';

function* zeros(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= CHUNK_BYTES) yield ZEROS.subarray(0, Math.min(left, CHUNK_BYTES));
}
