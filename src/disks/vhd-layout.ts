import { writeOffset } from './qcow2-layout.ts';

/**
 * Numbers and records of the VHD format. Sources: Microsoft's Virtual Hard Disk Image Format Specification 1.0; for the
 * batmap, which that does not know, blktap (include/vhd.h, vhd/lib/libvhd.c).
 */

/** Unit of every place in a VHD, in bytes. */
export const SECTOR_BYTES = 512;

/** Unit of allocation of a dynamic disk, in bytes: the default of every writer, and all that XenServer reads. */
export const BLOCK_BYTES = 2 * 1024 * 1024;

/** A footer, and the copy of it that a dynamic disk begins with, in bytes. */
export const FOOTER_BYTES = 512;

/** Place of the table of blocks: after the footer's copy and the header of 1024 bytes. */
export const TABLE_OFFSET = 1536;

/** Says "nothing follows" where a place of 64 bits is wanted. */
const NOWHERE = Buffer.alloc(8, 0xff);

const VERSION_1_0 = 0x00010000;

/** Who a disk says wrote it. Readers decide by that what the rest means. */
export interface VhdCreator {
  /** Four characters. */
  readonly application: string;
  /** Major version in the upper 16 bits, minor in the lower. */
  readonly version: number;
  /** Operating system of the writer, four characters. */
  readonly system: string;
}

/**
 * As libvhd writes it: XenServer only resizes disks whose application begins with `tap`, and takes a version of 1.2 or
 * later as the promise of a batmap; versions above 1.3 it refuses. No operating system is named.
 */
export const XENSERVER_CREATOR: VhdCreator = {
  application: 'tap\0',
  version: 0x00010003,
  system: '\0\0\0\0',
};

/**
 * Hyper-V. QEMU takes a disk's size from its size field, not from its geometry, only for the creators that it knows
 * (block/vpc.c), and this is one of them. The version is that of Windows 10 and Windows Server 2016.
 */
export const HYPERV_CREATOR: VhdCreator = { application: 'win ', version: 0x000a0000, system: 'Wi2k' };

/** Cylinders, heads and sectors per track of a disk. */
export interface DiskGeometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
}

/** Largest size that a geometry can state, in sectors: 127.5 GiB. Larger disks state the same. */
const MAX_GEOMETRY_SECTORS = 65535 * 16 * 255;

/**
 * The geometry of a disk by the algorithm in the specification's appendix, rounded down. `vhd-util check` refuses a
 * disk whose geometry is larger than this.
 */
export function geometryOf(virtualSizeBytes: number): DiskGeometry {
  const sectors = Math.min(Math.ceil(virtualSizeBytes / SECTOR_BYTES), MAX_GEOMETRY_SECTORS);
  const { heads, sectorsPerTrack } = sectors >= 65535 * 16 * 63 ? LARGE_TRACKS : smallTracks(sectors);
  return { cylinders: Math.floor(Math.floor(sectors / sectorsPerTrack) / heads), heads, sectorsPerTrack };
}

const LARGE_TRACKS = { heads: 16, sectorsPerTrack: 255 };

/** The smallest tracks with which a disk has fewer than 1024 cylinders, where there are such. */
function smallTracks(sectors: number): Omit<DiskGeometry, 'cylinders'> {
  const tracks = Math.floor(sectors / 17);
  const heads = Math.max(4, Math.ceil(tracks / 1024));
  if (heads <= 16 && tracks < heads * 1024) return { heads, sectorsPerTrack: 17 };
  return { heads: 16, sectorsPerTrack: Math.floor(sectors / 31) < 16 * 1024 ? 31 : 63 };
}

/** What a footer says. */
export interface VhdFooter {
  readonly kind: 'fixed' | 'dynamic';
  readonly creator: VhdCreator;
  readonly virtualSizeBytes: number;
  /** Seconds since 2000, see `vhdTimestamp`. */
  readonly timestamp: number;
  /** 16 bytes. */
  readonly uuid: Uint8Array;
}

/** The bit that the specification wants in every disk. */
const FEATURES_RESERVED = 2;
const DISK_TYPES = { fixed: 2, dynamic: 3 };
const FOOTER_CHECKSUM_AT = 64;

/** The record at the end of a disk. */
export function renderFooter(footer: VhdFooter): Buffer {
  const { creator, virtualSizeBytes } = footer;
  const { cylinders, heads, sectorsPerTrack } = geometryOf(virtualSizeBytes);
  const bytes = Buffer.alloc(FOOTER_BYTES);
  bytes.write('conectix', 0, 'latin1');
  bytes.writeUInt32BE(FEATURES_RESERVED, 8);
  bytes.writeUInt32BE(VERSION_1_0, 12);
  if (footer.kind === 'dynamic') writeOffset(bytes, FOOTER_BYTES, 16);
  else NOWHERE.copy(bytes, 16);
  bytes.writeUInt32BE(footer.timestamp, 24);
  bytes.write(creator.application, 28, 4, 'latin1');
  bytes.writeUInt32BE(creator.version, 32);
  bytes.write(creator.system, 36, 4, 'latin1');
  writeOffset(bytes, virtualSizeBytes, 40);
  writeOffset(bytes, virtualSizeBytes, 48);
  bytes.writeUInt16BE(cylinders, 56);
  bytes.writeUInt8(heads, 58);
  bytes.writeUInt8(sectorsPerTrack, 59);
  bytes.writeUInt32BE(DISK_TYPES[footer.kind], 60);
  bytes.set(footer.uuid, 68);
  bytes.writeUInt32BE(checksumOf(bytes), FOOTER_CHECKSUM_AT);
  return bytes;
}

const HEADER_BYTES = 1024;
const HEADER_CHECKSUM_AT = 36;

/** The header of a dynamic disk without a parent. */
export function renderDynamicHeader(blocks: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write('cxsparse', 0, 'latin1');
  NOWHERE.copy(bytes, 8);
  writeOffset(bytes, TABLE_OFFSET, 16);
  bytes.writeUInt32BE(VERSION_1_0, 24);
  bytes.writeUInt32BE(blocks, 28);
  bytes.writeUInt32BE(BLOCK_BYTES, 32);
  bytes.writeUInt32BE(checksumOf(bytes), HEADER_CHECKSUM_AT);
  return bytes;
}

/** Batmap version 1.2: its checksum adds unsigned bytes. */
const BATMAP_VERSION = 0x00010002;

/** The record that announces a batmap; its checksum is that of the map alone. */
export function renderBatmapHeader(mapOffset: number, map: Uint8Array): Buffer {
  const bytes = Buffer.alloc(SECTOR_BYTES);
  bytes.write('tdbatmap', 0, 'latin1');
  writeOffset(bytes, mapOffset, 8);
  bytes.writeUInt32BE(map.length / SECTOR_BYTES, 16);
  bytes.writeUInt32BE(BATMAP_VERSION, 20);
  bytes.writeUInt32BE(checksumOf(map), 24);
  return bytes;
}

/** The format's checksum: the one's complement of the sum of all bytes, its own field being zero. */
export function checksumOf(bytes: Uint8Array): number {
  return ~bytes.reduce((sum, byte) => sum + byte, 0) >>> 0;
}

/** Sets a bit of a map whose first bit is the highest of the first byte. */
export function setBit(map: Uint8Array, index: number): void {
  const byte = index >> 3;
  map[byte] = (map[byte] ?? 0) | (0x80 >> (index & 7));
}
