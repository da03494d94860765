import { Failure } from '../errors/failure.ts';
import { placeBootImage, placeCoreImage } from './bios-boot-code.ts';
import { GPT_TYPES, renderGpt, type GptPartition } from './gpt.ts';
import { SECTOR_BYTES } from './mbr.ts';

/** A partition, in bytes from the start of the disk. */
interface Extent {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** GUIDs of a disk and of its partitions. */
export interface GptGuids {
  readonly disk: string;
  readonly biosBoot: string;
  readonly esp: string;
  readonly swap: string;
  readonly root: string;
}

/** What stands outside the file systems of a disk with a GPT. */
export interface GptBootArea {
  readonly diskBytes: number;
  readonly guids: GptGuids;
  /** The partition for GRUB's core image, where BIOS machines are to boot from the disk. */
  readonly biosBoot?: Extent;
  readonly esp?: Extent;
  readonly swap?: Extent;
  readonly root: Extent;
  /** GRUB's `boot.img` and `core.img`, for that partition. */
  readonly bootCode?: { readonly bootImage: Buffer; readonly coreImage: Buffer };
}

/** Bytes of a disk, by their place. */
export interface BootPiece {
  readonly offsetBytes: number;
  readonly bytes: Buffer;
}

/**
 * The partition table at both ends of a disk, and what a BIOS boots from: boot code in the protective MBR that loads
 * GRUB's core image from a partition of its own, because a GPT leaves no gap for it.
 *
 * Raises `E_BOOT_CODE_TOO_LARGE` when the core image does not fit there, and what {@link renderGpt} raises.
 */
export function renderGptBootArea(area: GptBootArea): BootPiece[] {
  const table = { diskGuid: area.guids.disk, partitions: planPartitions(area) };
  const { start, end, endOffsetBytes } = renderGpt(table, area.diskBytes);
  const pieces = [
    { offsetBytes: 0, bytes: start },
    { offsetBytes: endOffsetBytes, bytes: end },
  ];
  const { biosBoot, bootCode } = area;
  if (!biosBoot || !bootCode) return pieces;
  if (bootCode.coreImage.length > biosBoot.sizeBytes) {
    throw new Failure(
      'command',
      'E_BOOT_CODE_TOO_LARGE',
      `GRUB's core image of ${bootCode.coreImage.length} bytes does not fit into its partition`,
    );
  }
  const coreSector = biosBoot.offsetBytes / SECTOR_BYTES;
  placeBootImage(bootCode.bootImage, coreSector).copy(start);
  const core = placeCoreImage(bootCode.coreImage, coreSector);
  return [...pieces, { offsetBytes: biosBoot.offsetBytes, bytes: core }];
}

function planPartitions({ guids, biosBoot, esp, swap, root }: GptBootArea): GptPartition[] {
  const wanted = [
    { extent: biosBoot, typeGuid: GPT_TYPES.biosBoot, guid: guids.biosBoot, name: 'bios-boot' },
    { extent: esp, typeGuid: GPT_TYPES.esp, guid: guids.esp, name: 'esp' },
    { extent: swap, typeGuid: GPT_TYPES.swap, guid: guids.swap, name: 'swap' },
    { extent: root, typeGuid: GPT_TYPES.rootAmd64, guid: guids.root, name: 'root' },
  ];
  return wanted.flatMap(({ extent, ...partition }) =>
    extent === undefined
      ? []
      : [
          {
            ...partition,
            startSector: extent.offsetBytes / SECTOR_BYTES,
            sectorCount: extent.sizeBytes / SECTOR_BYTES,
          },
        ],
  );
}
