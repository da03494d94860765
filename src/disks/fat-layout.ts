import { Failure } from '../errors/failure.ts';

/*
 * FAT32 as Microsoft's "FAT: General Overview of On-Disk Format" (1.03) describes it, with sectors and clusters of 512
 * bytes, as every formatter chooses them for volumes of up to 260 MiB.
 */

/** Bytes of a sector and of a cluster. */
export const FAT_SECTOR_BYTES = 512;
/** Sectors before the first allocation table: boot sectors and their copies. */
export const FAT_RESERVED_SECTORS = 32;
/** Allocation tables, all alike. */
export const FAT_COPIES = 2;
/** Number of the first cluster; those before it stand for the table itself. */
export const FAT_FIRST_CLUSTER = 2;

/** With fewer clusters than this a volume is FAT16, whatever its boot sector says. */
const FEWEST_CLUSTERS = 65_525;
/** Above this the standard asks for larger clusters. */
const MOST_SECTORS = 532_480;
const ENTRY_BYTES = 4;

/** How a volume is divided. */
export interface FatLayout {
  readonly sectors: number;
  readonly sectorsPerFat: number;
  readonly clusters: number;
  /** First sector of the first cluster. */
  readonly dataSector: number;
}

/** Divides a volume. Raises `E_FAT_INVALID` for sizes that are none of FAT32 with clusters of one sector. */
export function planFat(sizeBytes: number): FatLayout {
  const sectors = sizeBytes / FAT_SECTOR_BYTES;
  const room = sectors - FAT_RESERVED_SECTORS;
  // Each cluster takes its sector and an entry in every table; the first two entries are no clusters.
  const perFat = Math.ceil(
    (ENTRY_BYTES * (room + FAT_FIRST_CLUSTER)) / (FAT_SECTOR_BYTES + ENTRY_BYTES * FAT_COPIES),
  );
  const clusters = room - FAT_COPIES * perFat;
  if (!Number.isInteger(sectors) || clusters < FEWEST_CLUSTERS || sectors > MOST_SECTORS) {
    throw invalidFat(`${sizeBytes} bytes are no size for FAT32 with clusters of 512 bytes (33 to 260 MiB)`);
  }
  const dataSector = FAT_RESERVED_SECTORS + FAT_COPIES * perFat;
  return { sectors, sectorsPerFat: perFat, clusters, dataSector };
}

/** A failure of a FAT volume that cannot be made. */
export function invalidFat(message: string): Failure {
  return new Failure('command', 'E_FAT_INVALID', `the EFI system partition cannot be made: ${message}`);
}
