import type { ImageFormat } from './image-format.ts';
import { imageOptions } from './image-options.ts';
import { writeVhdx } from './write-vhdx.ts';

/** VHDX by qemu-img, its random identifiers replaced. */
export const VHDX: ImageFormat = {
  write: async (disk, outPath, _recipe, { run, signal, onProgress }) => {
    const onBytes = (done: number, total: number): void => onProgress(total === 0 ? 1 : done / total);
    await writeVhdx(disk, outPath, { run, signal, onProgress: onBytes });
  },
  subformat: () => 'dynamic',
  imageOptions: (path) => imageOptions('vhdx', path),
  isCheckable: true,
  cores: () => 'one',
  describe: () => ['dynamic'],
};
