import type { FilePiece } from './file-piece.ts';
import {
  checkSectorNumber,
  GRAIN_BYTES,
  GRAIN_MARKER_BYTES,
  GRAIN_SECTORS,
  planVmdkLayout,
  renderVmdkHeader,
  TABLE_BYTES,
  TABLE_ENTRIES,
  VMDK_SECTOR_BYTES,
  writeGrainMarker,
  type VmdkLayout,
} from './vmdk-layout.ts';

/** Grains that follow one another in the disk, deflated. */
export interface DeflatedGrains {
  /** Number of the first one. */
  readonly first: number;
  /** Bytes of each; 0 for one that is all zeros and is left out. */
  readonly sizes: ArrayLike<number>;
  /** Their data without gaps: zlib streams (RFC 1950), whatever the specification says of RFC 1951. */
  readonly data: Uint8Array;
}

/**
 * Decides where everything in a stream-optimized VMDK goes; the caller moves the data. The order in the file is: header,
 * descriptor, grain directory, all grain tables, grains in the order of the disk, one end-of-stream marker, nothing.
 *
 * The specification draws another order, with tables among and after the grains and a footer; that is for a writer
 * that cannot go back. This is the order of VMware's own open-vmdk: every reader takes it (ESXi, ovftool, VirtualBox,
 * QEMU), those too that know nothing of footers, and who reads the file as a stream meets nothing but grains up to the
 * only sector of zeros. VMware's tools seem to hash no further than that sector: with anything behind it, such as
 * qemu-img's padding, they find a digest that is not the manifest's. A disk without any grain has the marker too:
 * without it ESXi refuses the disk (qemu issue 1357).
 *
 * Every grain is whole, also the last one of a disk that ends within it: VirtualBox takes no shorter one.
 *
 * Call {@link pack} with the grains in order, then {@link metadata}. Memory: 2 KiB for each 32 MiB of the disk that
 * hold data, and the largest piece that was packed.
 */
export class VmdkWriter {
  readonly layout: VmdkLayout;
  readonly #tables = new Map<number, Buffer>();
  #endSector: number;
  #grains = 0;
  #nextGrain = 0;
  #packed = Buffer.alloc(0);

  /**
   * Raises `E_VMDK_SIZE`.
   * @param virtualSizeBytes size of the disk that a guest sees, a multiple of 512
   */
  constructor(virtualSizeBytes: number) {
    this.layout = planVmdkLayout(virtualSizeBytes);
    this.#endSector = this.layout.firstGrainSector;
  }

  /** Where the next packed grains go, in bytes. */
  get end(): number {
    return this.#endSector * VMDK_SECTOR_BYTES;
  }

  /** Bytes of the disk that the grains so far hold. */
  get populatedBytes(): number {
    const lastGrain = Math.floor((this.layout.capacitySectors - 1) / GRAIN_SECTORS);
    const beyond = (lastGrain + 1) * GRAIN_BYTES - this.layout.capacitySectors * VMDK_SECTOR_BYTES;
    return this.#grains * GRAIN_BYTES - (this.#sectorOf(lastGrain) === 0 ? 0 : beyond);
  }

  /**
   * The bytes that go to {@link end} as it was before the call; valid until the next one.
   * Raises `E_VMDK_SIZE` when the file gets too large for its tables.
   */
  pack({ first, sizes, data }: DeflatedGrains): Buffer {
    if (first < this.#nextGrain) throw new Error('grains come in the order of the disk');
    this.#nextGrain = first + sizes.length;
    const output = this.#bufferFor(sizes);
    let [from, to] = [0, 0];
    for (let index = 0; index < sizes.length; index += 1) {
      const size = sizes[index] ?? 0;
      if (size === 0) continue;
      this.#place(first + index, this.#endSector + to / VMDK_SECTOR_BYTES);
      writeGrainMarker(output, to, { grain: first + index, size });
      const end = to + GRAIN_MARKER_BYTES + size;
      output.set(data.subarray(from, from + size), to + GRAIN_MARKER_BYTES);
      from += size;
      to += occupiedBytes(size);
      output.fill(0, end, to);
    }
    this.#endSector += to / VMDK_SECTOR_BYTES;
    return output.subarray(0, to);
  }

  /** The end-of-stream marker, which is the end of the file, tables, directory and, last, the header. */
  *metadata(descriptor: string): Generator<FilePiece> {
    const { firstTableSector, tables, directorySector } = this.layout;
    checkSectorNumber(this.#endSector);
    yield { offset: this.end, data: Buffer.alloc(VMDK_SECTOR_BYTES) };
    const directory = Buffer.alloc((firstTableSector - directorySector) * VMDK_SECTOR_BYTES);
    for (let index = 0; index < tables; index += 1) {
      const sector = firstTableSector + (index * TABLE_BYTES) / VMDK_SECTOR_BYTES;
      directory.writeUInt32LE(sector, index * 4);
      const table = this.#tables.get(index);
      if (table) yield { offset: sector * VMDK_SECTOR_BYTES, data: table };
    }
    yield { offset: directorySector * VMDK_SECTOR_BYTES, data: directory };
    yield { offset: 0, data: renderVmdkHeader(this.layout, descriptor) };
  }

  #place(grain: number, sector: number): void {
    checkSectorNumber(sector);
    const index = Math.floor(grain / TABLE_ENTRIES);
    let table = this.#tables.get(index);
    if (!table) this.#tables.set(index, (table = Buffer.alloc(TABLE_BYTES)));
    table.writeUInt32LE(sector, (grain % TABLE_ENTRIES) * 4);
    this.#grains += 1;
  }

  #sectorOf(grain: number): number {
    const table = this.#tables.get(Math.floor(grain / TABLE_ENTRIES));
    return table?.readUInt32LE((grain % TABLE_ENTRIES) * 4) ?? 0;
  }

  #bufferFor(sizes: ArrayLike<number>): Buffer {
    let needed = 0;
    for (let index = 0; index < sizes.length; index += 1) needed += occupiedBytes(sizes[index] ?? 0);
    if (this.#packed.length < needed) this.#packed = Buffer.alloc(needed);
    return this.#packed;
  }
}

/** What a grain takes in the file: its marker, its data and zeros up to the next sector. */
function occupiedBytes(size: number): number {
  return size === 0 ? 0 : Math.ceil((GRAIN_MARKER_BYTES + size) / VMDK_SECTOR_BYTES) * VMDK_SECTOR_BYTES;
}
