import type { FilePiece } from './file-piece.ts';
import {
  CLUSTER_BYTES,
  L2_ENTRIES,
  REFCOUNTS_PER_BLOCK,
  renderHeader,
  writeCompressedEntry,
  writeOffset,
  writePlainEntry,
  type Qcow2Compat,
} from './qcow2-layout.ts';

/** Where a guest cluster went; `sizeBytes` is undefined for one that is stored as it is. */
interface Placed {
  readonly cluster: number;
  readonly offset: number;
  readonly sizeBytes: number | undefined;
}

/**
 * Decides where everything in a qcow2 file goes; the caller moves the data. The order in the file is: header,
 * compressed data packed byte to byte, clusters that do not compress, second-level tables, first-level table,
 * refcounts. So nothing is lost to alignment inside the data, and the same input gives the same file.
 *
 * Call {@link placeCompressed} and {@link placePlain} for each cluster that holds data, then {@link metadata}.
 * Memory: some 50 bytes per cluster of data.
 */
export class Qcow2Writer {
  readonly #virtualSizeBytes: number;
  readonly #compat: Qcow2Compat;
  readonly #placed: Placed[] = [];
  /** Users of each host cluster; the first belongs to the header. */
  readonly #refcounts: number[] = [1];
  #end = CLUSTER_BYTES;
  #plainBegun = false;

  /** @param virtualSizeBytes size of the disk that a guest sees, a multiple of 512 */
  constructor(virtualSizeBytes: number, compat: Qcow2Compat) {
    this.#virtualSizeBytes = virtualSizeBytes;
    this.#compat = compat;
  }

  /** Where the next placed data goes, in bytes. */
  get end(): number {
    return this.#end;
  }

  /** Gives compressed data of a guest cluster the next place. All of these come before any plain cluster. */
  placeCompressed(cluster: number, sizeBytes: number): void {
    if (this.#plainBegun || sizeBytes >= CLUSTER_BYTES)
      throw new Error('compressed data is small and comes first');
    this.#placed.push({ cluster, offset: this.#end, sizeBytes });
    const last = Math.floor((this.#end + sizeBytes - 1) / CLUSTER_BYTES);
    for (let host = Math.floor(this.#end / CLUSTER_BYTES); host <= last; host += 1) {
      this.#refcounts[host] = (this.#refcounts[host] ?? 0) + 1;
    }
    this.#end += sizeBytes;
  }

  /** Gives a guest cluster that is stored as it is the next whole cluster, and returns its place. */
  placePlain(cluster: number): number {
    this.#plainBegun = true;
    const offset = this.#allocate(1);
    this.#placed.push({ cluster, offset, sizeBytes: undefined });
    return offset;
  }

  /** All tables and, last, the header. The end of the last piece but one is the end of the file. */
  *metadata(): Generator<FilePiece> {
    const l1Entries = Math.max(1, Math.ceil(this.#virtualSizeBytes / CLUSTER_BYTES / L2_ENTRIES));
    const l1 = Buffer.alloc(Math.ceil((l1Entries * 8) / CLUSTER_BYTES) * CLUSTER_BYTES);
    for (const [index, table] of this.#l2Tables()) {
      const offset = this.#allocate(1);
      writePlainEntry(l1, index, offset);
      yield { offset, data: table };
    }
    const l1Offset = this.#allocate(l1.length / CLUSTER_BYTES);
    yield { offset: l1Offset, data: l1 };
    const refcounts = this.#refcountStructures();
    yield* refcounts.pieces;
    const header = renderHeader({
      compat: this.#compat,
      virtualSizeBytes: this.#virtualSizeBytes,
      l1Entries,
      l1Offset,
      refcountTableOffset: refcounts.tableOffset,
      refcountTableClusters: refcounts.tableClusters,
    });
    yield { offset: 0, data: header };
  }

  /** Tables in guest order, one in memory at a time. */
  *#l2Tables(): Generator<readonly [number, Buffer]> {
    let open: readonly [number, Buffer] | undefined;
    for (const { cluster, offset, sizeBytes } of this.#placed.toSorted((a, b) => a.cluster - b.cluster)) {
      const index = Math.floor(cluster / L2_ENTRIES);
      if (open?.[0] !== index) {
        if (open) yield open;
        open = [index, Buffer.alloc(CLUSTER_BYTES)];
      }
      if (sizeBytes === undefined) writePlainEntry(open[1], cluster % L2_ENTRIES, offset);
      else writeCompressedEntry(open[1], cluster % L2_ENTRIES, offset, sizeBytes);
    }
    if (open) yield open;
  }

  /** The refcount table and its blocks, which count themselves too. */
  #refcountStructures(): { pieces: FilePiece[]; tableOffset: number; tableClusters: number } {
    const used = this.#refcounts.length;
    let [blocks, tableClusters] = [0, 0];
    for (
      let wanted = 1;
      wanted > blocks;
      wanted = Math.ceil((used + blocks + tableClusters) / REFCOUNTS_PER_BLOCK)
    ) {
      blocks = wanted;
      tableClusters = Math.ceil((blocks * 8) / CLUSTER_BYTES);
    }
    const table = Buffer.alloc(tableClusters * CLUSTER_BYTES);
    const tableOffset = this.#allocate(tableClusters);
    const blocksOffset = this.#allocate(blocks);
    const counts = Buffer.alloc(blocks * CLUSTER_BYTES);
    for (const [host, count] of this.#refcounts.entries()) counts.writeUInt16BE(count, host * 2);
    for (let block = 0; block < blocks; block += 1) {
      writeOffset(table, blocksOffset + block * CLUSTER_BYTES, block * 8);
    }
    const pieces = [
      { offset: tableOffset, data: table },
      { offset: blocksOffset, data: counts },
    ];
    return { pieces, tableOffset, tableClusters };
  }

  /** Takes whole host clusters, each used once, from the next boundary on. */
  #allocate(clusters: number): number {
    const offset = this.#refcounts.length * CLUSTER_BYTES;
    for (let index = 0; index < clusters; index += 1) this.#refcounts.push(1);
    this.#end = offset + clusters * CLUSTER_BYTES;
    return offset;
  }
}
