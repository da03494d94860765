import { describe, expect, test } from '@jest/globals';
import { isCpio, listCpio } from '../../../src/disks/cpio-names.ts';
import { renderCpio } from '../../../src/disks/cpio.ts';

const readAt =
  (bytes: Buffer) =>
  async (offset: number, length: number): Promise<Buffer> =>
    bytes.subarray(offset, offset + length);

const archive = renderCpio([
  { path: 'lib/modules/6.1/a.ko', data: 'module' },
  { path: 'lib/modules/6.1/b-c.ko.xz', data: 'x'.repeat(1001) },
  { path: 'init', data: '' },
]);

describe('listCpio', () => {
  test('names everything, and tells where the archive ends', async () => {
    expect(await listCpio(readAt(archive), 0)).toEqual({
      names: [
        'lib',
        'lib/modules',
        'lib/modules/6.1',
        'lib/modules/6.1/a.ko',
        'lib/modules/6.1/b-c.ko.xz',
        'init',
      ],
      end: archive.length,
    });
  });

  test('pads from its own beginning, wherever that is', async () => {
    const shifted = Buffer.concat([Buffer.alloc(510), archive]);
    const { names, end } = await listCpio(readAt(shifted), 510);
    expect([names.length, end]).toEqual([6, 510 + archive.length]);
  });

  test('never reads contents', async () => {
    const asked: number[] = [];
    await listCpio(async (offset, length) => {
      asked.push(length);
      return archive.subarray(offset, offset + length);
    }, 0);
    expect(Math.max(...asked)).toBeLessThan(111);
  });

  test.each<[because: string, spoil: (bytes: Buffer) => Buffer, message: RegExp]>([
    ['it is cut within a header', (bytes) => bytes.subarray(0, 50), /byte 0 is no cpio header/],
    ['its trailer is missing', (bytes) => bytes.subarray(0, bytes.length - 124), /is no cpio header/],
    ['a size is no number', (bytes) => bytes.fill('z', 54, 62), /byte 54 is no number/],
    ['a name has no length', (bytes) => bytes.fill('0', 94, 102), /byte 94 is a name of 0 bytes/],
    ['a name is longer than any', (bytes) => bytes.fill('f', 94, 102), /is a name of 4294967295 bytes/],
    ['a size leads past the end', (bytes) => bytes.fill('f', 54, 62), /is no cpio header/],
  ])('is refused when %s', async (_because, spoil, message) => {
    await expect(listCpio(readAt(spoil(Buffer.from(archive))), 0)).rejects.toThrow(message);
  });
});

test.each([
  ['070701', true],
  ['070702', true],
  ['070707', false],
  ['', false],
])('%j begins a cpio archive: %s', (text, expected) => {
  expect(isCpio(Buffer.from(text))).toBe(expected);
});
