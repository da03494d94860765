import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { renderBootArea, type BootArea } from '../../../src/disks/boot-area.ts';
import { parseMbr } from '../../../src/disks/mbr.ts';

const MIB = 1024 * 1024;
const area: BootArea = {
  bootImage: Buffer.alloc(512, 0xb0),
  coreImage: Buffer.alloc(33_000, 0xc0),
  diskSignature: 0xdeadbeef,
  root: { offsetBytes: MIB, sizeBytes: 4095 * MIB },
};
const swap = { offsetBytes: MIB, sizeBytes: 256 * MIB };
const rootAfterSwap = { offsetBytes: 257 * MIB, sizeBytes: 3839 * MIB };

describe('renderBootArea', () => {
  test('boot code ends where the signature begins, the core image begins in the second sector', () => {
    const bytes = renderBootArea(area);
    expect(bytes).toHaveLength(512 + 33_000);
    expect(bytes.subarray(0, 440).every((byte) => byte === 0xb0)).toBe(true);
    expect(bytes.subarray(512).every((byte) => byte === 0xc0)).toBe(true);
    expect(bytes.readUInt32LE(440)).toBe(0xdeadbeef);
    expect(bytes.readUInt16LE(510)).toBe(0xaa55);
  });

  test.each([
    {
      parts: {},
      partitions: [{ bootable: true, type: 0x83, startSector: 2048, sectorCount: 4095 * 2048 }],
      because: 'the root alone is bootable',
    },
    {
      parts: { swap, root: rootAfterSwap },
      partitions: [
        { bootable: false, type: 0x82, startSector: 2048, sectorCount: 256 * 2048 },
        { bootable: true, type: 0x83, startSector: 257 * 2048, sectorCount: 3839 * 2048 },
      ],
      because: 'swap comes first, the root stays last',
    },
  ])('$because', ({ parts, partitions }) => {
    const table = parseMbr(renderBootArea({ ...area, ...parts }));
    expect(table).toEqual({ diskSignature: 0xdeadbeef, partitions });
  });

  test.each([
    { size: MIB - 512, fits: true, because: 'it may fill the gap' },
    { size: MIB - 511, fits: false, because: 'one byte more would be in the partition' },
  ])('a core image of $size bytes: $because', ({ size, fits }) => {
    const render = (): Buffer => renderBootArea({ ...area, coreImage: Buffer.alloc(size) });
    if (fits) expect(render()).toHaveLength(MIB);
    else expect(render).toThrow(expect.objectContaining({ code: 'E_BOOT_CODE_TOO_LARGE' }));
  });

  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  const sfdisk = spawnSync('sfdisk', ['--version'], { env }).error === undefined;
  if (!sfdisk)
    process.stderr.write('skipped: the partition table read by sfdisk, because it is not installed\n');
  (sfdisk ? test : test.skip)('sfdisk reads the same table', () => {
    const directory = mkdtempSync(join(tmpdir(), 'mintmark-mbr-'));
    try {
      const disk = join(directory, 'disk');
      writeFileSync(disk, renderBootArea({ ...area, swap, root: rootAfterSwap }));
      truncateSync(disk, 4096 * MIB);
      const { stdout } = spawnSync('sfdisk', ['--json', disk], { env, encoding: 'utf8' });
      expect(JSON.parse(stdout)).toMatchObject({
        partitiontable: {
          label: 'dos',
          id: '0xdeadbeef',
          partitions: [
            { start: 2048, size: 256 * 2048, type: '82' },
            { start: 257 * 2048, size: 3839 * 2048, type: '83', bootable: true },
          ],
        },
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
