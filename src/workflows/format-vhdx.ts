import { byFraction } from './conversion-progress.ts';
import type { ImageFormat } from './image-format.ts';
import { imageOptions } from './image-options.ts';
import { writeVhdx } from './write-vhdx.ts';

/** VHDX by qemu-img, its random identifiers replaced. */
export const VHDX: ImageFormat = {
  write: async (disk, outPath, _recipe, { run, signal, onProgress }) => {
    await writeVhdx(disk, outPath, { run, signal, onProgress: byFraction(onProgress) });
  },
  subformat: () => 'dynamic',
  imageOptions: (path) => imageOptions('vhdx', path),
  isCheckable: true,
  cores: () => 'one',
  describe: () => ['dynamic'],
};
