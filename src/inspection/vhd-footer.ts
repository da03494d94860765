import { firstNonZero, hex, readBig64, readText, type ImageCheck } from './image-check.ts';
import type { DiskGeometry } from './image-report.ts';

/** Bytes of the footer, and of a sector. Source of all places here: Virtual Hard Disk Image Format Specification 1.0. */
export const VHD_SECTOR_BYTES = 512;

/** Kinds of disk that are in use. */
export const VHD_TYPES: Readonly<Record<number, string>> = { 2: 'fixed', 3: 'dynamic', 4: 'differencing' };

/** What a footer says. */
export interface VhdFooter {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly headerOffset: number;
  readonly timestamp: number;
  readonly creator: string;
  readonly creatorVersion: number;
  readonly currentSizeBytes: number;
  readonly geometry: DiskGeometry;
  readonly type: number;
  readonly uuid: string;
}

/** 2000-01-01T00:00:00Z in seconds since 1970: where the format counts from. */
const EPOCH_S = 946_684_800;
/** A clock may be this much behind the maker's (TIMESTAMP_MAX_SLACK in blktap's vhd-util-check.c). */
const SLACK_S = 1800;

/** The instant that a footer's time means. */
export function vhdTime(timestamp: number): Date {
  return new Date((EPOCH_S + timestamp) * 1000);
}

/** Whether the image was made by XenServer's tools, or says so; readers expect their extensions then. */
export function isMadeByTap({ creator }: Pick<VhdFooter, 'creator'>): boolean {
  return creator.startsWith('tap');
}

/** The sum of all bytes but the checksum's own, each bit turned over. */
export function vhdChecksum(bytes: Buffer, checksumAt: number): number {
  let sum = 0;
  for (const [index, byte] of bytes.entries()) {
    if (index < checksumAt || index >= checksumAt + 4) sum += byte;
  }
  return ~sum >>> 0;
}

/** Reads a footer without judging it. */
export function parseVhdFooter(bytes: Buffer, offset: number): VhdFooter {
  return {
    bytes,
    offset,
    headerOffset: readBig64(bytes, 16),
    timestamp: bytes.readUInt32BE(24),
    creator: readText(bytes.subarray(28, 32)).trimEnd(),
    creatorVersion: bytes.readUInt32BE(32),
    currentSizeBytes: readBig64(bytes, 48),
    geometry: { cylinders: bytes.readUInt16BE(56), heads: bytes.readUInt8(58), sectors: bytes.readUInt8(59) },
    type: bytes.readUInt32BE(60),
    uuid: bytes.toString('hex', 68, 84).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  };
}

/** Everything `vhd-util check` asks of a footer, and what the specification asks besides. */
export function checkVhdFooter(footer: VhdFooter, check: ImageCheck): void {
  const { bytes, offset } = footer;
  const at = (place: number): number => offset + place;
  if (bytes.toString('latin1', 0, 8) !== 'conectix')
    check.damage(at(0), 'footer cookie', 'is not "conectix"');
  check.checksum('footer checksum', at(64), {
    stated: bytes.readUInt32BE(64),
    computed: vhdChecksum(bytes, 64),
  });
  const features = bytes.readUInt32BE(8);
  if ((features & 2) === 0)
    check.damage(at(8), 'features', `lack the bit that is always set: ${hex(features)}`);
  if ((features & ~3) !== 0) check.damage(at(8), 'features', `have unknown bits: ${hex(features)}`);
  const version = bytes.readUInt32BE(12);
  if (version !== 0x10000) check.damage(at(12), 'file format version', `is ${hex(version)}, not 1.0`);
  checkSizes(footer, check);
  checkMaker(footer, check);
  const saved = bytes.readUInt8(84);
  if (saved > 1) check.damage(at(84), 'saved state', `is ${saved}, neither 0 nor 1`);
  const hidden = bytes.readUInt8(85);
  if (hidden > (isMadeByTap(footer) ? 1 : 0)) check.damage(at(85), 'hidden', `is ${hidden}`);
  const dirty = firstNonZero(bytes.subarray(86));
  if (dirty !== undefined) check.damage(at(86 + dirty), 'reserved', 'is not zero');
}

function checkSizes(footer: VhdFooter, check: ImageCheck): void {
  const { offset, currentSizeBytes: size, type, headerOffset, geometry } = footer;
  if (VHD_TYPES[type] === undefined) check.damage(offset + 60, 'disk type', `is ${type}, not 2, 3 or 4`);
  if (type === 2 && headerOffset !== 2 ** 64) {
    check.damage(offset + 16, 'data offset', 'is set, though a fixed disk has nothing there');
  }
  if (size === 0) check.damage(offset + 48, 'current size', 'is 0');
  if (size % VHD_SECTOR_BYTES !== 0) {
    check.damage(offset + 48, 'current size', `is ${size}, no multiple of ${VHD_SECTOR_BYTES}`);
  }
  const most = geometryOfSize(size);
  if (encodeGeometry(geometry) > encodeGeometry(most)) {
    const [stated, limit] = [renderGeometry(geometry), renderGeometry(most)];
    check.breach(offset + 56, 'disk geometry', `is ${stated}, larger than ${limit}, that of the size`);
  }
  if (encodeGeometry(geometry) === 0) check.breach(offset + 56, 'disk geometry', 'is 0');
}

function checkMaker(footer: VhdFooter, check: ImageCheck): void {
  const { offset, timestamp, creatorVersion, uuid } = footer;
  const nowS = check.options.now.getTime() / 1000 - EPOCH_S;
  if (timestamp > nowS + SLACK_S) {
    check.breach(offset + 24, 'time stamp', `is in the future: ${vhdTime(timestamp).toISOString()}`);
  }
  if (isMadeByTap(footer) && creatorVersion > 0x10003) {
    check.breach(offset + 32, 'creator version', `of tap is ${hex(creatorVersion)}, above 1.3`);
  }
  if (/^[0-]*$/.test(uuid)) check.breach(offset + 68, 'unique id', 'is null');
}

/** Cylinders/heads/sectors as people write them. */
function renderGeometry({ cylinders, heads, sectors }: DiskGeometry): string {
  return `${cylinders}/${heads}/${sectors}`;
}

/** The number that `vhd-util check` compares: cylinders first, sectors last. */
function encodeGeometry({ cylinders, heads, sectors }: DiskGeometry): number {
  return cylinders * 2 ** 16 + heads * 2 ** 8 + sectors;
}

/** The geometry that belongs to a size (specification 1.0, appendix "CHS Calculation"). */
export function geometryOfSize(sizeBytes: number): DiskGeometry {
  const sectors = Math.min(Math.max(1, Math.ceil(sizeBytes / VHD_SECTOR_BYTES)), 65535 * 16 * 255);
  if (sectors >= 65535 * 16 * 63) {
    return { cylinders: Math.floor(Math.floor(sectors / 255) / 16), heads: 16, sectors: 255 };
  }
  const tracks = Math.floor(sectors / 17);
  const heads = Math.max(4, Math.ceil(tracks / 1024));
  if (tracks < heads * 1024 && heads <= 16)
    return { cylinders: Math.floor(tracks / heads), heads, sectors: 17 };
  const perTrack = Math.floor(sectors / 31) < 16 * 1024 ? 31 : 63;
  return { cylinders: Math.floor(Math.floor(sectors / perTrack) / 16), heads: 16, sectors: perTrack };
}
