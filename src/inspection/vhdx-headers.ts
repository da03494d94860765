import { crc32c } from './crc32c.ts';
import { overlappingExtents } from './extents.ts';
import { firstNonZero, readLittle64, type ImageCheck } from './image-check.ts';

/** Unit of places and sizes of regions. Source of all numbers here: [MS-VHDX] 2.2. */
export const VHDX_ALIGNMENT = 1024 * 1024;

const KIB = 1024;
const HEADER_PLACES = [64 * KIB, 128 * KIB] as const;
const REGION_TABLE_PLACES = [192 * KIB, 256 * KIB] as const;
const HEADER_BYTES = 4 * KIB;
const REGION_TABLE_BYTES = 64 * KIB;
const MOST_REGIONS = 2047;

/** Regions that readers know ([MS-VHDX] 2.2.3.2). */
const REGIONS: Readonly<Record<string, 'bat' | 'metadata'>> = {
  '2dc27766-f623-4200-9d64-115e9bfd4a08': 'bat',
  '8b7ca206-4790-4b9a-b8fe-575f050f886e': 'metadata',
};

/** Where a region is. */
export interface VhdxRegion {
  readonly offset: number;
  readonly length: number;
}

/** What the fixed part of the file says. */
export interface VhdxFrame {
  readonly creator: string;
  readonly fileWriteId: string;
  readonly dataWriteId: string;
  readonly regions: Readonly<Partial<Record<'bat' | 'metadata', VhdxRegion>>>;
  readonly log: VhdxRegion;
}

/** A GUID as text; its first three fields lie least significant byte first. */
export function readGuid(bytes: Buffer, at: number): string {
  const one = bytes.readUInt32LE(at).toString(16).padStart(8, '0');
  const [two, three] = [4, 6].map((place) =>
    bytes
      .readUInt16LE(at + place)
      .toString(16)
      .padStart(4, '0'),
  );
  return `${one}-${two}-${three}-${bytes.toString('hex', at + 8, at + 10)}-${bytes.toString('hex', at + 10, at + 16)}`;
}

/** Reads and judges file identifier, headers and region tables; undefined when there is no usable header. */
export async function readVhdxFrame(check: ImageCheck): Promise<VhdxFrame | undefined> {
  const start = await check.read(0, 8 + 512, 'file type identifier');
  const creator = (start?.toString('utf16le', 8) ?? '').replace(/\0.*$/s, '').replace(/[^\x20-\x7e]/g, '?');
  const header = await readHeaders(check);
  const regions = await readRegionTables(check);
  if (!header || !regions) return undefined;
  const log = { offset: readLittle64(header.bytes, 72), length: header.bytes.readUInt32LE(68) };
  checkHeader(header, log, check);
  const named = Object.entries(regions).map(([name, region]) => ({ ...region, name: `${name} region` }));
  const all = [{ offset: 0, length: VHDX_ALIGNMENT, name: 'header area' }, { ...log, name: 'log' }, ...named];
  for (const [one, other] of overlappingExtents(all)) {
    check.damage(other.offset, other.name, `lies in the ${one.name} at ${one.offset}`);
  }
  const [fileWriteId, dataWriteId] = [readGuid(header.bytes, 16), readGuid(header.bytes, 32)];
  return { creator, fileWriteId, dataWriteId, regions, log };
}

