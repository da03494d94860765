import { byFraction } from './conversion-progress.ts';
import type { ImageFormat } from './image-format.ts';
import { ovaOptions } from './open-image.ts';
import { writeOva } from './write-ova.ts';

/** OVA by our own writer: a streamOptimized VMDK with the description of its virtual machine. */
export const OVA: ImageFormat = {
  write: async (disk, outPath, recipe, { signal, onProgress, workers, script }) => {
    const { machine, firmware, secureBoot, createdSeconds } = recipe;
    await writeOva(disk, outPath, {
      machine: { ...machine, firmware, secureBoot, name: memberName(recipe.name) },
      modifiedSeconds: createdSeconds,
      signal,
      workers,
      script,
      onProgress: byFraction(onProgress),
    });
  },
  subformat: () => undefined,
  imageOptions: ovaOptions,
  isCheckable: true,
  cores: () => 'all',
  describe: () => [],
};

/** Names inside an archive are of letters, digits, dots, dashes and underscores. */
function memberName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'disk';
}
