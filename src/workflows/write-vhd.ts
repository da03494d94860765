import { deriveUuidBytes } from '../values/derived-uuid.ts';
import { BLOCK_BYTES, HYPERV_CREATOR, XENSERVER_CREATOR, type VhdFooter } from '../disks/vhd-layout.ts';
import { checkVhdSize, vhdTimestamp } from '../disks/vhd-limits.ts';
import { DynamicVhdWriter, fixedVhdWriter, type VhdWriter } from '../disks/vhd-writer.ts';
import { writeImageFile } from '../host/image-file.ts';
import { copyBlocks, type BlockPlan } from './copy-blocks.ts';
import type { SourceDisk, WriteImageOptions } from './source-disk.ts';

/** How a fixed VHD is written. */
export interface WriteFixedVhdOptions extends WriteImageOptions {
  /**
   * When the disk says it was made, in seconds since 1970. XenServer refuses a time that its own clock has not reached
   * yet.
   */
  readonly createdSeconds: number;
}

/** How a dynamic VHD is written. */
export interface WriteDynamicVhdOptions extends WriteFixedVhdOptions {
  /** Whose disk it is to be: `xenserver` has libvhd's creator and batmap, `hyperv` Microsoft's creator and none. */
  readonly flavour: 'xenserver' | 'hyperv';
}

/**
 * Writes a disk as a dynamic VHD, with the blocks in the order of the disk and zeros left out. The same disk and
 * options give the same bytes. The file appears under its name only when it is complete; an older one is
 * replaced then.
 *
 * Raises `E_IMAGE_SIZE_UNSUPPORTED` for a size that is no whole MiB or above 2040 GiB, `E_IMAGE_TIME_UNSUPPORTED` for a
 * time before 2000, the system error of a file that cannot be read or written, and the signal's reason.
 */
export async function writeDynamicVhd(
  disk: SourceDisk,
  outPath: string,
  options: WriteDynamicVhdOptions,
): Promise<void> {
  checkVhdSize('dynamic', disk.virtualSizeBytes);
  const { flavour } = options;
  const creator = flavour === 'xenserver' ? XENSERVER_CREATOR : HYPERV_CREATOR;
  const footer = { ...describeDisk(disk, `${flavour} dynamic`, options), creator };
  await writeVhd(
    disk,
    outPath,
    new DynamicVhdWriter({ ...footer, batmap: flavour === 'xenserver' }),
    options,
  );
}

/**
 * Writes a disk as a fixed VHD, as Azure wants it: the raw disk, whole MiB, and a footer of 512 bytes. Holes stay
 * holes. Otherwise as {@link writeDynamicVhd}; the limit is 32 TiB.
 */
export async function writeFixedVhd(
  disk: SourceDisk,
  outPath: string,
  options: WriteFixedVhdOptions,
): Promise<void> {
  checkVhdSize('fixed', disk.virtualSizeBytes);
  const footer = { ...describeDisk(disk, 'fixed', options), creator: HYPERV_CREATOR };
  await writeVhd(disk, outPath, fixedVhdWriter(footer), options);
}

function describeDisk(
  { digest, virtualSizeBytes }: SourceDisk,
  kind: string,
  { createdSeconds }: WriteFixedVhdOptions,
): Omit<VhdFooter, 'kind' | 'creator'> {
  const uuid = deriveUuidBytes(`vhd ${kind} ${digest}`);
  return { virtualSizeBytes, timestamp: vhdTimestamp(createdSeconds), uuid };
}

async function writeVhd(
  disk: SourceDisk,
  outPath: string,
  writer: VhdWriter,
  options: WriteImageOptions,
): Promise<void> {
  await writeImageFile(outPath, async (target) => {
    const plan: BlockPlan = {
      blockBytes: BLOCK_BYTES,
      place: (block, data) => writer.addBlock(block, data),
    };
    await copyBlocks(disk, target, plan, options);
    for (const { offset, data } of writer.metadata()) await target.write(data, offset);
  });
}
