import { describe, expect, test } from '@jest/globals';
import { planBiosLayout } from '../../../src/bases/bios-layout.ts';
import { MIB } from '../../../src/values/byte-size.ts';

describe('planBiosLayout', () => {
  test.each([
    {
      disk: { sizeMiB: 4096, swapMiB: 0 },
      layout: { diskBytes: 4096 * MIB, root: { offsetBytes: MIB, sizeBytes: 4095 * MIB } },
      because: 'boot code has the first MiB, the root the rest',
    },
    {
      disk: { sizeMiB: 2048, swapMiB: 512 },
      layout: {
        diskBytes: 2048 * MIB,
        swap: { offsetBytes: MIB, sizeBytes: 512 * MIB },
        root: { offsetBytes: 513 * MIB, sizeBytes: 1535 * MIB },
      },
      because: 'the root stays last, so that it can grow',
    },
    {
      disk: { sizeMiB: 257, swapMiB: 0 },
      layout: { diskBytes: 257 * MIB, root: { offsetBytes: MIB, sizeBytes: 256 * MIB } },
      because: 'the smallest root that is accepted',
    },
  ])('$because', ({ disk, layout }) => {
    expect(planBiosLayout(disk)).toEqual(layout);
  });

  test.each([
    { disk: { sizeMiB: 256, swapMiB: 0 }, says: '255 MiB', because: 'one MiB short' },
    { disk: { sizeMiB: 1024, swapMiB: 1024 }, says: '-1 MiB', because: 'swap takes all' },
  ])('refused: $because', ({ disk, says }) => {
    expect(() => planBiosLayout(disk)).toThrow(
      expect.objectContaining({ code: 'E_DISK_TOO_SMALL', message: expect.stringContaining(says) }),
    );
  });
});
