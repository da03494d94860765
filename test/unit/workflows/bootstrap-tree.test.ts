import { describe, expect, test } from '@jest/globals';
import { GIB } from '../../../src/values/byte-size.ts';
import { installedBytes, memoryForTreeBytes } from '../../../src/workflows/bootstrap-tree.ts';

describe('what packages come to when they are installed', () => {
  test.each([
    { index: '', kib: 0, because: 'no packages' },
    {
      index: 'Package: a\nInstalled-Size: 12\n\nPackage: b\nInstalled-Size: 30\n',
      kib: 42,
      because: 'a sum',
    },
    { index: 'Package: a\ninstalled-size:\t7\n', kib: 7, because: 'field names have no case' },
    { index: 'Package: a\n\nPackage: b\nInstalled-Size: 1\n', kib: 1, because: 'one does not say' },
    {
      index: 'Package: a\nDescription: x\n Installed-Size: 99\nInstalled-Size: 2\n',
      kib: 2,
      because: 'a line that goes on is text',
    },
    { index: 'Package: a\nInstalled-Size: many\n', kib: 0, because: 'no number' },
  ])('$kib KiB: $because', ({ index, kib }) => {
    expect(installedBytes(index)).toBe(kib * 1024);
  });

  test('three times that fits beside a gibibyte, else the tree is made on disk', () => {
    expect(memoryForTreeBytes(2 * GIB)).toBe(7 * GIB);
  });
});
