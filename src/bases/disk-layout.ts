import { Failure } from '../errors/failure.ts';
import { BOOT_ROOM, rootSizeMiB } from '../profiles/boot-partitions.ts';
import type { DiskOptions } from '../profiles/profile.ts';
import { MIB } from '../values/byte-size.ts';

/** A partition, in bytes from the start of the disk. */
export interface PartitionExtent {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/**
 * The partitions of a disk in their order, which is the order of their numbers; the root comes last, so that it can
 * grow. A BIOS disk has its boot code in the first MiB.
 */
export interface DiskLayout {
  readonly table: 'mbr' | 'gpt';
  readonly diskBytes: number;
  /** Holds GRUB's core image for BIOS machines. */
  readonly biosBoot?: PartitionExtent;
  /** The EFI system partition. */
  readonly esp?: PartitionExtent;
  readonly swap?: PartitionExtent;
  readonly root: PartitionExtent;
}

/** Roots smaller than this hold no Debian, in MiB. */
const SMALLEST_ROOT_MIB = 256;

/** Lays out a disk. Raises `E_DISK_TOO_SMALL` when less than 256 MiB stay for the root. */
export function planDiskLayout(disk: Pick<DiskOptions, 'layout' | 'sizeMiB' | 'swapMiB'>): DiskLayout {
  const rootMiB = rootSizeMiB(disk);
  if (rootMiB < SMALLEST_ROOT_MIB) throw tooSmall(rootMiB);
  const room = BOOT_ROOM[disk.layout];
  let nextMiB = room.startMiB;
  const take = (sizeMiB: number): PartitionExtent => {
    const extent = { offsetBytes: nextMiB * MIB, sizeBytes: sizeMiB * MIB };
    nextMiB += sizeMiB;
    return extent;
  };
  return {
    table: disk.layout === 'bios' ? 'mbr' : 'gpt',
    diskBytes: disk.sizeMiB * MIB,
    ...(room.biosBootMiB === 0 ? {} : { biosBoot: take(room.biosBootMiB) }),
    ...(room.espMiB === 0 ? {} : { esp: take(room.espMiB) }),
    ...(disk.swapMiB === 0 ? {} : { swap: take(disk.swapMiB) }),
    root: take(rootMiB),
  };
}

/** Number of the root partition, as in `/dev/vda3`. */
export function rootPartitionNumber({ biosBoot, esp, swap }: DiskLayout): number {
  return 1 + [biosBoot, esp, swap].filter((extent) => extent !== undefined).length;
}

function tooSmall(rootMiB: number): Failure {
  const message = `.disk.sizeMiB leaves ${rootMiB} MiB for the root filesystem`;
  return new Failure('profile', 'E_DISK_TOO_SMALL', message, {
    hint: 'make .disk.sizeMiB larger or .disk.swapMiB smaller',
  });
}
