import { readdir, stat } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { partialDirectory, removeRejected, sweepPartials } from '../../../src/workflows/partial-downloads.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('partial');
const DAY_MS = 24 * 60 * 60_000;
const own = (): string => scratch.join('apt/own');
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);
const namesIn = async (root: string): Promise<string[]> =>
  (await readdir(partialDirectory(scratch.join(`apt/${root}`)))).toSorted();

async function plant(root: string, name: string, size = 10): Promise<void> {
  await scratch.write(`apt/${root}/cache/archives/partial/${name}`, 'x'.repeat(size));
}

describe('sweepPartials', () => {
  test.each([
    { days: 0, kept: ['a'], because: 'the next run may go on with it' },
    { days: 2, kept: ['a'], because: 'a weekend passes' },
    { days: 4, kept: [], because: 'nobody went on with it' },
  ])('after $days days: $because', async ({ days, kept }) => {
    await plant('own', 'a');
    await plant('other', 'a');
    await sweepPartials(scratch.path, own(), inDays(days));
    expect([await namesIn('own'), await namesIn('other')]).toEqual([kept, kept]);
  });

  test('keeps the newest of too many, and leaves another root, where somebody may be at work', async () => {
    for (const name of ['first', 'second', 'third']) {
      await plant('own', name);
      await plant('other', name);
      const { ctimeMs } = await stat(scratch.join(`apt/own/cache/archives/partial/${name}`));
      while (Date.now() <= ctimeMs + 5) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await sweepPartials(scratch.path, own(), inDays(0), { ageMs: DAY_MS, bytes: 25 });
    expect(await namesIn('own')).toEqual(['second', 'third']);
    expect(await namesIn('other')).toHaveLength(3);
  });

  test('a cache without apt roots, or without partial files, is fine', async () => {
    await sweepPartials(scratch.path, own(), inDays(0));
    await scratch.write('apt/host/pkgcache.bin', '');
    await sweepPartials(scratch.path, own(), inDays(0));
    expect(await readdir(scratch.join('apt'))).toEqual(['host']);
  });
});

test('what apt put aside goes, what may be gone on with stays', async () => {
  await plant('own', 'a');
  await plant('own', 'b.FAILED');
  await removeRejected(partialDirectory(own()));
  expect(await namesIn('own')).toEqual(['a']);
});
