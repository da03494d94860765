import { expect, test } from '@jest/globals';
import { ordinal, slugOf } from '../../../src/packer/planned-file.ts';

test.each([
  ['Configure the Server', 'configure-the-server'],
  ['../../etc/passwd', 'etc-passwd'],
  ['Größe ☕', 'gro-e'],
  ['☕', 'step'],
  ['...', 'step'],
  ['x'.repeat(60), 'x'.repeat(40)],
])('%j becomes %j', (text, slug) => {
  expect(slugOf(text)).toBe(slug);
});

test('numbers are as wide as the last one', () => {
  expect([ordinal(7, 12), ordinal(7, 120)]).toEqual(['07', '007']);
});
