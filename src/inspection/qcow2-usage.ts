import type { ImageCheck } from './image-check.ts';
import type { Qcow2Header } from './qcow2-header.ts';
import { readBig64 } from './image-check.ts';

/** What a host cluster is used for. */
export type ClusterUse = 'metadata' | 'data' | 'compressed data';

const USES: readonly ClusterUse[] = ['metadata', 'data', 'compressed data'];

/** Most host clusters that are counted one by one: 512 GiB of file at 64 KiB. */
const MOST_CLUSTERS = 8 * 1024 * 1024;

/** Uses of every cluster of a qcow2 file: as the file counts them, and as its tables really are. */
export class ClusterUsage {
  readonly #check: ImageCheck;
  readonly #clusterBytes: number;
  /** As the refcount blocks say; the highest value stands for itself and all above. */
  readonly #stated: Uint16Array;
  readonly #counted: Uint16Array;
  /** Index into USES plus one. */
  readonly #uses: Uint8Array;

  private constructor(clusters: number, header: Qcow2Header, check: ImageCheck) {
    this.#check = check;
    this.#clusterBytes = header.clusterBytes;
    this.#stated = new Uint16Array(clusters);
    this.#counted = new Uint16Array(clusters);
    this.#uses = new Uint8Array(clusters);
  }

  /** Prepares the count for a file; undefined, with a fault, when it has too many clusters. */
  static open(header: Qcow2Header, check: ImageCheck): ClusterUsage | undefined {
    const clusters = Math.ceil(check.sizeBytes / header.clusterBytes);
    if (clusters <= MOST_CLUSTERS) return new ClusterUsage(clusters, header, check);
    check.damage(
      20,
      'cluster_bits',
      `give ${clusters} clusters, more than the ${MOST_CLUSTERS} that are counted`,
    );
    return undefined;
  }

  /** Number of clusters of the file. */
  get clusters(): number {
    return this.#stated.length;
  }

  /** Whether the file says that exactly one table entry uses the cluster at a byte. */
  isUsedOnce(offset: number): boolean {
    return this.#stated[Math.floor(offset / this.#clusterBytes)] === 1;
  }

  /** Keeps what a refcount block says; a fault for clusters outside the file that are in use. */
  state(cluster: number, count: number, at: number): void {
    if (cluster < this.#stated.length) this.#stated[cluster] = Math.min(count, 0xffff);
    else if (count > 0)
      this.#check.damage(at, 'refcount', `of cluster ${cluster}, outside the file, is ${count}`);
  }

  /**
   * Counts a use of every cluster that a range touches. Whole clusters are for one use only, unless `shared`, as between
   * snapshots; compressed data may share them with its like. Returns whether the range lies within the file.
   */
  use(
    range: { offset: number; length: number },
    use: ClusterUse,
    by: { at: number; field: string; shared?: boolean },
  ): boolean {
    const first = Math.floor(range.offset / this.#clusterBytes);
    const last = Math.floor((range.offset + range.length - 1) / this.#clusterBytes);
    if (last >= this.#stated.length) {
      this.#check.damage(by.at, by.field, `points at offset ${range.offset}, outside the file`);
      return false;
    }
    for (let cluster = first; cluster <= last; cluster += 1) {
      const before = USES[(this.#uses[cluster] ?? 0) - 1];
      const alike = before === 'compressed data' && use === 'compressed data';
      if (before !== undefined && !alike && !(by.shared === true && before === use)) {
        this.#check.damage(
          by.at,
          by.field,
          `uses the cluster at ${cluster * this.#clusterBytes}, which is ${before} already`,
        );
      }
      this.#uses[cluster] = USES.indexOf(use) + 1;
      this.#counted[cluster] = Math.min((this.#counted[cluster] ?? 0) + 1, 0xffff);
    }
    return true;
  }

  /** Compares both counts. @param complete whether every user was counted, so that clusters without one are lost */
  compare(complete: boolean): void {
    for (let cluster = 0; cluster < this.#stated.length; cluster += 1) {
      const [stated, counted] = [this.#stated[cluster] ?? 0, this.#counted[cluster] ?? 0];
      const offset = cluster * this.#clusterBytes;
      const message = `is ${stated}, but ${counted} entries use it`;
      if (stated < counted) this.#check.damage(offset, `refcount of cluster ${cluster}`, message);
      else if (stated > counted && complete) {
        this.#check.breach(offset, `refcount of cluster ${cluster}`, message);
      }
    }
  }
}

/** Reads all refcounts of the file into `usage`. */
export async function readRefcounts(
  header: Qcow2Header,
  usage: ClusterUsage,
  check: ImageCheck,
): Promise<void> {
  const { clusterBytes, refcountTableOffset: offset } = header;
  const length = header.refcountTableClusters * clusterBytes;
  usage.use({ offset, length }, 'metadata', { at: 48, field: 'refcount table' });
  const perBlock = (clusterBytes * 8) / header.refcountBits;
  const seen = new Set<number>();
  let index = 0;
  for await (const piece of check.pieces(offset, length, 'refcount table')) {
    for (let at = 0; at + 8 <= piece.data.length; at += 8, index += 1) {
      const block = readBig64(piece.data, at);
      if (block === 0) continue;
      const place = { at: piece.offset + at, field: `refcount block ${index}` };
      if (block % clusterBytes !== 0 || seen.has(block)) {
        check.damage(place.at, place.field, `at ${block} is no cluster of its own`);
        continue;
      }
      seen.add(block);
      if (!usage.use({ offset: block, length: clusterBytes }, 'metadata', place)) continue;
      const bytes = await check.read(block, clusterBytes, place.field);
      if (bytes) stateCounts(bytes, { first: index * perBlock, block, bits: header.refcountBits }, usage);
    }
  }
}

function stateCounts(
  bytes: Buffer,
  of: { first: number; block: number; bits: number },
  usage: ClusterUsage,
): void {
  const counts = (bytes.length * 8) / of.bits;
  for (let index = 0; index < counts; index += 1) {
    const count = readCount(bytes, index, of.bits);
    if (count > 0 || of.first + index < usage.clusters) {
      usage.state(of.first + index, count, of.block + Math.floor((index * of.bits) / 8));
    }
  }
}

/** A counter; those of less than a byte begin at the lowest bit. */
function readCount(bytes: Buffer, index: number, bits: number): number {
  if (bits === 64) return readBig64(bytes, index * 8);
  if (bits >= 8) return bytes.readUIntBE((index * bits) / 8, bits / 8);
  const at = index * bits;
  return ((bytes[at >> 3] ?? 0) >> (at & 7)) & (2 ** bits - 1);
}
