import { Failure } from '../errors/failure.ts';
import { MIB } from '../values/byte-size.ts';

/** A partition, in bytes from the start of the disk. */
export interface PartitionExtent {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** The partitions of a BIOS disk: boot code in the first MiB, swap if wanted, the root last so that it can grow. */
export interface BiosLayout {
  readonly diskBytes: number;
  readonly swap?: PartitionExtent;
  readonly root: PartitionExtent;
}

/** Lays out a BIOS disk. Raises `E_DISK_TOO_SMALL` when less than 256 MiB stay for the root. */
export function planBiosLayout(disk: { readonly sizeMiB: number; readonly swapMiB: number }): BiosLayout {
  const rootOffset = (1 + disk.swapMiB) * MIB;
  const diskBytes = disk.sizeMiB * MIB;
  const root = { offsetBytes: rootOffset, sizeBytes: diskBytes - rootOffset };
  if (root.sizeBytes < 256 * MIB) {
    throw new Failure(
      'profile',
      'E_DISK_TOO_SMALL',
      `.disk.sizeMiB leaves ${Math.floor(root.sizeBytes / MIB)} MiB for the root filesystem`,
      {
        hint: 'make .disk.sizeMiB larger or .disk.swapMiB smaller',
      },
    );
  }
  return disk.swapMiB === 0
    ? { diskBytes, root }
    : { diskBytes, swap: { offsetBytes: MIB, sizeBytes: disk.swapMiB * MIB }, root };
}
