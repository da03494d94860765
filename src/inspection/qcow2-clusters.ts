import { inflateRawSync, constants } from 'node:zlib';
import { inflateFault } from './inflate-fault.ts';
import type { ImageCheck } from './image-check.ts';
import { DATA_FILE_BIT, entriesOfL2, EXTENDED_L2_BIT, type Qcow2Header } from './qcow2-header.ts';
import type { ClusterUsage } from './qcow2-usage.ts';

/** Kinds of guest clusters that a first-level table leads to, counted. */
export interface ClusterCounts {
  readonly plain: number;
  readonly compressed: number;
  readonly zero: number;
}

/** Where a first-level table is. */
export interface L1Table {
  readonly offset: number;
  readonly entries: number;
  readonly field: string;
  /** Of a snapshot, which may share everything with others. */
  readonly shared: boolean;
}

/** A guest cluster as an entry describes it. */
interface Entry {
  readonly guestCluster: number;
  readonly at: number;
  readonly high: number;
  readonly low: number;
}

const COPIED = 0x80000000;
const COMPRESSED = 0x40000000;
/** Bits 9 to 55 are the offset; these of the upper half are reserved. */
const RESERVED_HIGH = 0x3f000000;
const RESERVED_L1_LOW = 0x1ff;
/** Without bit 0, which says that the cluster reads as zeros. */
const RESERVED_L2_LOW = 0x1fe;
const SECTOR_BYTES = 512;

/** Walks the tables of one disk state: every entry is checked, every cluster counted. */
export class ClusterWalk {
  readonly #header: Qcow2Header;
  readonly #usage: ClusterUsage;
  readonly #check: ImageCheck;
  readonly #counts = { plain: 0, compressed: 0, zero: 0 };
  #shared = false;

  constructor(header: Qcow2Header, usage: ClusterUsage, check: ImageCheck) {
    this.#header = header;
    this.#usage = usage;
    this.#check = check;
  }

  async walk({ offset, entries, field, shared }: L1Table): Promise<ClusterCounts> {
    this.#shared = shared;
    if (
      entries === 0 ||
      !this.#usage.use({ offset, length: entries * 8 }, 'metadata', { at: offset, field })
    ) {
      return this.#counts;
    }
    const seen = new Set<number>();
    let index = 0;
    for await (const piece of this.#check.pieces(offset, entries * 8, field)) {
      for (let at = 0; at + 8 <= piece.data.length; at += 8, index += 1) {
        const high = piece.data.readUInt32BE(at);
        const low = piece.data.readUInt32BE(at + 4);
        if (high === 0 && low === 0) continue;
        const table = this.#tableOffset({ guestCluster: index, at: piece.offset + at, high, low }, seen);
        if (table !== undefined) await this.#walkTable(table, index);
      }
    }
    return this.#counts;
  }

