import { describe, expect, test } from '@jest/globals';
import { compareFiles, compareSizes, type FileRecord } from '../../../src/catalogue/compare-files.ts';
import { sampleFile } from './sample-releases.ts';

describe('compareFiles', () => {
  const link: Partial<FileRecord> = { type: 'symlink', linkTarget: 'b', sha256: undefined, size: 1 };
  test.each([
    { from: {}, to: {}, aspects: [], because: 'it is the same' },
    { from: {}, to: { sha256: 'f'.repeat(64) }, aspects: ['content'], because: 'the digest is another' },
    { from: {}, to: { mode: 0o4755 }, aspects: ['mode'], because: 'it became set-user-ID' },
    { from: { uid: 1 }, to: { uid: 0 }, aspects: ['owner'], because: 'another user' },
    { from: { gid: 1 }, to: { gid: 0 }, aspects: ['owner'], because: 'another group' },
    { from: {}, to: link, aspects: ['type'], because: 'a link took its place' },
    {
      from: link,
      to: { ...link, linkTarget: 'cc', size: 2 },
      aspects: ['link'],
      because: 'it points elsewhere',
    },
    { from: link, to: { mode: 0o600 }, aspects: ['type', 'mode'], because: 'a file took its place' },
    {
      from: {},
      to: { sha256: 'f'.repeat(64), mode: 0o600, gid: 5 },
      aspects: ['content', 'mode', 'owner'],
      because: 'all at once',
    },
  ])('$aspects: $because', ({ from, to, aspects }) => {
    const { changed, unchanged } = compareFiles([sampleFile('/a', 'a', from)], [sampleFile('/a', 'a', to)]);
    expect(changed.flatMap((change) => change.aspects)).toEqual(aspects);
    expect(unchanged).toBe(aspects.length === 0 ? 1 : 0);
  });

  test('files come and go in the order of paths, with what is known of them', () => {
    const { added, removed, changed, unchanged } = compareFiles(
      ['/z', '/b', '/same'].map((path) => sampleFile(path)),
      [
        sampleFile('/same'),
        sampleFile('/y'),
        sampleFile('/x', '', { type: 'fifo', sha256: undefined, mode: 0 }),
      ],
    );
    expect(added.map(({ path }) => path)).toEqual(['/x', '/y']);
    expect(added[0]).toEqual({ path: '/x', type: 'fifo', mode: '0000', uid: 0, gid: 0, sizeBytes: 0 });
    expect(removed.map(({ path }) => path)).toEqual(['/b', '/z']);
    expect({ changed, unchanged }).toEqual({ changed: [], unchanged: 1 });
  });
});

const sized = (path: string, size: number, type = 'file'): FileRecord => sampleFile(path, '', { size, type });

describe('compareSizes', () => {
  test('content is summed up for the first two levels, the largest difference first', () => {
    const from = [
      sized('/a', 1),
      sized('/usr/bin/x', 10),
      sized('/usr/lib/x/y/z', 5),
      sized('/var/log/a', 3),
    ];
    const to = [sized('/a', 1), sized('/usr/bin/x', 4), sized('/usr/lib/x/y/z', 15), sized('/srv/b', 3)];
    expect(compareSizes(from, to)).toEqual({
      contentBytes: { from: 19, to: 23 },
      directories: [
        { path: '/usr/lib', from: 5, to: 15 },
        { path: '/usr/bin', from: 10, to: 4 },
        { path: '/usr', from: 15, to: 19 },
        { path: '/srv', from: 0, to: 3 },
        { path: '/var', from: 3, to: 0 },
        { path: '/var/log', from: 3, to: 0 },
      ],
    });
  });

  test('links and directories hold no content', () => {
    const { contentBytes } = compareSizes([sized('/lib', 7, 'symlink')], [sized('/lib', 9, 'symlink')]);
    expect(contentBytes).toEqual({ from: 0, to: 0 });
  });
});

test('as many files as a large system has are compared at once', () => {
  const files = Array.from({ length: 60_000 }, (_, index) =>
    sized(`/usr/share/${index % 100}/${index}`, index),
  );
  const startedAt = performance.now();
  const { unchanged } = compareFiles(files, files.toReversed());
  compareSizes(files, files);
  expect(unchanged).toBe(files.length);
  expect(performance.now() - startedAt).toBeLessThan(2000);
});
