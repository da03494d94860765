/**
 * Numbers and records of the qcow2 format, versions 2 and 3, for clusters of 64 KiB.
 * Source: QEMU's format description, docs/interop/qcow2.
 */

/** Unit of allocation, in bytes: qemu-img's own default. */
export const CLUSTER_BYTES = 65536;

/** Exponent of {@link CLUSTER_BYTES}. */
const CLUSTER_BITS = 16;

/** Clusters that one second-level table maps: entries of 8 bytes. */
export const L2_ENTRIES = CLUSTER_BYTES / 8;

/** Host clusters that one refcount block counts: 16 bits each. */
export const REFCOUNTS_PER_BLOCK = CLUSTER_BYTES / 2;

/** Compressed data is addressed to the byte, but its length is counted in sectors of this many bytes. */
export const SECTOR_BYTES = 512;

/**
 * Settings of raw deflate that every QEMU can read: its reader has a window of 2^12 bytes
 * (`inflateInit2` with -12 in block/qcow2-threads.c).
 */
export const DEFLATE_WINDOW_BITS = 12;

/** Which QEMUs can open the file: `0.10` all (version 2), `1.1` those since 2012 (version 3). */
export type Qcow2Compat = '0.10' | '1.1';

/** What a header says. Places in bytes. */
export interface Qcow2Header {
  readonly compat: Qcow2Compat;
  readonly virtualSizeBytes: number;
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
}

const VERSION_3_HEADER_BYTES = 104;
const REFCOUNT_ORDER_16_BITS = 4;

/** The file's first cluster. No extensions, no features: the zeros after the header end the list of extensions. */
export function renderHeader(header: Qcow2Header): Buffer {
  const bytes = Buffer.alloc(CLUSTER_BYTES);
  bytes.write('QFI\xfb', 0, 'latin1');
  bytes.writeUInt32BE(header.compat === '0.10' ? 2 : 3, 4);
  bytes.writeUInt32BE(CLUSTER_BITS, 20);
  writeOffset(bytes, header.virtualSizeBytes, 24);
  bytes.writeUInt32BE(header.l1Entries, 36);
  writeOffset(bytes, header.l1Offset, 40);
  writeOffset(bytes, header.refcountTableOffset, 48);
  bytes.writeUInt32BE(header.refcountTableClusters, 56);
  if (header.compat === '1.1') {
    bytes.writeUInt32BE(REFCOUNT_ORDER_16_BITS, 96);
    bytes.writeUInt32BE(VERSION_3_HEADER_BYTES, 100);
  }
  return bytes;
}

/** Bit 63: exactly one reference, so that a writer may change the cluster in place. */
const COPIED = 2 ** 31;
/** Bit 62: the cluster is compressed. */
const COMPRESSED = 2 ** 30;
/** Bits 54 and up count the sectors after the first; 54 = 62 - (16 - 8). */
const SECTORS_UNIT = 2 ** 22;

/** Writes an entry for a table or an uncompressed cluster at `offset`, used once. */
export function writePlainEntry(table: Buffer, index: number, offset: number): void {
  table.writeUInt32BE(COPIED + Math.floor(offset / 2 ** 32), index * 8);
  table.writeUInt32BE(offset % 2 ** 32, index * 8 + 4);
}

/** Writes an entry for compressed data of `sizeBytes` at byte `offset`. */
export function writeCompressedEntry(table: Buffer, index: number, offset: number, sizeBytes: number): void {
  const more = Math.floor((offset + sizeBytes - 1) / SECTOR_BYTES) - Math.floor(offset / SECTOR_BYTES);
  table.writeUInt32BE(COMPRESSED + more * SECTORS_UNIT + Math.floor(offset / 2 ** 32), index * 8);
  table.writeUInt32BE(offset % 2 ** 32, index * 8 + 4);
}

/** Writes an unsigned number of up to 53 bits as 64 bits, most significant byte first. */
export function writeOffset(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  bytes.writeUInt32BE(value % 2 ** 32, at + 4);
}
