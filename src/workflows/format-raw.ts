import { convertWithQemuImg } from './convert-with-qemu-img.ts';
import type { ImageFormat } from './image-format.ts';
import { imageOptions } from './image-options.ts';

/** The disk as it is, with holes where it holds nothing. */
export const RAW: ImageFormat = {
  write: async (disk, outPath, _recipe, { run, signal, onProgress }) => {
    const conversion = { sourcePath: disk.path, outPath, format: 'raw' as const };
    await convertWithQemuImg(conversion, { run, signal, onFraction: onProgress });
  },
  subformat: () => undefined,
  imageOptions: (path) => imageOptions('raw', path),
  isCheckable: false,
  cores: () => 'one',
  describe: () => [],
};
