import { deflateRawSync } from 'node:zlib';

/** A qcow2 of version 3 to be made, with clusters of 4 KiB, apart from every writer and checker of `src`. */
export interface SampleQcow2 {
  readonly backing?: { readonly name: string; readonly format?: string };
  readonly dataFile?: string;
  readonly incompatible?: number;
}

const CLUSTER = 4096;
/** Clusters of a sample by what is in them; the disk has 64, of which 0 and 5 are stored and 9 is compressed. */
export const QCOW2_PLACES = {
  header: 0,
  refcountTable: 1,
  refcountBlock: 2,
  l1: 3,
  l2: 4,
  first: 5,
  compressed: 6,
  second: 7,
};

const COPIED = 1n << 63n;

function extension(type: number, data: string): Buffer {
  const bytes = Buffer.alloc(8 + Math.ceil(data.length / 8) * 8);
  bytes.writeUInt32BE(type, 0);
  bytes.writeUInt32BE(data.length, 4);
  bytes.write(data, 8, 'latin1');
  return bytes;
}

function header(sample: SampleQcow2): Buffer {
  const bytes = Buffer.alloc(CLUSTER);
  bytes.write('QFI\xfb', 'latin1');
  bytes.writeUInt32BE(3, 4);
  bytes.writeUInt32BE(12, 20);
  bytes.writeBigUInt64BE(BigInt(64 * CLUSTER), 24);
  bytes.writeUInt32BE(1, 36);
  bytes.writeBigUInt64BE(BigInt(QCOW2_PLACES.l1 * CLUSTER), 40);
  bytes.writeBigUInt64BE(BigInt(QCOW2_PLACES.refcountTable * CLUSTER), 48);
  bytes.writeUInt32BE(1, 56);
  bytes.writeUInt32BE(sample.incompatible ?? (sample.dataFile === undefined ? 0 : 4), 76);
  bytes.writeUInt32BE(4, 96);
  bytes.writeUInt32BE(104, 100);
  const extensions = Buffer.concat([
    ...(sample.backing?.format === undefined ? [] : [extension(0xe2792aca, sample.backing.format)]),
    ...(sample.dataFile === undefined ? [] : [extension(0x44415441, sample.dataFile)]),
  ]);
  extensions.copy(bytes, 104);
  if (sample.backing) {
    bytes.writeBigUInt64BE(2048n, 8);
    bytes.writeUInt32BE(Buffer.byteLength(sample.backing.name), 16);
    bytes.write(sample.backing.name, 2048);
  }
  return bytes;
}

/** Such an image. */
export function sampleQcow2(sample: SampleQcow2 = {}): Buffer {
  const deflated = deflateRawSync(Buffer.alloc(CLUSTER, 'compressed '), { windowBits: 12 });
  const bytes = Buffer.alloc(8 * CLUSTER);
  header(sample).copy(bytes);
  const place = (cluster: number): bigint => BigInt(cluster * CLUSTER);
  bytes.writeBigUInt64BE(place(QCOW2_PLACES.refcountBlock), QCOW2_PLACES.refcountTable * CLUSTER);
  for (let cluster = 0; cluster < 8; cluster += 1) {
    bytes.writeUInt16BE(1, QCOW2_PLACES.refcountBlock * CLUSTER + cluster * 2);
  }
  bytes.writeBigUInt64BE(COPIED | place(QCOW2_PLACES.l2), QCOW2_PLACES.l1 * CLUSTER);
  const l2 = QCOW2_PLACES.l2 * CLUSTER;
  bytes.writeBigUInt64BE(COPIED | place(QCOW2_PLACES.first), l2);
  bytes.writeBigUInt64BE(COPIED | place(QCOW2_PLACES.second), l2 + 5 * 8);
  const sectors = BigInt(Math.ceil(deflated.length / 512) - 1);
  // 62 - (12 - 8) bits of offset.
  bytes.writeBigUInt64BE((1n << 62n) | (sectors << 58n) | place(QCOW2_PLACES.compressed), l2 + 9 * 8);
  bytes.fill('first ', QCOW2_PLACES.first * CLUSTER, QCOW2_PLACES.compressed * CLUSTER);
  bytes.fill('second', QCOW2_PLACES.second * CLUSTER);
  deflated.copy(bytes, QCOW2_PLACES.compressed * CLUSTER);
  return bytes;
}
