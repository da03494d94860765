import type { FilePiece } from './file-piece.ts';
import {
  BLOCK_BYTES,
  FOOTER_BYTES,
  renderBatmapHeader,
  renderDynamicHeader,
  renderFooter,
  SECTOR_BYTES,
  setBit,
  TABLE_OFFSET,
  type VhdFooter,
} from './vhd-layout.ts';
import { dataRuns } from './zero-units.ts';

/** Turns the blocks of a disk into what a VHD file holds; the caller moves the data. */
export interface VhdWriter {
  /**
   * What the file holds of one block, without its zeros. Blocks come in ascending order; those of zeros may be left
   * out. The pieces are parts of `data`, or valid until the next call.
   * @param data all of the block, zeros past the end of the disk
   */
  readonly addBlock: (block: number, data: Buffer) => Iterable<FilePiece>;
  /** Everything else; the footer comes last and ends the file. */
  readonly metadata: () => Iterable<FilePiece>;
}

/** A fixed VHD: the raw disk and a footer. */
export function fixedVhdWriter(footer: Omit<VhdFooter, 'kind'>): VhdWriter {
  return {
    *addBlock(block, data) {
      for (const { start, end } of dataRuns(data)) {
        yield { offset: block * BLOCK_BYTES + start, data: data.subarray(start, end) };
      }
    },
    *metadata() {
      yield { offset: footer.virtualSizeBytes, data: renderFooter({ ...footer, kind: 'fixed' }) };
    },
  };
}

/** How a dynamic VHD is laid out. */
export interface DynamicVhd extends Omit<VhdFooter, 'kind'> {
  /** Whether a map of the blocks that are full follows the table of blocks. */
  readonly batmap: boolean;
}

/** A block's map of its sectors, in bytes: one bit each. */
const BITMAP_BYTES = BLOCK_BYTES / SECTOR_BYTES / 8;
/** Data begins at multiples of this, as libvhd has it: readers that bypass the page cache ask for whole pages. */
const PAGE_BYTES = 4096;
/** From one block to the next: the data, and a page that ends with the map. */
const STRIDE_BYTES = PAGE_BYTES + BLOCK_BYTES;

/**
 * A dynamic VHD: footer copy, header, table of blocks, batmap, blocks in the order of the disk, footer.
 * Memory: 4 bytes per block of the disk.
 */
export class DynamicVhdWriter implements VhdWriter {
  readonly #footer: VhdFooter;
  readonly #blocks: number;
  /** What stands between the header and the blocks. */
  readonly #table: Buffer;
  readonly #batmap: Buffer | undefined;
  /** Blocks from here on stay out of the batmap. */
  readonly #batmapEnd: number;
  readonly #bitmap = Buffer.alloc(BITMAP_BYTES);
  readonly #firstData: number;
  #used = 0;
  #next = 0;

  constructor({ batmap, ...footer }: DynamicVhd) {
    this.#footer = { ...footer, kind: 'dynamic' };
    this.#blocks = Math.ceil(footer.virtualSizeBytes / BLOCK_BYTES);
    this.#table = Buffer.alloc(wholeSectors(this.#blocks * 4), 0xff);
    if (batmap) this.#batmap = Buffer.alloc(wholeSectors(Math.ceil(this.#blocks / 8)));
    this.#batmapEnd = batmapEnd(footer.virtualSizeBytes);
    this.#firstData = Math.ceil((this.#headersEnd + BITMAP_BYTES) / PAGE_BYTES) * PAGE_BYTES;
  }

  *addBlock(block: number, data: Buffer): Generator<FilePiece> {
    if (block < this.#next || block >= this.#blocks || data.length !== BLOCK_BYTES)
      throw new Error('blocks come whole and in ascending order');
    this.#next = block + 1;
    this.#bitmap.fill(0);
    const offset = this.#firstData + this.#used * STRIDE_BYTES;
    let dataBytes = 0;
    for (const { start, end } of dataRuns(data)) {
      yield { offset: offset + start, data: data.subarray(start, end) };
      this.#bitmap.fill(0xff, start / SECTOR_BYTES / 8, end / SECTOR_BYTES / 8);
      dataBytes += end - start;
    }
    if (dataBytes === 0) return;
    yield { offset: offset - BITMAP_BYTES, data: this.#bitmap };
    this.#used += 1;
    this.#table.writeUInt32BE((offset - BITMAP_BYTES) / SECTOR_BYTES, block * 4);
    if (this.#batmap && dataBytes === BLOCK_BYTES && block < this.#batmapEnd) setBit(this.#batmap, block);
  }

  *metadata(): Generator<FilePiece> {
    const footer = renderFooter(this.#footer);
    yield { offset: TABLE_OFFSET, data: this.#table };
    if (this.#batmap) {
      const offset = TABLE_OFFSET + this.#table.length;
      yield { offset, data: renderBatmapHeader(offset + SECTOR_BYTES, this.#batmap) };
      yield { offset: offset + SECTOR_BYTES, data: this.#batmap };
    }
    yield { offset: FOOTER_BYTES, data: renderDynamicHeader(this.#blocks) };
    yield { offset: 0, data: footer };
    yield { offset: this.#dataEnd, data: footer };
  }

  get #headersEnd(): number {
    return TABLE_OFFSET + this.#table.length + (this.#batmap ? SECTOR_BYTES + this.#batmap.length : 0);
  }

  get #dataEnd(): number {
    if (this.#used === 0) return this.#headersEnd;
    return this.#firstData + (this.#used - 1) * STRIDE_BYTES + BLOCK_BYTES;
  }
}

function wholeSectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

/**
 * libvhd computes a batmap's checksum over fewer sectors than the map has, where the disk's last blocks are the first
 * of a sector of the map (`vhd_checksum_batmap` rounds down). Those blocks are not entered, so that the sum is the same
 * with and without them; it costs a reader of these blocks a look at their own maps.
 */
function batmapEnd(virtualSizeBytes: number): number {
  const bytes = Math.floor(virtualSizeBytes / BLOCK_BYTES / 8);
  return Math.max(SECTOR_BYTES, wholeSectors(bytes)) * 8;
}
