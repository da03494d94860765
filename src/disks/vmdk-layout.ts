/**
 * Numbers and records of VMware's stream-optimized sparse disks. Source: VMware, "Virtual Disk Format 5.0" (technical
 * note of 2011), and where that and the products differ, open-vmdk, which VMware itself publishes.
 */
import { Failure } from '../errors/failure.ts';

/** Unit of all places in the format, in bytes. */
export const VMDK_SECTOR_BYTES = 512;

/** Sectors that are compressed together: 64 KiB, the only size that VMware's products write. */
export const GRAIN_SECTORS = 128;

/** {@link GRAIN_SECTORS} in bytes. */
export const GRAIN_BYTES = GRAIN_SECTORS * VMDK_SECTOR_BYTES;

/** Grains that one grain table maps; always this number. */
export const TABLE_ENTRIES = 512;

/** A grain table: 32 bits for each grain. */
export const TABLE_BYTES = TABLE_ENTRIES * 4;

/** Where a grain's data begins after its marker: 64 bits for the place in the disk, 32 for the length. */
export const GRAIN_MARKER_BYTES = 12;

/** Room for the descriptor, in sectors: what VMware, open-vmdk and QEMU leave, so that others can add lines. */
export const DESCRIPTOR_SECTORS = 20;

/** Entries of directory and tables are sector numbers of this many bits. */
const MOST_SECTORS = 2 ** 32;

/** The largest disk of vSphere since 5.5, in TiB. */
const MOST_TIB = 62;
const TIB = 1024 ** 4;

const DESCRIPTOR_SECTOR = 1;
const DIRECTORY_SECTOR = DESCRIPTOR_SECTOR + DESCRIPTOR_SECTORS;

/** Where everything in front of the grains lies, in sectors of the file. */
export interface VmdkLayout {
  /** Size of the disk that a guest sees. */
  readonly capacitySectors: number;
  readonly directorySector: number;
  readonly tables: number;
  readonly firstTableSector: number;
  readonly firstGrainSector: number;
}

/**
 * Plans a file for a disk. Every table has its place, also one that stays empty, as in open-vmdk and qemu-img: the
 * specification says that all are made with the disk, and VirtualBox's source notes that VMware cannot use sparse disks
 * without. Empty tables are holes in the file: 2 KiB for each 32 MiB of the disk. So places depend on the disk's size
 * only, never on what the file system knows of its data.
 *
 * Raises `E_VMDK_SIZE` for a disk that the format, or VMware, cannot hold.
 * @param virtualSizeBytes a multiple of 512
 */
export function planVmdkLayout(virtualSizeBytes: number): VmdkLayout {
  if (virtualSizeBytes <= 0 || virtualSizeBytes > MOST_TIB * TIB)
    throw new Failure(
      'usage',
      'E_VMDK_SIZE',
      `a VMDK holds 512 bytes to ${MOST_TIB} TiB, the disk has ${virtualSizeBytes} bytes`,
    );
  const capacitySectors = virtualSizeBytes / VMDK_SECTOR_BYTES;
  const tables = Math.ceil(capacitySectors / (GRAIN_SECTORS * TABLE_ENTRIES));
  const firstTableSector = DIRECTORY_SECTOR + Math.ceil((tables * 4) / VMDK_SECTOR_BYTES);
  return {
    capacitySectors,
    directorySector: DIRECTORY_SECTOR,
    tables,
    firstTableSector,
    firstGrainSector: firstTableSector + (tables * TABLE_BYTES) / VMDK_SECTOR_BYTES,
  };
}

/** Raises `E_VMDK_SIZE` when a table cannot name the sector any more. */
export function checkSectorNumber(sector: number): void {
  if (sector < MOST_SECTORS) return;
  throw new Failure(
    'usage',
    'E_VMDK_SIZE',
    `a VMDK takes at most 2 TiB of compressed data, this disk needs more`,
  );
}

/** Version that ESXi wants of a stream-optimized disk; with 1 it says that the disk is too old. */
const VERSION = 3;
/** Bit 0: the line ends below tell of a transfer as text. Bit 16: grains are compressed. Bit 17: markers. */
const FLAGS = 0x30001;
const DEFLATE = 1;

/** The first sector and the descriptor after it. */
export function renderVmdkHeader(layout: VmdkLayout, descriptor: string): Buffer {
  const bytes = Buffer.alloc(DIRECTORY_SECTOR * VMDK_SECTOR_BYTES);
  const text = Buffer.from(descriptor);
  if (text.length > DESCRIPTOR_SECTORS * VMDK_SECTOR_BYTES) throw new Error('the descriptor is too long');
  bytes.write('KDMV', 0, 'latin1');
  bytes.writeUInt32LE(VERSION, 4);
  bytes.writeUInt32LE(FLAGS, 8);
  writeUnaligned(bytes, layout.capacitySectors, 12);
  writeUnaligned(bytes, GRAIN_SECTORS, 20);
  writeUnaligned(bytes, DESCRIPTOR_SECTOR, 28);
  writeUnaligned(bytes, DESCRIPTOR_SECTORS, 36);
  bytes.writeUInt32LE(TABLE_ENTRIES, 44);
  // From 48 on: the second directory, which this kind of disk does not have.
  writeUnaligned(bytes, layout.directorySector, 56);
  writeUnaligned(bytes, layout.firstGrainSector, 64);
  // 72: shut down cleanly.
  bytes.write('\n \r\n', 73, 'latin1');
  bytes.writeUInt16LE(DEFLATE, 77);
  bytes.set(text, DESCRIPTOR_SECTOR * VMDK_SECTOR_BYTES);
  return bytes;
}

/** Writes the marker of a grain. `size` is that of its data, in bytes. */
export function writeGrainMarker(
  bytes: Buffer,
  at: number,
  { grain, size }: { readonly grain: number; readonly size: number },
): void {
  writeUnaligned(bytes, grain * GRAIN_SECTORS, at);
  bytes.writeUInt32LE(size, at + 8);
}

/** An unsigned number of up to 53 bits as 64 bits, least significant byte first. */
function writeUnaligned(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % 2 ** 32, at);
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}
