import { expect, test } from '@jest/globals';
import { parseOsRelease } from '../../../src/packages/os-release.ts';

test.each<[string, Record<string, string>, string]>([
  ['ID=debian\n', { ID: 'debian' }, 'bare words'],
  ['NAME="Debian GNU/Linux"\n', { NAME: 'Debian GNU/Linux' }, 'double quotes'],
  ['NAME=\'a "b" \\\'\n', { NAME: 'a "b" \\' }, 'single quotes keep all'],
  ['NAME="a \\"b\\" \\$c"  \n', { NAME: 'a "b" $c' }, 'backslashes inside double quotes'],
  ['# note\n\nA B=1\nID=x\nID=y\r\n', { ID: 'y' }, 'what is no assignment is ignored, the last one counts'],
  ['ID=', { ID: '' }, 'no value, no line end'],
])('%j', (text, expected) => {
  expect(parseOsRelease(text)).toEqual(expected);
});
