import { Failure } from '../errors/failure.ts';

/** Bytes in a sector, the unit of a partition table. */
export const SECTOR_BYTES = 512;

/** Sector at which the first partition begins: 1 MiB, as every current partitioner aligns it. */
export const FIRST_PARTITION_SECTOR = 2048;

/** Bytes at the start of the disk that belong to boot code; the signature and the table follow. */
export const BOOT_CODE_BYTES = 440;

/** One primary partition of an MBR. */
export interface MbrPartition {
  readonly bootable: boolean;
  /** Type byte; see {@link PARTITION_TYPES}. */
  readonly type: number;
  readonly startSector: number;
  readonly sectorCount: number;
}

/** A partition table with its disk signature. */
export interface MbrTable {
  /** 32 bits; the kernel makes PARTUUIDs of it. */
  readonly diskSignature: number;
  /** Used entries in their order; at most four. */
  readonly partitions: readonly MbrPartition[];
}

/** Type bytes that we write. */
export const PARTITION_TYPES = { linux: 0x83, linuxSwap: 0x82, gptProtective: 0xee } as const;

const TABLE_OFFSET = 446;
const ENTRY_BYTES = 16;
const SECTOR_LIMIT = 2 ** 32;

/**
 * Reads the first sector of a disk. Empty entries are left out; logical partitions are not followed.
 *
 * Raises `E_MBR_INVALID` when the sector has no boot signature, an entry has an impossible flag or no length,
 * two entries overlap, or the table only protects a GPT.
 */
export function parseMbr(sector: Buffer): MbrTable {
  if (sector.length < SECTOR_BYTES || sector.readUInt16LE(510) !== 0xaa55) {
    throw invalid('the disk has no partition table: no boot signature at byte 510');
  }
  const entries = [0, 1, 2, 3].map((index) => parseEntry(sector, TABLE_OFFSET + index * ENTRY_BYTES));
  const partitions = entries.filter((entry) => entry !== undefined);
  if (partitions.some(({ type }) => type === PARTITION_TYPES.gptProtective)) {
    throw invalid('the disk has a GPT, not an MBR partition table');
  }
  checkPlaces(partitions);
  return { diskSignature: sector.readUInt32LE(BOOT_CODE_BYTES), partitions };
}

/**
 * The 72 bytes of the first sector from {@link BOOT_CODE_BYTES} on: signature, table, boot signature; so that boot
 * code already in place stays. Cylinders, heads and sectors are written as "too large", as for any disk of today.
 *
 * Raises `E_MBR_INVALID` for more than four partitions, overlaps, or places past 2 TiB.
 */
export function renderMbr(table: MbrTable): Buffer {
  if (table.partitions.length > 4)
    throw invalid(`an MBR holds four partitions, not ${table.partitions.length}`);
  checkPlaces(table.partitions);
  const bytes = Buffer.alloc(SECTOR_BYTES - BOOT_CODE_BYTES);
  bytes.writeUInt32LE(table.diskSignature, 0);
  for (const [index, partition] of table.partitions.entries()) {
    const at = TABLE_OFFSET - BOOT_CODE_BYTES + index * ENTRY_BYTES;
    const [status, type] = [partition.bootable ? 0x80 : 0, partition.type];
    bytes.set([status, 0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff], at);
    bytes.writeUInt32LE(partition.startSector, at + 8);
    bytes.writeUInt32LE(partition.sectorCount, at + 12);
  }
  bytes.writeUInt16LE(0xaa55, bytes.length - 2);
  return bytes;
}

/** What a disk is to hold. */
export interface DiskLayoutRequest {
  readonly diskSizeBytes: number;
  /** Swap before the root partition; 0 for none. */
  readonly swapSizeBytes: number;
  readonly diskSignature: number;
}

/**
 * Our layout: swap first when asked for, then the bootable root partition, last and up to the end of the disk,
 * so that it grows with the disk. Places are multiples of 1 MiB.
 *
 * Raises `E_MBR_INVALID` when swap leaves no room for root.
 */
export function planMbr({ diskSizeBytes, swapSizeBytes, diskSignature }: DiskLayoutRequest): MbrTable {
  const swapSectors =
    Math.ceil(swapSizeBytes / SECTOR_BYTES / FIRST_PARTITION_SECTOR) * FIRST_PARTITION_SECTOR;
  const rootStart = FIRST_PARTITION_SECTOR + swapSectors;
  const end = Math.floor(diskSizeBytes / SECTOR_BYTES / FIRST_PARTITION_SECTOR) * FIRST_PARTITION_SECTOR;
  if (rootStart >= end) throw invalid(`a disk of ${diskSizeBytes} bytes has no room for a root partition`);
  const root: MbrPartition = {
    bootable: true,
    type: PARTITION_TYPES.linux,
    startSector: rootStart,
    sectorCount: end - rootStart,
  };
  const swap: MbrPartition = {
    bootable: false,
    type: PARTITION_TYPES.linuxSwap,
    startSector: FIRST_PARTITION_SECTOR,
    sectorCount: swapSectors,
  };
  const table = { diskSignature, partitions: swapSectors === 0 ? [root] : [swap, root] };
  checkPlaces(table.partitions);
  return table;
}

/** Where the root file system begins, in bytes: the last Linux partition. Raises `E_MBR_INVALID` without one. */
export function rootPartitionOffset(table: MbrTable): number {
  const root = table.partitions.findLast(({ type }) => type === PARTITION_TYPES.linux);
  if (!root) throw invalid('the disk has no Linux partition');
  return root.startSector * SECTOR_BYTES;
}

function parseEntry(sector: Buffer, at: number): MbrPartition | undefined {
  const [status, type] = [sector.readUInt8(at), sector.readUInt8(at + 4)];
  if (type === 0) return undefined;
  if (status !== 0 && status !== 0x80)
    throw invalid(`the partition entry at byte ${at} has the flag ${status}`);
  return {
    bootable: status === 0x80,
    type,
    startSector: sector.readUInt32LE(at + 8),
    sectorCount: sector.readUInt32LE(at + 12),
  };
}

function checkPlaces(partitions: readonly MbrPartition[]): void {
  let free = 1;
  for (const { startSector, sectorCount } of partitions.toSorted((a, b) => a.startSector - b.startSector)) {
    const end = startSector + sectorCount;
    if (startSector < free || sectorCount < 1 || startSector >= SECTOR_LIMIT || sectorCount >= SECTOR_LIMIT) {
      throw invalid(
        `the partition of sectors ${startSector} to ${end - 1} overlaps another or is out of range`,
      );
    }
    free = end;
  }
}

function invalid(message: string): Failure {
  return new Failure('image-test', 'E_MBR_INVALID', message);
}
