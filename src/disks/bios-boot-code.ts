import { BOOT_CODE_BYTES, SECTOR_BYTES } from './mbr.ts';

/** Where GRUB's `boot.img` keeps the sector of the core image: GRUB_BOOT_MACHINE_KERNEL_SECTOR, 64 bits. */
const KERNEL_SECTOR_OFFSET = 0x5c;
/**
 * Where the first sector of GRUB's `core.img` says from which sector on the others are read: the last block list of
 * `struct grub_pc_bios_boot_blocklist`, whose first 64 bits are a sector.
 */
const BLOCK_LIST_OFFSET = SECTOR_BYTES - 12;

/** GRUB's `boot.img` as boot code of the MBR, such that it loads the core image from this sector. */
export function placeBootImage(bootImage: Buffer, coreSector: number): Buffer {
  const code = Buffer.from(bootImage.subarray(0, BOOT_CODE_BYTES));
  code.writeBigUInt64LE(BigInt(coreSector), KERNEL_SECTOR_OFFSET);
  return code;
}

/** GRUB's `core.img` for this sector and those after it; `grub-mkimage` makes it for sector 1. */
export function placeCoreImage(coreImage: Buffer, coreSector: number): Buffer {
  const core = Buffer.from(coreImage);
  core.writeBigUInt64LE(BigInt(coreSector + 1), BLOCK_LIST_OFFSET);
  return core;
}
