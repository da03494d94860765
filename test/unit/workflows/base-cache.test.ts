import { mkdir, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import {
  basePath,
  boundCache,
  CACHE_LIMIT_BYTES,
  cacheLimitBytes,
  entryDirectory,
  readBaseEntry,
  storeBase,
  takeBase,
} from '../../../src/workflows/base-cache.ts';
import { plantBase } from './sample-base.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('base-cache');
const cache = (): string => scratch.join('cache');
const target = (): string => scratch.join('copy');

const place = (name: string): string => `${entryDirectory(cache(), 'key')}/${name}`;

describe('takeBase', () => {
  test('gives checked copies of every file, and says what they are', async () => {
    const entry = await plantBase(cache(), 'key');
    const base = await takeBase(cache(), 'key', target());
    expect(base?.entry).toEqual(entry);
    expect(await scratch.read('copy/base.qcow2')).toBe('the disk');
    expect((await readdir(target())).toSorted()).toEqual([
      'base.qcow2',
      'changelogs.tar.zst',
      'entry.json',
      'microvm.cpio.gz',
      'vmlinuz',
    ]);
    expect(base && basePath(base, 'kernel')).toBe(scratch.join('copy/vmlinuz'));
  });

  test('what becomes of the cache afterwards does not matter', async () => {
    await plantBase(cache(), 'key');
    await takeBase(cache(), 'key', target());
    await rm(cache(), { recursive: true });
    expect(await scratch.read('copy/base.qcow2')).toBe('the disk');
  });

  test.each([
    { damage: () => truncate(place('base.qcow2'), 3), because: 'the disk was cut short' },
    { damage: () => writeFile(place('base.qcow2'), 'thf disk'), because: 'one bit of the disk was flipped' },
    { damage: () => writeFile(place('vmlinuz'), ''), because: 'the kernel is empty' },
    { damage: () => rm(place('microvm.cpio.gz')), because: 'the initramfs is gone' },
    { damage: () => rm(place('changelogs.tar.zst')), because: 'the changelogs are gone' },
    { damage: () => writeFile(place('entry.json'), '{"sha'), because: 'the entry was cut short' },
    { damage: () => writeFile(place('entry.json'), Buffer.alloc(300, 7)), because: 'the entry is garbage' },
    { damage: () => rm(place('entry.json')), because: 'the entry is gone' },
    { damage: () => rm(place(''), { recursive: true }), because: 'everything is gone' },
    {
      damage: async () => {
        await rm(place('vmlinuz'));
        await mkdir(place('vmlinuz'));
      },
      because: 'a directory stands where the kernel was',
    },
  ])('a miss, and the damage removed: $because', async ({ damage }) => {
    await plantBase(cache(), 'key');
    await damage();
    expect(await takeBase(cache(), 'key', target())).toBeUndefined();
    await expect(readdir(entryDirectory(cache(), 'key'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a copy that cannot be written is no damage of the cache', async () => {
    await plantBase(cache(), 'key');
    await mkdir(scratch.join('copy/base.qcow2'), { recursive: true });
    await expect(takeBase(cache(), 'key', target())).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await readBaseEntry(cache(), 'key')).toBeDefined();
  });

  test('an interruption is no damage of the cache', async () => {
    await plantBase(cache(), 'key');
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(takeBase(cache(), 'key', target(), signal)).rejects.toThrow('stop');
    expect(await readBaseEntry(cache(), 'key')).toBeDefined();
  });
});

test('storeBase takes the place of an older entry', async () => {
  await plantBase(cache(), 'key');
  await scratch.write('work/entry/entry.json', 'new');
  await storeBase(cache(), 'key', scratch.join('work/entry'));
  expect(await scratch.read('cache/bases/key/entry.json')).toBe('new');
  expect(await readdir(entryDirectory(cache(), 'key'))).toEqual(['entry.json']);
});

/** Things of 64 KiB, the first used last. */
async function plant(...names: string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    const path = await scratch.write(`cache/${name}`, Buffer.alloc(64 * 1024, 1));
    const used = new Date(Date.UTC(2026, 10, 21) - index * 1000);
    await utimes(path, used, used);
    if (name.startsWith('bases/')) await utimes(scratch.join('cache', name, '..'), used, used);
  }
}

const left = async (directory: string): Promise<string[]> =>
  (await readdir(scratch.join('cache', directory)).catch((): string[] => [])).toSorted();

describe('boundCache', () => {
  test.each([
    { limitKiB: 1000, keep: [], bases: ['a', 'b'], debs: ['1', '2'], because: 'everything fits' },
    {
      limitKiB: 140,
      keep: [],
      bases: ['a'],
      debs: ['1'],
      because: 'the least recently used go, bases and packages alike',
    },
    {
      limitKiB: 140,
      keep: ['b'],
      bases: ['a', 'b'],
      debs: [],
      because: 'what is in use stays, and counts first',
    },
    {
      limitKiB: 1,
      keep: ['a'],
      bases: ['a'],
      debs: [],
      because: 'what is in use stays even when it alone is too much',
    },
  ])('$limitKiB KiB: $because', async ({ limitKiB, keep, bases, debs }) => {
    await plant('bases/a/disk', 'debs/1', 'bases/b/disk', 'debs/2');
    await boundCache(cache(), keep, limitKiB * 1024);
    expect({ bases: await left('bases'), debs: await left('debs') }).toEqual({ bases, debs });
  });

  test('resolved closures count, package indices and work in progress do not', async () => {
    await plant('apt/root/closures/x.json', 'apt/root/lists/index', 'work/one/file');
    await boundCache(cache(), [], 1);
    expect(await left('apt/root/closures')).toEqual([]);
    expect(await left('apt/root/lists')).toEqual(['index']);
    expect(await left('work/one')).toEqual(['file']);
  });

  test('an empty cache, or none, is within its bounds', async () => {
    await expect(boundCache(cache(), [])).resolves.toBeUndefined();
  });
});

describe('cacheLimitBytes', () => {
  test.each([
    { text: undefined, bytes: CACHE_LIMIT_BYTES, because: 'nothing was said' },
    { text: '', bytes: CACHE_LIMIT_BYTES, because: 'nothing was said' },
    { text: '2', bytes: 2 * 1024 ** 3, because: 'whole numbers' },
    { text: '0.5', bytes: 1024 ** 3 / 2, because: 'and parts' },
  ])('$text: $because', ({ text, bytes }) => {
    expect(cacheLimitBytes({ MINTMARK_CACHE_MAX_GIB: text })).toBe(bytes);
  });

  test.each(['0', '-1', 'lots', '1e3', '20GiB'])('%s is refused', (text) => {
    expect(() => cacheLimitBytes({ MINTMARK_CACHE_MAX_GIB: text })).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'E_CACHE_LIMIT' }),
    );
  });
});
