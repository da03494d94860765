import { Failure } from '../errors/failure.ts';

const SECTOR_BYTES = 512;
/** Boot code of an MBR ends where the disk signature begins. */
const BOOT_CODE_BYTES = 440;
const SIGNATURE_OFFSET = 440;
const PARTITION_TABLE_OFFSET = 446;
/** The first partition begins here, as every partitioning tool of the last decade has it; boot code may use the gap. */
const FIRST_PARTITION_BYTES = 1024 * 1024;
const LINUX = 0x83;
const LINUX_SWAP = 0x82;

/** A partition, in bytes from the start of the disk. */
interface Extent {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** What stands before the first partition of a BIOS disk. */
export interface BootArea {
  /** GRUB's `boot.img`. */
  readonly bootImage: Uint8Array;
  /** GRUB's `core.img`; its own block list already points at the second sector. */
  readonly coreImage: Uint8Array;
  readonly diskSignature: number;
  readonly swap?: Extent;
  readonly root: Extent;
}

/**
 * The first sectors of a BIOS disk: boot code, MBR partition table with the swap partition (if any) first and the
 * root last and bootable, and GRUB's core image from the second sector on.
 *
 * Raises `E_BOOT_CODE_TOO_LARGE` when the core image would reach into the first partition.
 */
export function renderBootArea(area: BootArea): Buffer {
  const bytes = SECTOR_BYTES + area.coreImage.length;
  if (bytes > FIRST_PARTITION_BYTES) {
    throw new Failure(
      'command',
      'E_BOOT_CODE_TOO_LARGE',
      `GRUB's core image of ${area.coreImage.length} bytes does not fit before the first partition`,
    );
  }
  const result = Buffer.alloc(bytes);
  result.set(area.bootImage.subarray(0, BOOT_CODE_BYTES), 0);
  result.writeUInt32LE(area.diskSignature, SIGNATURE_OFFSET);
  const partitions = [
    ...(area.swap ? [{ ...area.swap, type: LINUX_SWAP, bootable: false }] : []),
    { ...area.root, type: LINUX, bootable: true },
  ];
  partitions.forEach((partition, index) => {
    renderPartition(partition).copy(result, PARTITION_TABLE_OFFSET + 16 * index);
  });
  result.writeUInt16LE(0xaa55, SECTOR_BYTES - 2);
  result.set(area.coreImage, SECTOR_BYTES);
  return result;
}

function renderPartition(partition: Extent & { type: number; bootable: boolean }): Buffer {
  const entry = Buffer.alloc(16);
  // Cylinders, heads and sectors say "use the sector numbers" (1023/254/63), as for every disk over 8 GiB.
  const useSectorNumbers = [0xfe, 0xff, 0xff];
  entry.set([partition.bootable ? 0x80 : 0, ...useSectorNumbers, partition.type, ...useSectorNumbers], 0);
  entry.writeUInt32LE(partition.offsetBytes / SECTOR_BYTES, 8);
  entry.writeUInt32LE(partition.sizeBytes / SECTOR_BYTES, 12);
  return entry;
}
