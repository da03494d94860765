import { expect, test } from '@jest/globals';
import { parseTextPattern } from '../../../src/profiles/text-pattern.ts';

test.each<[because: string, wanted: string, text: string, expected: boolean | undefined]>([
  ['text is found as it stands', 'a.b', 'xa.by', true],
  ['a dot is a dot in text', 'a.b', 'axb', false],
  ['an expression between slashes', '/a.b/', 'axb', true],
  ['its anchors stand for lines', '/^two$/', 'one\ntwo\nthree', true],
  ['a path is no expression', '/usr', '/usr/bin', true],
  ['one slash is text', '/', 'a/b', true],
  ['two slashes are text, not an empty expression', '//', 'http://x', true],
  ['half a group is a fault', '/(/', '', undefined],
])('%s', (_because, wanted, text, expected) => {
  const pattern = parseTextPattern(wanted);
  expect(pattern.fault === undefined ? pattern.matches(text) : undefined).toBe(expected);
});
