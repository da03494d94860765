import type { DiskOptions } from './profile.ts';

/** What a layout needs beside swap and root, in MiB; 0 for what it has not. */
export interface BootRoom {
  /** Before the first partition: boot code and partition table. */
  readonly startMiB: number;
  /** The partition that holds GRUB's core image where a GPT leaves no gap for it. */
  readonly biosBootMiB: number;
  /** The EFI system partition. */
  readonly espMiB: number;
  /** After the last partition: the backup of a GPT. */
  readonly endMiB: number;
}

/**
 * Room for what machines boot from. GRUB's core image takes 33 KiB; shim, GRUB and their helpers take 13 MiB in both
 * of their places, so that 128 MiB hold them several times over, also while an upgrade writes new ones. That is a size
 * which FAT32 describes with clusters of one sector. A GPT's backup takes 33 sectors; whole MiB keep the root aligned.
 */
export const BOOT_ROOM: Readonly<Record<DiskOptions['layout'], BootRoom>> = {
  bios: { startMiB: 1, biosBootMiB: 0, espMiB: 0, endMiB: 0 },
  uefi: { startMiB: 1, biosBootMiB: 0, espMiB: 128, endMiB: 1 },
  hybrid: { startMiB: 1, biosBootMiB: 1, espMiB: 128, endMiB: 1 },
};

/** MiB that stay for the root file system; negative when the rest alone is larger than the disk. */
export function rootSizeMiB(disk: Pick<DiskOptions, 'layout' | 'sizeMiB' | 'swapMiB'>): number {
  const { startMiB, biosBootMiB, espMiB, endMiB } = BOOT_ROOM[disk.layout];
  return disk.sizeMiB - startMiB - biosBootMiB - espMiB - disk.swapMiB - endMiB;
}
