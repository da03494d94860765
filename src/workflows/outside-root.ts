import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DiskIdentifiers } from '../bases/derived-identifiers.ts';
import type { DiskLayout } from '../bases/disk-layout.ts';
import { renderBootArea } from '../disks/boot-area.ts';
import { renderFatVolume, type FatFile } from '../disks/fat-volume.ts';
import { renderGptBootArea } from '../disks/gpt-boot-area.ts';
import { renderSwapHeader } from '../disks/swap-header.ts';

/** Bytes of a disk, by their place; what no piece holds is zero or the root file system. */
export interface DiskPiece {
  readonly offsetBytes: number;
  readonly bytes: Buffer;
}

/** What decides what stands outside the root file system. */
export interface OutsideRoot {
  readonly layout: DiskLayout;
  readonly identifiers: DiskIdentifiers;
  /** Time of the files of the EFI system partition, in seconds since the epoch. */
  readonly epochSeconds: number;
}

/** Label of the EFI system partition. */
const ESP_LABEL = 'ESP';

/**
 * Partition table, boot code, swap header and EFI system partition, from what `tree.sh` left: `boot.img` and
 * `core.img`, and the directory `esp`.
 *
 * Raises `E_BOOT_CODE_TOO_LARGE`, `E_FAT_INVALID`, and the system errors of files that cannot be read.
 */
export async function readOutsideRoot(out: string, disk: OutsideRoot): Promise<DiskPiece[]> {
  const { layout, identifiers } = disk;
  const { esp, swap } = layout;
  const { swapUuid: uuid } = identifiers;
  return [
    ...(await readBootArea(out, disk)),
    ...(swap ? [{ ...swap, bytes: renderSwapHeader({ uuid, sizeBytes: swap.sizeBytes }) }] : []),
    ...(esp ? renderEsp(esp, disk, await readFiles(join(out, 'esp'))) : []),
  ];
}

async function readBootArea(out: string, { layout, identifiers }: OutsideRoot): Promise<DiskPiece[]> {
  const { guids, diskSignature } = identifiers;
  if (layout.table === 'gpt' && !layout.biosBoot) return renderGptBootArea({ ...layout, guids });
  const bootCode = {
    bootImage: await readFile(join(out, 'boot.img')),
    coreImage: await readFile(join(out, 'core.img')),
  };
  if (layout.table === 'gpt') return renderGptBootArea({ ...layout, guids, bootCode });
  return [{ offsetBytes: 0, bytes: renderBootArea({ ...layout, ...bootCode, diskSignature }) }];
}

function renderEsp(
  extent: Pick<DiskPiece, 'offsetBytes'> & { readonly sizeBytes: number },
  { identifiers, epochSeconds }: OutsideRoot,
  files: readonly FatFile[],
): DiskPiece[] {
  const volumeId = identifiers.espVolumeId;
  const identity = { ...extent, volumeId, label: ESP_LABEL, epochSeconds };
  return renderFatVolume(identity, files).map(({ offsetBytes, bytes }) => ({
    offsetBytes: extent.offsetBytes + offsetBytes,
    bytes,
  }));
}

async function readFiles(directory: string): Promise<FatFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return { path: relative(directory, path), data: await readFile(path) };
      }),
  );
}
