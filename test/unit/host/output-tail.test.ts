import { expect, test } from '@jest/globals';
import { OutputTail } from '../../../src/host/output-tail.ts';

test.each([
  { pieces: [], text: '', because: 'nothing was written' },
  { pieces: ['ab', 'c'], text: 'abc', because: 'little is kept whole' },
  { pieces: ['abcd', 'ef'], text: 'cdef', because: 'of more, the end' },
  { pieces: ['abcdefghi', 'j'], text: 'ghij', because: 'a piece may be longer than the limit' },
  { pieces: 'abcdefghijklm'.split(''), text: 'jklm', because: 'however it is cut up' },
])('keeps $text: $because', ({ pieces, text }) => {
  const tail = new OutputTail(4);
  for (const piece of pieces) tail.push(piece);
  expect(tail.text()).toBe(text);
});
