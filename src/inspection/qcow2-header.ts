import { firstNonZero, readBig64, type ImageCheck } from './image-check.ts';
import type { ImageReference } from './image-report.ts';

/** What a qcow2 says of itself. Source of all places: QEMU's docs/interop/qcow2. */
export interface Qcow2Header {
  readonly version: number;
  readonly clusterBytes: number;
  readonly clusterBits: number;
  readonly virtualSizeBytes: number;
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
  readonly refcountBits: number;
  readonly snapshotCount: number;
  readonly snapshotsOffset: number;
  readonly encryption: number;
  readonly incompatible: ReadonlySet<number>;
  readonly compressionType: number;
  readonly features: readonly string[];
  readonly references: readonly ImageReference[];
}

/** Names of the feature bits. */
const INCOMPATIBLE: Readonly<Record<number, string>> = {
  0: 'dirty',
  1: 'corrupt',
  2: 'external data file',
  3: 'compression type',
  4: 'extended L2 entries',
};
const COMPATIBLE: Readonly<Record<number, string>> = { 0: 'lazy refcounts' };
const AUTOCLEAR: Readonly<Record<number, string>> = { 0: 'bitmaps', 1: 'raw external data' };

/** Incompatible feature: guest clusters are in another file. */
export const DATA_FILE_BIT = 2;
/** Incompatible feature: second-level entries of 16 bytes. */
export const EXTENDED_L2_BIT = 4;

/** Extensions by their type. */
const EXTENSIONS = { end: 0, backingFormat: 0xe2792aca, dataFile: 0x44415441 };

/** Largest first-level table that QEMU opens, in entries: 32 MiB. */
export const MOST_L1_ENTRIES = (32 * 1024 * 1024) / 8;
/** Largest refcount table that QEMU opens: 8 MiB. */
const MOST_REFCOUNT_TABLE_BYTES = 8 * 1024 * 1024;
/** Longest name of a backing file. */
const MOST_NAME_BYTES = 1023;
/** Bytes of the header of version 2, and the least of version 3. */
const HEADER_BYTES = { 2: 72, 3: 104 };

/** Reads and judges the first cluster; undefined when the tables cannot be read by it. */
export async function readQcow2Header(check: ImageCheck): Promise<Qcow2Header | undefined> {
  const start = await check.read(0, HEADER_BYTES[2], 'header');
  if (!start) return undefined;
  const [version, clusterBits] = [start.readUInt32BE(4), start.readUInt32BE(20)];
  if (version !== 2 && version !== 3) {
    check.damage(4, 'version', `is ${version}, not 2 or 3`);
    return undefined;
  }
  if (clusterBits < 9 || clusterBits > 21) {
    check.damage(20, 'cluster_bits', `is ${clusterBits}, not from 9 to 21`);
    return undefined;
  }
  const bytes = await check.read(0, Math.min(2 ** clusterBits, check.sizeBytes), 'header cluster');
  if (!bytes) return undefined;
  const length = version === 2 ? HEADER_BYTES[2] : headerLength(bytes, check);
  return length === undefined ? undefined : parseHeader(bytes, { version, clusterBits, length }, check);
}

function headerLength(bytes: Buffer, check: ImageCheck): number | undefined {
  const length = bytes.length < HEADER_BYTES[3] ? 0 : bytes.readUInt32BE(100);
  if (length >= HEADER_BYTES[3] && length % 8 === 0 && length <= bytes.length) return length;
  check.damage(100, 'header_length', `is ${length}, no multiple of 8 from 104 to ${bytes.length}`);
  return undefined;
}

interface HeaderFrame {
  readonly version: number;
  readonly clusterBits: number;
  readonly length: number;
}

