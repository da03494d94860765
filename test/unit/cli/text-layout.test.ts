import { describe, expect, test } from '@jest/globals';
import { layoutOf } from '../../../src/cli/stream-layout.ts';
import {
  alignRight,
  renderColumns,
  truncate,
  visibleLength,
  withoutControlCharacters,
} from '../../../src/cli/text-layout.ts';
import { wantsColor } from '../../../src/cli/text-style.ts';

describe('text layout', () => {
  test.each([
    { text: 'a\x1b[1;31mb\x1b[0m', clean: 'ab', because: 'colours are removed' },
    { text: 'a\x1b]0;title\x07b', clean: 'ab', because: 'so are titles' },
    { text: 'a\x1b]8;;http://x\x1b\\b', clean: 'ab', because: 'and links' },
    { text: 'a\r\nb\x00\x08c', clean: 'abc', because: 'and what moves the cursor' },
    { text: 'a\tb', clean: 'a b', because: 'a tab is a space' },
    { text: 'a\u009b31mb', clean: 'a31mb', because: 'the one-byte introducer loses its power' },
    { text: 'grün ✔', clean: 'grün ✔', because: 'letters and signs stay' },
  ])('withoutControlCharacters: $because', ({ text, clean }) => {
    expect(withoutControlCharacters(text)).toBe(clean);
  });

  test.each([
    { text: 'abc', width: 3, cut: 'abc', because: 'it fits' },
    { text: 'abcd', width: 3, cut: 'ab…', because: 'it does not' },
    { text: 'abcd', width: 0, cut: '', because: 'there is no room at all' },
    { text: '💿💿💿', width: 2, cut: '💿…', because: 'a character is never halved' },
  ])('truncate: $because', ({ text, width, cut }) => {
    expect(truncate(text, width)).toBe(cut);
  });

  test('colours take no room', () => {
    expect(visibleLength('\x1b[31mab\x1b[39m')).toBe(2);
    expect(alignRight('\x1b[31ma\x1b[39m', 'b', 5)).toBe('\x1b[31ma\x1b[39m   b');
  });

  test('two ends that do not fit stay two columns apart', () => {
    expect(alignRight('aaaa', 'bbbb', 5)).toBe('aaaa  bbbb');
  });

  test('columns are as wide as their widest cell, rows may be short', () => {
    expect(renderColumns([['a', 'b', 'c'], ['aaa', 'b'], ['x']], 1)).toEqual([' a    b  c', ' aaa  b', ' x']);
  });
});

describe('colours', () => {
  test.each([
    { terminal: true, option: false, environment: {}, wanted: true, because: 'a terminal has colours' },
    { terminal: false, option: false, environment: {}, wanted: false, because: 'a pipe has none' },
    { terminal: true, option: true, environment: {}, wanted: false, because: '--no-color' },
    { terminal: true, option: false, environment: { NO_COLOR: '1' }, wanted: false, because: 'NO_COLOR' },
    {
      terminal: true,
      option: false,
      environment: { NO_COLOR: '' },
      wanted: true,
      because: 'an empty NO_COLOR',
    },
    {
      terminal: true,
      option: false,
      environment: { TERM: 'dumb' },
      wanted: false,
      because: 'a dumb terminal',
    },
  ])('$because: $wanted', ({ terminal, option, environment, wanted }) => {
    expect(wantsColor(terminal, option, environment)).toBe(wanted);
  });

  test.each([
    { stream: { isTTY: true, columns: 72 }, width: 72, because: 'the terminal says so' },
    { stream: { isTTY: true, columns: 300 }, width: 110, because: 'longer lines are hard to follow' },
    { stream: { isTTY: true, columns: 0 }, width: 100, because: 'the terminal does not know' },
    { stream: {}, width: 100, because: 'a pipe has no width' },
  ])('a width of $width: $because', ({ stream, width }) => {
    expect(layoutOf(stream, false, {}).width).toBe(width);
  });
});
