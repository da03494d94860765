import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { isOuter, unpackImage } from '../../../src/workflows/unpack-image.ts';
import type { OuterFormat } from '../../../src/inspection/image-report.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('unpack');
const MIB = 1024 ** 2;

/** Data, four MiB of nothing, data that ends within a block, and a hole at the end. */
const IMAGE = Buffer.concat([randomBytes(70_001), Buffer.alloc(4 * MIB), randomBytes(33), Buffer.alloc(MIB)]);

const PACKERS: Readonly<Record<Exclude<OuterFormat, 'zip'>, readonly [string, ...string[]]>> = {
  gzip: ['gzip', '-c'],
  bzip2: ['bzip2', '-c'],
  xz: ['xz', '-1', '-c'],
  zstd: ['zstd', '-q', '-c'],
};
const READERS = ['lbzip2', 'xz', 'zstd', 'bzip2'];
const missing = READERS.filter((name) => spawnSync(name, ['--version']).error !== undefined);
if (missing.length > 0)
  process.stderr.write(`skipped: some containers: ${missing.join(', ')} not installed\n`);
const FORMATS = (['gzip', 'bzip2', 'xz', 'zstd'] as const).filter(
  (format) => format === 'gzip' || missing.length === 0,
);

async function pack(format: keyof typeof PACKERS, data: Buffer): Promise<string> {
  const [program, ...args] = PACKERS[format];
  const packed =
    format === 'gzip' ? gzipSync(data) : execFileSync(program, args, { input: data, maxBuffer: 64 * MIB });
  return scratch.write('image.packed', packed);
}

const unpack = async (path: string, format: OuterFormat): Promise<Buffer> => {
  await unpackImage(path, format, scratch.join('out'), new AbortController().signal);
  return readFileSync(scratch.join('out'));
};

describe('unpackImage', () => {
  test.each(FORMATS)('gives back what is in a %s, with holes for zeros', async (format) => {
    const path = await pack(format, IMAGE);
    expect((await unpack(path, format)).equals(IMAGE)).toBe(true);
    expect(statSync(scratch.join('out')).blocks * 512).toBeLessThan(MIB);
  });

  test.each(FORMATS)('a %s that is cut short is an image that cannot be read', async (format) => {
    const path = await pack(format, IMAGE);
    truncateSync(path, statSync(path).size - 2000);
    await expect(unpack(path, format)).rejects.toMatchObject({
      kind: 'image-test',
      code: 'E_IMAGE_UNREADABLE',
      message: expect.stringContaining(`${path} cannot be unpacked`),
    });
  });

  test('a gzip of another kind than what is there is told the same way', async () => {
    const path = await scratch.write('image.packed', deflateRawSync(IMAGE));
    await expect(unpack(path, 'gzip')).rejects.toMatchObject({ code: 'E_IMAGE_UNREADABLE' });
  });

  test('an empty file in it is an empty image', async () => {
    expect(await unpack(await pack('gzip', Buffer.alloc(0)), 'gzip')).toHaveLength(0);
  });

  test('nothing that is there is overwritten', async () => {
    const path = await pack('gzip', IMAGE);
    writeFileSync(scratch.join('out'), 'mine');
    await expect(unpack(path, 'gzip')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(scratch.join('out'), 'utf8')).toBe('mine');
  });
});

test.each([
  { format: 'gzip', outer: true },
  { format: 'zip', outer: true },
  { format: 'qcow2', outer: false },
  { format: 'ova', outer: false },
])('$format is a container around an image: $outer', ({ format, outer }) => {
  expect(isOuter(format)).toBe(outer);
});
