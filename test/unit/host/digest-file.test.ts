import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { digestFile, sha256OfFile } from '../../../src/host/digest-file.ts';

let path = '';
beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'mintmark-digest-')), 'file');
});
afterAll(async () => {
  await rm(join(path, '..'), { recursive: true, force: true });
});

test.each([
  { length: 0, because: 'an empty file' },
  { length: 5, because: 'less than a chunk' },
  { length: 1024 * 1024, because: 'exactly a chunk' },
  { length: 2 * 1024 * 1024 + 1, because: 'a byte more than two chunks' },
])('digests of $length bytes: $because', async ({ length }) => {
  const data = Buffer.alloc(length, 'mintmark');
  await writeFile(path, data);
  const of = (algorithm: string): string => createHash(algorithm).update(data).digest('hex');
  expect(await digestFile(path)).toEqual({
    sizeBytes: length,
    sha256: of('sha256'),
    sha512: of('sha512'),
    md5: of('md5'),
  });
  expect(await sha256OfFile(path)).toBe(of('sha256'));
});

test('a signal stops it; a missing file is an error', async () => {
  await writeFile(path, 'x');
  await expect(digestFile(path, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  await expect(digestFile(`${path}-none`)).rejects.toMatchObject({ code: 'ENOENT' });
});
