import { byFraction } from './conversion-progress.ts';
import type { ImageFormat } from './image-format.ts';
import { imageOptions } from './image-options.ts';
import { writeStreamOptimizedVmdk } from './write-vmdk.ts';

/** VMDK for transport, streamOptimized, by our own writer: the end of qemu-img's confuses vSphere. */
export const VMDK: ImageFormat = {
  write: async (disk, outPath, { machine }, { signal, onProgress, workers, script }) => {
    const { hardwareVersion } = machine;
    // The format has no word for the paravirtual controller, whose disks are described as lsilogic's; see VmdkAdapter.
    const options = {
      adapter: 'lsilogic',
      hardwareVersion,
      signal,
      workers,
      script,
      onProgress: byFraction(onProgress),
    } as const;
    await writeStreamOptimizedVmdk(disk, outPath, options);
  },
  subformat: () => 'streamOptimized',
  imageOptions: (path) => imageOptions('vmdk', path),
  isCheckable: true,
  cores: () => 'all',
  describe: () => ['streamOptimized'],
};