interface VhdxHeader {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The valid header with the greater sequence number. */
async function readHeaders(check: ImageCheck): Promise<VhdxHeader | undefined> {
  let active: VhdxHeader | undefined;
  for (const offset of HEADER_PLACES) {
    const bytes = await check.read(offset, HEADER_BYTES, 'header');
    if (!bytes) continue;
    if (bytes.toString('latin1', 0, 4) !== 'head') {
      check.damage(offset, 'header signature', 'is not "head"');
      continue;
    }
    const sums = { stated: bytes.readUInt32LE(4), computed: crc32c(bytes, 4) };
    if (!check.checksum(`header checksum at ${offset / KIB} KiB`, offset + 4, sums)) continue;
    const before = active === undefined ? -1 : readLittle64(active.bytes, 8);
    const sequence = readLittle64(bytes, 8);
    if (sequence === before) check.damage(offset + 8, 'sequence number', `is ${sequence} in both headers`);
    if (sequence > before) active = { offset, bytes };
  }
  return active;
}

function checkHeader({ offset, bytes }: VhdxHeader, log: VhdxRegion, check: ImageCheck): void {
  const [logVersion, version] = [bytes.readUInt16LE(64), bytes.readUInt16LE(66)];
  if (logVersion !== 0) check.damage(offset + 64, 'LogVersion', `is ${logVersion}, not 0`);
  if (version !== 1) check.damage(offset + 66, 'Version', `is ${version}, not 1`);
  if (firstNonZero(bytes.subarray(48, 64)) !== undefined) {
    check.damage(offset + 48, 'LogGuid', 'is set: the log has changes that are not in the image yet');
  }
  checkRegion(log, { at: offset + 68, field: 'log' }, check);
}

function checkRegion(
  { offset, length }: VhdxRegion,
  by: { at: number; field: string },
  check: ImageCheck,
): boolean {
  const aligned = offset % VHDX_ALIGNMENT === 0 && length % VHDX_ALIGNMENT === 0 && length > 0;
  if (!aligned || offset < VHDX_ALIGNMENT) {
    check.damage(
      by.at,
      by.field,
      `has ${length} bytes at offset ${offset}, not in whole MiB behind the first`,
    );
    return false;
  }
  if (offset + length > check.sizeBytes) {
    check.damage(by.at, by.field, `has ${length} bytes at offset ${offset}, outside the file`);
    return false;
  }
  return true;
}

async function readRegionTables(check: ImageCheck): Promise<VhdxFrame['regions'] | undefined> {
  let first: Buffer | undefined;
  let regions: VhdxFrame['regions'] | undefined;
  for (const offset of REGION_TABLE_PLACES) {
    const bytes = await check.read(offset, REGION_TABLE_BYTES, 'region table');
    if (!bytes) continue;
    if (bytes.toString('latin1', 0, 4) !== 'regi') {
      check.damage(offset, 'region table signature', 'is not "regi"');
      continue;
    }
    const sums = { stated: bytes.readUInt32LE(4), computed: crc32c(bytes, 4) };
    const valid = check.checksum(`region table checksum at ${offset / KIB} KiB`, offset + 4, sums);
    if (first && !first.equals(bytes)) check.damage(offset, 'region table', 'differs from its copy');
    first ??= bytes;
    if (valid) regions ??= parseRegions(bytes, offset, check);
  }
  return regions;
}

function parseRegions(bytes: Buffer, offset: number, check: ImageCheck): VhdxFrame['regions'] {
  const count = bytes.readUInt32LE(8);
  const regions: Partial<Record<'bat' | 'metadata', VhdxRegion>> = {};
  if (count > MOST_REGIONS) {
    check.damage(offset + 8, 'EntryCount', `is ${count}, above ${MOST_REGIONS}`);
    return regions;
  }
  for (let at = 16; at < 16 + count * 32; at += 32) {
    const guid = readGuid(bytes, at);
    const name = REGIONS[guid];
    const region = { offset: readLittle64(bytes, at + 16), length: bytes.readUInt32LE(at + 24) };
    const required = (bytes.readUInt32LE(at + 28) & 1) === 1;
    if (name === undefined && required)
      check.damage(offset + at, 'region', `${guid} is required, but unknown`);
    if (name !== undefined && regions[name]) check.damage(offset + at, 'region', `${name} comes twice`);
    const sound = checkRegion(region, { at: offset + at + 16, field: `region ${name ?? guid}` }, check);
    if (name !== undefined && sound) regions[name] = region;
  }
  return regions;
}