function parseHeader(bytes: Buffer, frame: HeaderFrame, check: ImageCheck): Qcow2Header | undefined {
  const modern = frame.version === 3;
  const bits = (at: number): ReadonlySet<number> => (modern ? bitsOf(bytes, at) : new Set());
  const incompatible = bits(72);
  const order = modern ? bytes.readUInt32BE(96) : 4;
  const extensions = readExtensions(bytes, frame, check);
  const header = {
    version: frame.version,
    clusterBits: frame.clusterBits,
    clusterBytes: 2 ** frame.clusterBits,
    virtualSizeBytes: readBig64(bytes, 24),
    encryption: bytes.readUInt32BE(32),
    l1Entries: bytes.readUInt32BE(36),
    l1Offset: readBig64(bytes, 40),
    refcountTableOffset: readBig64(bytes, 48),
    refcountTableClusters: bytes.readUInt32BE(56),
    refcountBits: 2 ** order,
    snapshotCount: bytes.readUInt32BE(60),
    snapshotsOffset: readBig64(bytes, 64),
    incompatible,
    compressionType: modern && frame.length > 104 ? bytes.readUInt8(104) : 0,
    features: [
      ...featureNames(incompatible, INCOMPATIBLE, 'incompatible'),
      ...featureNames(bits(80), COMPATIBLE, 'compatible'),
      ...featureNames(bits(88), AUTOCLEAR, 'autoclear'),
    ],
    references: readReferences(bytes, { incompatible, extensions }, check),
  };
  checkFeatures(bytes, { ...frame, incompatible, compressionType: header.compressionType }, check);
  return isUsable(header, order, check) ? header : undefined;
}

