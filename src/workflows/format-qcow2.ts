import { byFraction } from './conversion-progress.ts';
import type { ImageFormat } from './image-format.ts';
import { imageOptions } from './image-options.ts';
import { convertWithQemuImg } from './convert-with-qemu-img.ts';
import { writeCompressedQcow2 } from './write-qcow2.ts';

/** qcow2: zlib by our own writer, which deflates on several cores where qemu-img uses one; the rest by qemu-img. */
export const QCOW2: ImageFormat = {
  write: async (disk, outPath, { output }, { run, signal, onProgress, workers, script }) => {
    const { compression, compat = '1.1' } = output;
    if (compression === 'zlib') {
      await writeCompressedQcow2(disk, outPath, {
        compat,
        signal,
        workers,
        script,
        onProgress: byFraction(onProgress),
      });
      return;
    }
    const shape = compression === 'none' ? { compat } : { compat, compression };
    const conversion = { sourcePath: disk.path, outPath, format: 'qcow2' as const, ...shape };
    await convertWithQemuImg(conversion, { run, signal, onFraction: onProgress });
  },
  subformat: () => undefined,
  imageOptions: (path) => imageOptions('qcow2', path),
  isCheckable: true,
  cores: ({ compression }) => (compression === 'zlib' ? 'all' : 'one'),
  describe: ({ compression, compat }) => [
    ...(compression === 'none' ? [] : [compression]),
    `compat ${compat ?? '1.1'}`,
  ],
};