  /** Offset of a second-level table that can be read and was not read before. */
  #tableOffset({ guestCluster, at, high, low }: Entry, seen: Set<number>): number | undefined {
    const field = `L1 entry ${guestCluster}`;
    const place = placeOf(high, low, RESERVED_L1_LOW);
    if ((high & (RESERVED_HIGH | COMPRESSED)) !== 0 || (low & RESERVED_L1_LOW) !== 0) {
      this.#check.damage(at, field, 'has reserved bits');
    }
    if (place % this.#header.clusterBytes !== 0 || place === 0 || seen.has(place)) {
      this.#check.damage(at, field, `points at offset ${place}, no cluster of its own`);
      return undefined;
    }
    seen.add(place);
    const use = { offset: place, length: this.#header.clusterBytes };
    if (!this.#usage.use(use, 'metadata', { at, field, shared: this.#shared })) return undefined;
    this.#checkCopied(high, place, { at, field });
    return place;
  }

  async #walkTable(offset: number, index: number): Promise<void> {
    const perTable = entriesOfL2(this.#header);
    const stride = this.#header.clusterBytes / perTable;
    const bytes = await this.#check.read(offset, this.#header.clusterBytes, `L2 table ${index}`);
    if (!bytes) return;
    const guestClusters = Math.ceil(this.#header.virtualSizeBytes / this.#header.clusterBytes);
    for (let entry = 0; entry < perTable; entry += 1) {
      const [high, low] = [bytes.readUInt32BE(entry * stride), bytes.readUInt32BE(entry * stride + 4)];
      if (high === 0 && low === 0) continue;
      const guestCluster = index * perTable + entry;
      const at = offset + entry * stride;
      if (guestCluster >= guestClusters) {
        this.#check.breach(
          at,
          `cluster ${guestCluster}`,
          `is set, though the disk ends after ${guestClusters}`,
        );
      }
      if ((high & COMPRESSED) === 0) this.#plain({ guestCluster, at, high, low });
      else await this.#compressed({ guestCluster, at, high, low });
    }
  }

  #plain({ guestCluster, at, high, low }: Entry): void {
    const field = `cluster ${guestCluster}`;
    const extended = this.#header.incompatible.has(EXTENDED_L2_BIT);
    const reserved = this.#header.version === 2 || extended ? RESERVED_L2_LOW | 1 : RESERVED_L2_LOW;
    if ((high & RESERVED_HIGH) !== 0 || (low & reserved) !== 0)
      this.#check.damage(at, field, 'has reserved bits');
    const offset = placeOf(high, low, 0x1ff);
    if ((low & 1) !== 0) this.#counts.zero += 1;
    else if (offset > 0 || this.#header.incompatible.has(DATA_FILE_BIT)) this.#counts.plain += 1;
    if (this.#header.incompatible.has(DATA_FILE_BIT)) return;
    if (offset === 0) {
      if (high >>> 31 === 1) this.#check.damage(at, field, 'is marked as used once, but has no place');
      return;
    }
    if (offset % this.#header.clusterBytes !== 0) {
      this.#check.damage(at, field, `points at offset ${offset}, no cluster's start`);
      return;
    }
    if (!extended) this.#checkWhole(offset, { guestCluster, at });
    const use = { offset, length: this.#header.clusterBytes };
    if (this.#usage.use(use, 'data', { at, field, shared: this.#shared }))
      this.#checkCopied(high, offset, { at, field });
  }

  /** The file may end within a cluster, but not before what a guest sees of it. */
  #checkWhole(
    offset: number,
    { guestCluster, at }: { readonly guestCluster: number; readonly at: number },
  ): void {
    const { clusterBytes, virtualSizeBytes } = this.#header;
    const visible = Math.min(clusterBytes, virtualSizeBytes - guestCluster * clusterBytes);
    const inFile = Math.floor(offset / clusterBytes) < this.#usage.clusters;
    if (inFile && offset + visible > this.#check.sizeBytes) {
      this.#check.damage(
        at,
        `cluster ${guestCluster}`,
        `at offset ${offset} is cut off by the end of the file`,
      );
    }
  }

  async #compressed({ guestCluster, at, high, low }: Entry): Promise<void> {
    const field = `compressed cluster ${guestCluster}`;
    if ((high & COPIED) !== 0)
      this.#check.damage(at, field, 'is marked as used once, which compressed data never is');
    this.#counts.compressed += 1;
    const { offset, length } = compressedRange(high, low, this.#header.clusterBits);
    // Two clusters hold the longest data that is worth compressing, wherever it begins.
    if (offset === 0 || length > 2 * this.#header.clusterBytes) {
      this.#check.damage(at, field, `has ${length} bytes at offset ${offset}`);
      return;
    }
    const inside = this.#usage.use({ offset, length }, 'compressed data', {
      at,
      field,
      shared: this.#shared,
    });
    if (!inside || !this.#check.options.deep || this.#header.compressionType !== 0) return;
    const available = Math.min(length, this.#check.sizeBytes - offset);
    const data = available <= 0 ? undefined : await this.#check.read(offset, available, field);
    const found = data === undefined ? 'is not there' : inflateCluster(data, this.#header.clusterBytes);
    if (typeof found === 'string') this.#check.damage(offset, field, found);
  }

  /** The highest bit repeats what the refcount says, for writers in a hurry. */
  #checkCopied(high: number, offset: number, by: { at: number; field: string }): void {
    if (this.#shared) return;
    const copied = (high & COPIED) !== 0;
    if (copied !== this.#usage.isUsedOnce(offset)) {
      const told = copied ? 'is marked as used once' : 'is not marked as used once';
      this.#check.damage(by.at, by.field, `${told}, against its refcount`);
    }
  }
}

/** Offset of an entry without its flags. */
function placeOf(high: number, low: number, flags: number): number {
  return (high & 0xffffff) * 2 ** 32 + ((low & ~flags) >>> 0);
}

/** Where compressed data is: to the end of its last sector. */
function compressedRange(high: number, low: number, clusterBits: number): { offset: number; length: number } {
  // Of the 62 bits, the lower ones are the offset, the upper the number of sectors after the first.
  const offsetBitsHigh = 62 - (clusterBits - 8) - 32;
  const unit = 2 ** offsetBitsHigh;
  const rest = (high & 0x3fffffff) >>> 0;
  const offset = (rest % unit) * 2 ** 32 + low;
  const sectors = Math.floor(rest / unit) + 1;
  const length = sectors * SECTOR_BYTES - (offset % SECTOR_BYTES);
  return { offset, length };
}

/** Inflates one cluster; what comes after its end in the last sector belongs to others. */
function inflateCluster(data: Buffer, clusterBytes: number): Buffer | string {
  try {
    const options = { maxOutputLength: clusterBytes, finishFlush: constants.Z_SYNC_FLUSH };
    const cluster = inflateRawSync(data, options);
    return cluster.length === clusterBytes
      ? cluster
      : `inflates to ${cluster.length} bytes, not ${clusterBytes}`;
  } catch (error) {
    return inflateFault(error, clusterBytes);
  }
}

/** The start of the disk as its first cluster holds it; undefined when that cannot be read here. */
export async function readFirstCluster(header: Qcow2Header, check: ImageCheck): Promise<Buffer | undefined> {
  const quiet = async (offset: number, length: number): Promise<Buffer | undefined> =>
    offset + length <= check.sizeBytes ? await check.source.read(offset, length) : undefined;
  const unusable =
    header.encryption !== 0 || header.incompatible.has(DATA_FILE_BIT) || header.l1Entries === 0;
  if (unusable || header.references.length > 0) return undefined;
  const l1 = await quiet(header.l1Offset, 8);
  const tableOffset = l1 === undefined ? 0 : placeOf(l1.readUInt32BE(0), l1.readUInt32BE(4), 0x1ff);
  if (tableOffset === 0) return Buffer.alloc(header.clusterBytes);
  const entry = await quiet(tableOffset, 8);
  if (!entry) return undefined;
  const [high, low] = [entry.readUInt32BE(0), entry.readUInt32BE(4)];
  if ((high & COMPRESSED) === 0) {
    const offset = placeOf(high, low, 0x1ff);
    return (low & 1) !== 0 || offset === 0
      ? Buffer.alloc(header.clusterBytes)
      : await quiet(offset, header.clusterBytes);
  }
  const { offset, length } = compressedRange(high, low, header.clusterBits);
  const most = Math.min(length, 2 * header.clusterBytes, check.sizeBytes - offset);
  const data = header.compressionType === 0 && most > 0 ? await quiet(offset, most) : undefined;
  const cluster = data === undefined ? '' : inflateCluster(data, header.clusterBytes);
  return typeof cluster === 'string' ? undefined : cluster;
}