function bitsOf(bytes: Buffer, at: number): ReadonlySet<number> {
  const set = new Set<number>();
  for (let bit = 0; bit < 64; bit += 1) {
    if (((bytes[at + 7 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0) set.add(bit);
  }
  return set;
}

function featureNames(
  bits: ReadonlySet<number>,
  names: Readonly<Record<number, string>>,
  kind: string,
): string[] {
  return Array.from(bits, (bit) => names[bit] ?? `unknown ${kind} bit ${bit}`);
}

function checkFeatures(
  bytes: Buffer,
  of: HeaderFrame & Pick<Qcow2Header, 'incompatible' | 'compressionType'>,
  check: ImageCheck,
): void {
  for (const bit of of.incompatible) {
    if (INCOMPATIBLE[bit] === undefined)
      check.damage(72, 'incompatible_features', `have the unknown bit ${bit}`);
  }
  if (of.incompatible.has(0)) check.breach(72, 'incompatible_features', 'call the image dirty');
  if (of.incompatible.has(1)) check.damage(72, 'incompatible_features', 'call the image corrupt');
  const stated = of.incompatible.has(3);
  if (stated !== of.compressionType > 0 || of.compressionType > 1) {
    check.damage(104, 'compression_type', `is ${of.compressionType}, which does not go with the features`);
  }
  if (of.version === 3) {
    const [known, reserved] = [bitsOf(bytes, 80), bitsOf(bytes, 88)];
    for (const bit of known)
      if (COMPATIBLE[bit] === undefined)
        check.breach(80, 'compatible_features', `have the unknown bit ${bit}`);
    for (const bit of reserved)
      if (AUTOCLEAR[bit] === undefined) check.breach(88, 'autoclear_features', `have the unknown bit ${bit}`);
    const dirty = firstNonZero(bytes.subarray(Math.min(105, of.length), of.length));
    if (dirty !== undefined) check.breach(105 + dirty, 'header padding', 'is not zero');
  }
  const encryption = bytes.readUInt32BE(32);
  if (encryption !== 0) check.breach(32, 'crypt_method', `is ${encryption}: the image is encrypted`);
}

/** Extensions by type, the known strings as text. */
function readExtensions(bytes: Buffer, frame: HeaderFrame, check: ImageCheck): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  const name = readBig64(bytes, 8);
  const end = name > 0 && name <= bytes.length ? name : bytes.length;
  for (let at = frame.length; at + 8 <= end;) {
    const [type, length] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
    if (type === EXTENSIONS.end) return found;
    if (at + 8 + length > end) {
      check.damage(
        at + 4,
        'header extension',
        `of type 0x${type.toString(16)} has ${length} bytes, past its area`,
      );
      return found;
    }
    if (found.has(type)) check.damage(at, 'header extension', `of type 0x${type.toString(16)} comes twice`);
    found.set(type, bytes.subarray(at + 8, at + 8 + length));
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return found;
}

function readReferences(
  bytes: Buffer,
  of: { incompatible: ReadonlySet<number>; extensions: ReadonlyMap<number, Buffer> },
  check: ImageCheck,
): ImageReference[] {
  const references: ImageReference[] = [];
  const [offset, size] = [readBig64(bytes, 8), bytes.readUInt32BE(16)];
  if (offset !== 0) {
    const inside = size > 0 && size <= MOST_NAME_BYTES && offset + size <= bytes.length;
    if (!inside)
      check.damage(8, 'backing_file_offset', `is ${offset}: no name of ${size} bytes in the first cluster`);
    const format = of.extensions.get(EXTENSIONS.backingFormat)?.toString('latin1');
    const name = inside ? bytes.toString('utf8', offset, offset + size) : '';
    references.push({ kind: 'backing file', name, ...(format === undefined ? {} : { format }) });
    check.breach(8, 'backing file', 'is set: the image is not whole without it');
    if (format === undefined)
      check.breach(8, 'backing file format', 'is not stated: a reader would have to guess it');
  }
  const dataFile = of.extensions.get(EXTENSIONS.dataFile)?.toString('utf8');
  if (of.incompatible.has(DATA_FILE_BIT) || dataFile !== undefined) {
    references.push({ kind: 'data file', name: dataFile ?? '', format: 'raw' });
    check.breach(72, 'external data file', 'is set: the data is elsewhere');
  }
  return references;
}

function isUsable(header: Qcow2Header, refcountOrder: number, check: ImageCheck): boolean {
  let usable = true;
  const refuse = (at: number, field: string, message: string): void => {
    check.damage(at, field, message);
    usable = false;
  };
  const { virtualSizeBytes: size, clusterBytes, l1Entries } = header;
  const misplaced = (offset: number): boolean => offset === 0 || offset % clusterBytes !== 0;
  if (size % 512 !== 0) check.damage(24, 'size', `is ${size}, no multiple of 512`);
  if (size > Number.MAX_SAFE_INTEGER) refuse(24, 'size', 'is above 8 PiB');
  const wanted = Math.ceil(size / clusterBytes / entriesOfL2(header));
  if (l1Entries > MOST_L1_ENTRIES || l1Entries < wanted) {
    refuse(36, 'l1_size', `is ${l1Entries}, not from ${wanted} to ${MOST_L1_ENTRIES}`);
  }
  if (misplaced(header.l1Offset) && l1Entries > 0)
    refuse(40, 'l1_table_offset', `is ${header.l1Offset}, no cluster's start`);
  if (misplaced(header.refcountTableOffset)) {
    refuse(48, 'refcount_table_offset', `is ${header.refcountTableOffset}, no cluster's start`);
  }
  const tableBytes = header.refcountTableClusters * clusterBytes;
  if (tableBytes === 0 || tableBytes > MOST_REFCOUNT_TABLE_BYTES) {
    refuse(56, 'refcount_table_clusters', `are ${header.refcountTableClusters}: ${tableBytes} bytes`);
  }
  if (refcountOrder > 6) refuse(96, 'refcount_order', `is ${refcountOrder}, above 6`);
  return usable;
}

/** Entries of one second-level table. */
export function entriesOfL2({
  clusterBytes,
  incompatible,
}: Pick<Qcow2Header, 'clusterBytes' | 'incompatible'>): number {
  return clusterBytes / (incompatible.has(EXTENDED_L2_BIT) ? 16 : 8);
}
