import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../errors/failure.ts';
import { MIB } from '../values/byte-size.ts';
import { crc32c } from './crc32c.ts';

/** Numbers and records of the VHDX format. Source: Microsoft's [MS-VHDX], version 2.0 and later. */

/** What precedes the log and the regions, as far as it is used: identifier, two headers, two region tables. */
export const FRONT_BYTES = 320 * 1024;

/** Places of the two headers; the one with the higher sequence number counts. */
export const HEADER_OFFSETS = [64 * 1024, 128 * 1024] as const;

/** What a header's checksum covers. */
export const HEADER_BYTES = 4096;

const TABLE_OFFSETS = [192 * 1024, 256 * 1024] as const;
const TABLE_BYTES = 64 * 1024;

/** Length of the log, in bytes: the least that there is, and enough for a disk that is written once. */
export const LOG_BYTES = MIB;

/** Where a record keeps its CRC-32C, computed with zeros in its place: both headers and both region tables. */
const CHECKSUM_AT = 4;

/** GUIDs of the two regions, as they stand in a file. */
const REGIONS = {
  blockTable: '6677c22d23f600429d64115e9bfd4a08',
  metadata: '06a27c8b90479a4bb8fe575f050f886e',
};

/** GUIDs of the items that every disk has, as they stand in a file, and their lengths in bytes. */
const ITEMS = {
  fileParameters: { id: '3767a1ca36fa434db3b633f0aa44e76b', length: 8 },
  virtualSize: { id: '2442a52f1bcd7648b2115dbed83bf4b8', length: 8 },
  page83: { id: 'ab12cabee6b2234593efc309e000c746', length: 16 },
  logicalSector: { id: '1dbf41816fa90947ba47f233a8faab5f', length: 4 },
  physicalSector: { id: 'c748a3cd5d4471449cc9e9885251c556', length: 4 },
};

/** A part of a file, in bytes. */
export interface VhdxRegion {
  readonly offset: number;
  readonly length: number;
}

/** Where the parts of a VHDX are. */
export interface VhdxFront {
  readonly log: VhdxRegion;
  readonly metadata: VhdxRegion;
}

/** What is wrong with a file that qemu-img wrote. */
export function unexpectedVhdx(offset: number, field: string, found: string): Failure {
  return new Failure(
    'command',
    'E_VHDX_UNEXPECTED',
    `qemu-img wrote a VHDX that is not as expected: byte ${offset}, ${field}: found ${found}`,
    { evidence: { offset, field, found } },
  );
}

/**
 * Reads the front of a closed, dynamic VHDX, and checks all of it that matters.
 * Raises `E_VHDX_UNEXPECTED`.
 * @param front the first {@link FRONT_BYTES}
 * @param sizeBytes of the file
 */
export function parseFront(front: Buffer, sizeBytes: number): VhdxFront {
  expectText(front, 0, 'vhdxfile');
  const [log, logAgain] = HEADER_OFFSETS.map((offset) => parseHeader(front, offset));
  const [regions, regionsAgain] = TABLE_OFFSETS.map((offset) => parseRegions(front, offset));
  if (!log || !regions) throw new Error('a list of two is empty');
  if (!isDeepStrictEqual(log, logAgain))
    throw unexpectedVhdx(HEADER_OFFSETS[1], 'place of the log', 'another than in the first header');
  if (!isDeepStrictEqual(regions, regionsAgain))
    throw unexpectedVhdx(TABLE_OFFSETS[1], 'region table', 'another than the first');
  checkPlaces([log, regions.blockTable, regions.metadata], sizeBytes);
  return { log, metadata: regions.metadata };
}

function parseHeader(front: Buffer, at: number): VhdxRegion {
  expectText(front, at, 'head');
  expectChecksum(front, at, HEADER_BYTES);
  const logGuid = front.toString('hex', at + 48, at + 64);
  if (logGuid !== '0'.repeat(32))
    throw unexpectedVhdx(at + 48, 'log GUID', `${logGuid}: changes are pending`);
  expectNumber(front.readUInt16LE(at + 64), 0, at + 64, 'log version');
  expectNumber(front.readUInt16LE(at + 66), 1, at + 66, 'version');
  expectNumber(front.readUInt32LE(at + 68), LOG_BYTES, at + 68, 'length of the log');
  return { length: LOG_BYTES, offset: Number(front.readBigUInt64LE(at + 72)) };
}

