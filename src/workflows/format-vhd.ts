import { byFraction } from './conversion-progress.ts';
import type { ImageFormat } from './image-format.ts';
import { imageOptions } from './image-options.ts';
import { writeDynamicVhd, writeFixedVhd } from './write-vhd.ts';

/** VHD by our own writer: qemu-img rounds sizes up, and XenServer refuses what it names as the creator. */
export const VHD: ImageFormat = {
  write: async (disk, outPath, { output, hypervisor, createdSeconds }, { signal, onProgress }) => {
    const options = { createdSeconds, signal, onProgress: byFraction(onProgress) };
    if (output.subformat === 'fixed') await writeFixedVhd(disk, outPath, options);
    else {
      const flavour = hypervisor === 'hyperv' ? 'hyperv' : 'xenserver';
      await writeDynamicVhd(disk, outPath, { ...options, flavour });
    }
  },
  subformat: ({ subformat }) => subformat ?? 'dynamic',
  imageOptions: (path) => imageOptions('vpc', path),
  isCheckable: false,
  cores: () => 'one',
  describe: ({ subformat }) => [subformat ?? 'dynamic'],
};
