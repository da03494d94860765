import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { renderSwapHeader } from '../../../src/disks/swap-header.ts';

const MIB = 1024 * 1024;
const uuid = '01234567-89ab-8def-8123-456789abcdef';

describe('renderSwapHeader', () => {
  test('is one page with version, size, UUID and magic, and nothing else', () => {
    const page = renderSwapHeader({ uuid, sizeBytes: 16 * MIB });
    const expected = Buffer.alloc(4096);
    expected.set([1, 0, 0, 0, 0xff, 0x0f, 0, 0, 0, 0, 0, 0], 1024);
    expected.set(Buffer.from('0123456789ab8def8123456789abcdef', 'hex'), 1036);
    expected.set(Buffer.from('SWAPSPACE2'), 4086);
    expect(page).toEqual(expected);
  });

  test.each([
    { sizeBytes: MIB, lastPage: 255, because: 'the smallest that a profile can ask for' },
    { sizeBytes: 2 ** 18 * MIB, lastPage: 2 ** 26 - 1, because: 'the largest' },
    { sizeBytes: MIB + 4095, lastPage: 255, because: 'a page that is not whole does not count' },
  ])('$sizeBytes bytes end with page $lastPage: $because', ({ sizeBytes, lastPage }) => {
    expect(renderSwapHeader({ uuid, sizeBytes }).readUInt32LE(1028)).toBe(lastPage);
  });

  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  const blkid = spawnSync('blkid', ['-V'], { env }).error === undefined;
  if (!blkid) process.stderr.write('skipped: a swap header read by blkid, because it is not installed\n');
  (blkid ? test : test.skip)('blkid finds swap of this UUID', () => {
    const directory = mkdtempSync(join(tmpdir(), 'mintmark-swap-'));
    try {
      const partition = join(directory, 'partition');
      writeFileSync(partition, renderSwapHeader({ uuid, sizeBytes: MIB }));
      truncateSync(partition, MIB);
      const { stdout } = spawnSync('blkid', ['-p', '-o', 'export', partition], { env, encoding: 'utf8' });
      expect(stdout.split('\n')).toEqual(
        expect.arrayContaining([`UUID=${uuid}`, 'VERSION=1', 'TYPE=swap', 'USAGE=other']),
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
