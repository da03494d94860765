import { crc32 } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { combineCrc32 } from '../../../src/disks/crc32.ts';

test.each<[string, number, number, number, number]>([
  ['the check value of CRC-32 in two parts', crc32('1234'), crc32('56789'), 5, 0xcbf43926],
  ['nothing after something', 0xcbf43926, 0, 0, 0xcbf43926],
  ['something after nothing', 0, 0xcbf43926, 9, 0xcbf43926],
])('%s', (_title, first, second, secondBytes, whole) => {
  expect(combineCrc32(first, second, secondBytes)).toBe(whole);
});

test('a length whose bits pass 32 is no shorter one', () => {
  // 2 to the 29 bytes are 2 to the 32 bits; moving on twice by half of it is the same.
  const half = combineCrc32(0xcbf43926, 0, 2 ** 28);
  expect(combineCrc32(half, 0, 2 ** 28)).toBe(combineCrc32(0xcbf43926, 0, 2 ** 29));
  expect(combineCrc32(0xcbf43926, 0, 2 ** 29)).not.toBe(0xcbf43926);
});
