import { describe, expect, test } from '@jest/globals';
import { planDiskLayout, rootPartitionNumber } from '../../../src/bases/disk-layout.ts';
import { MIB } from '../../../src/values/byte-size.ts';

describe('planDiskLayout', () => {
  test.each([
    {
      disk: { layout: 'bios', sizeMiB: 4096, swapMiB: 0 },
      layout: { table: 'mbr', diskBytes: 4096 * MIB, root: { offsetBytes: MIB, sizeBytes: 4095 * MIB } },
      because: 'boot code has the first MiB, the root the rest',
    },
    {
      disk: { layout: 'bios', sizeMiB: 2048, swapMiB: 512 },
      layout: {
        table: 'mbr',
        diskBytes: 2048 * MIB,
        swap: { offsetBytes: MIB, sizeBytes: 512 * MIB },
        root: { offsetBytes: 513 * MIB, sizeBytes: 1535 * MIB },
      },
      because: 'the root stays last, so that it can grow',
    },
    {
      disk: { layout: 'bios', sizeMiB: 257, swapMiB: 0 },
      layout: { table: 'mbr', diskBytes: 257 * MIB, root: { offsetBytes: MIB, sizeBytes: 256 * MIB } },
      because: 'the smallest root that is accepted',
    },
    {
      disk: { layout: 'uefi', sizeMiB: 4096, swapMiB: 0 },
      layout: {
        table: 'gpt',
        diskBytes: 4096 * MIB,
        esp: { offsetBytes: MIB, sizeBytes: 128 * MIB },
        root: { offsetBytes: 129 * MIB, sizeBytes: 3966 * MIB },
      },
      because: 'the last MiB is for the backup of the table',
    },
    {
      disk: { layout: 'hybrid', sizeMiB: 4096, swapMiB: 512 },
      layout: {
        table: 'gpt',
        diskBytes: 4096 * MIB,
        biosBoot: { offsetBytes: MIB, sizeBytes: MIB },
        esp: { offsetBytes: 2 * MIB, sizeBytes: 128 * MIB },
        swap: { offsetBytes: 130 * MIB, sizeBytes: 512 * MIB },
        root: { offsetBytes: 642 * MIB, sizeBytes: 3453 * MIB },
      },
      because: 'what boots comes first, the root last',
    },
  ] as const)('$because', ({ disk, layout }) => {
    expect(planDiskLayout(disk)).toEqual(layout);
  });

  test.each([
    { layout: 'bios', swapMiB: 0, number: 1 },
    { layout: 'bios', swapMiB: 8, number: 2 },
    { layout: 'uefi', swapMiB: 0, number: 2 },
    { layout: 'hybrid', swapMiB: 0, number: 3 },
    { layout: 'hybrid', swapMiB: 8, number: 4 },
  ] as const)('$layout with $swapMiB MiB of swap: the root is number $number', ({ number, ...disk }) => {
    expect(rootPartitionNumber(planDiskLayout({ ...disk, sizeMiB: 1024 }))).toBe(number);
  });

  test.each([
    { disk: { layout: 'bios', sizeMiB: 256, swapMiB: 0 }, says: '255 MiB', because: 'one MiB short' },
    { disk: { layout: 'bios', sizeMiB: 1024, swapMiB: 1024 }, says: '-1 MiB', because: 'swap takes all' },
    { disk: { layout: 'hybrid', sizeMiB: 386, swapMiB: 0 }, says: '255 MiB', because: 'ESP and its company' },
  ] as const)('refused: $because', ({ disk, says }) => {
    expect(() => planDiskLayout(disk)).toThrow(
      expect.objectContaining({ code: 'E_DISK_TOO_SMALL', message: expect.stringContaining(says) }),
    );
  });
});