function parseRegions(front: Buffer, at: number): Record<keyof typeof REGIONS, VhdxRegion> {
  expectText(front, at, 'regi');
  expectChecksum(front, at, TABLE_BYTES);
  expectNumber(front.readUInt32LE(at + 8), 2, at + 8, 'number of regions');
  const found = new Map<string, VhdxRegion>();
  for (const entry of [at + 16, at + 48]) {
    const offset = Number(front.readBigUInt64LE(entry + 16));
    found.set(front.toString('hex', entry, entry + 16), { offset, length: front.readUInt32LE(entry + 24) });
  }
  const [blockTable, metadata] = [found.get(REGIONS.blockTable), found.get(REGIONS.metadata)];
  if (!blockTable || !metadata)
    throw unexpectedVhdx(at + 16, 'regions', Array.from(found.keys()).join(' and '));
  return { blockTable, metadata };
}

/** Parts are whole MiB, inside the file behind its front, and apart from each other. */
function checkPlaces(regions: readonly VhdxRegion[], sizeBytes: number): void {
  let end = MIB;
  for (const { offset, length } of regions.toSorted((a, b) => a.offset - b.offset)) {
    const whole = offset % MIB === 0 && length % MIB === 0 && length > 0;
    if (!whole || offset < end || offset + length > sizeBytes)
      throw unexpectedVhdx(offset, 'region', `${length} bytes where ${end} to ${sizeBytes} are free`);
    end = offset + length;
  }
}

/** The part of a metadata region that is read: the table, and behind it the items. */
export const METADATA_BYTES = 128 * 1024;

/** The disk that a file should hold. */
export interface VhdxDisk {
  readonly virtualSizeBytes: number;
  readonly blockBytes: number;
}

/**
 * Checks the metadata of a dynamic disk without a parent and with sectors of 512 bytes, and gives the place in the file
 * of the identifier that a guest sees (SCSI inquiry page 0x83).
 *
 * Raises `E_VHDX_UNEXPECTED`.
 * @param region its first {@link METADATA_BYTES}
 * @param start of the region in the file
 */
export function findPage83(region: Buffer, start: number, disk: VhdxDisk): number {
  expectText(region, 0, 'metadata', start);
  expectNumber(region.readUInt16LE(10), Object.keys(ITEMS).length, start + 10, 'number of metadata');
  const parameters = findItem(region, start, 'fileParameters');
  expectNumber(region.readUInt32LE(parameters), disk.blockBytes, start + parameters, 'block size');
  expectNumber(region.readUInt32LE(parameters + 4), 0, start + parameters + 4, 'parameters (fixed, parent)');
  const size = findItem(region, start, 'virtualSize');
  expectNumber(Number(region.readBigUInt64LE(size)), disk.virtualSizeBytes, start + size, 'virtual size');
  const sector = findItem(region, start, 'logicalSector');
  expectNumber(region.readUInt32LE(sector), 512, start + sector, 'bytes in a sector');
  findItem(region, start, 'physicalSector');
  return start + findItem(region, start, 'page83');
}

/** The place of an item in the region. */
function findItem(region: Buffer, start: number, name: keyof typeof ITEMS): number {
  const { id, length } = ITEMS[name];
  for (let entry = 32; entry < 32 * (1 + Object.keys(ITEMS).length); entry += 32) {
    if (region.toString('hex', entry, entry + 16) !== id) continue;
    const offset = region.readUInt32LE(entry + 16);
    expectNumber(region.readUInt32LE(entry + 20), length, start + entry + 20, `length of ${name}`);
    if (offset < TABLE_BYTES || offset + length > METADATA_BYTES)
      throw unexpectedVhdx(start + entry + 16, `place of ${name}`, String(offset));
    return offset;
  }
  throw unexpectedVhdx(start + 32, 'metadata', `no ${name}`);
}

/** A record's checksum, as it belongs into its field. */
export function recordChecksum(record: Uint8Array): number {
  const bytes = Buffer.from(record);
  bytes.writeUInt32LE(0, CHECKSUM_AT);
  return crc32c(bytes);
}

/** Puts a record's checksum in its place. */
export function sealRecord(record: Buffer): void {
  record.writeUInt32LE(recordChecksum(record), CHECKSUM_AT);
}

function expectChecksum(front: Buffer, at: number, length: number): void {
  const record = front.subarray(at, at + length);
  const wanted = recordChecksum(record);
  expectNumber(record.readUInt32LE(CHECKSUM_AT), wanted, at + CHECKSUM_AT, 'checksum');
}

function expectText(bytes: Buffer, at: number, text: string, start = 0): void {
  const found = bytes.toString('latin1', at, at + text.length);
  if (found !== text)
    throw unexpectedVhdx(start + at, 'signature', `${JSON.stringify(found)} instead of ${text}`);
}

function expectNumber(found: number, wanted: number, at: number, field: string): void {
  if (found !== wanted) throw unexpectedVhdx(at, field, `${found} instead of ${wanted}`);
}
