import { Failure } from '../errors/failure.ts';
import {
  BOOT_CODE_BYTES,
  FIRST_PARTITION_SECTOR,
  PARTITION_TYPES,
  renderMbr,
  SECTOR_BYTES,
  type MbrPartition,
} from './mbr.ts';

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
 * Raises `E_BOOT_CODE_TOO_LARGE` when the core image would reach into the first partition, and what
 * {@link renderMbr} raises.
 */
export function renderBootArea(area: BootArea): Buffer {
  const bytes = SECTOR_BYTES + area.coreImage.length;
  if (bytes > FIRST_PARTITION_SECTOR * SECTOR_BYTES) {
    throw new Failure(
      'command',
      'E_BOOT_CODE_TOO_LARGE',
      `GRUB's core image of ${area.coreImage.length} bytes does not fit before the first partition`,
    );
  }
  const result = Buffer.alloc(bytes);
  result.set(area.bootImage.subarray(0, BOOT_CODE_BYTES), 0);
  const partitions = [
    ...(area.swap ? [planPartition(area.swap, PARTITION_TYPES.linuxSwap, false)] : []),
    planPartition(area.root, PARTITION_TYPES.linux, true),
  ];
  result.set(renderMbr({ diskSignature: area.diskSignature, partitions }), BOOT_CODE_BYTES);
  result.set(area.coreImage, SECTOR_BYTES);
  return result;
}

function planPartition({ offsetBytes, sizeBytes }: Extent, type: number, bootable: boolean): MbrPartition {
  return { bootable, type, startSector: offsetBytes / SECTOR_BYTES, sectorCount: sizeBytes / SECTOR_BYTES };
}
