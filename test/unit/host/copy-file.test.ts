import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { copyAndDigest } from '../../../src/host/copy-file.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-copy-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const from = (): string => join(directory, 'from');
const to = (): string => join(directory, 'to');
const CHUNK = 4 * 1024 * 1024;

describe('copyAndDigest', () => {
  test.each([
    { size: 0, because: 'nothing to copy' },
    { size: 1, because: 'less than a chunk' },
    { size: CHUNK, because: 'exactly one chunk' },
    { size: 2 * CHUNK + 3, because: 'some chunks and a rest' },
  ])('$size bytes: $because', async ({ size }) => {
    const data = Buffer.alloc(size, 'mintmark');
    await writeFile(from(), data);
    const sha256 = createHash('sha256').update(data).digest('hex');
    expect(await copyAndDigest(from(), to())).toEqual({ sha256, sizeBytes: size });
    expect((await readFile(to())).equals(data)).toBe(true);
  });

  test('a longer file at the destination is replaced wholly', async () => {
    await writeFile(from(), 'new');
    await writeFile(to(), 'old and longer');
    await copyAndDigest(from(), to());
    expect(await readFile(to(), 'utf8')).toBe('new');
    expect((await stat(to())).mode & 0o777).toBe(0o644);
  });

  test.each([
    { prepare: async () => {}, code: 'ENOENT', path: from, because: 'nothing to copy from' },
    { prepare: () => mkdir(from()), code: 'EISDIR', path: undefined, because: 'a directory is no file' },
    {
      prepare: async () => {
        await writeFile(from(), 'x');
        await mkdir(to());
      },
      code: 'EISDIR',
      path: to,
      because: 'the destination is a directory; the error names it',
    },
  ])('$code: $because', async ({ prepare, code, path }) => {
    await prepare();
    await expect(copyAndDigest(from(), to())).rejects.toMatchObject({
      code,
      ...(path === undefined ? {} : { path: path() }),
    });
  });

  test('stops when it is told to', async () => {
    await writeFile(from(), 'x');
    await expect(copyAndDigest(from(), to(), AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });
});
