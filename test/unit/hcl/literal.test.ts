import { describe, expect, test } from '@jest/globals';
import {
  carriageOf,
  escapeGoTemplate,
  hclComment,
  hclLiteral,
  isCarriable,
  LITERAL_LIMIT_BYTES,
  type HclValue,
} from '../../../src/hcl/literal.ts';
import { hclReference, hclTemplate } from '../../../src/hcl/template.ts';

describe('hclLiteral', () => {
  const rows: { value: HclValue; literal: string; because: string }[] = [
    { value: 'plain', literal: '"plain"', because: 'a string is quoted' },
    {
      value: 'say "hi"\\',
      literal: String.raw`"say \"hi\"\\"`,
      because: 'quote and backslash end or bend a string',
    },
    { value: '${x}', literal: '"$${x}"', because: '${ would begin an interpolation' },
    { value: '$${x}', literal: '"$$${x}"', because: 'a dollar before an interpolation stays a dollar' },
    { value: '%{if}', literal: '"%%{if}"', because: '%{ would begin a directive' },
    { value: '$ % {', literal: '"$ % {"', because: 'single marks mean nothing' },
    { value: '{{ .X }}', literal: '"{{ .X }}"', because: 'Go templates are no business of HCL' },
    { value: 'a\nb\r\n\t', literal: String.raw`"a\nb\r\n\t"`, because: 'a quoted string is one line' },
    {
      value: '\u0001\u007f\u0085',
      literal: String.raw`"\u0001\u007f\u0085"`,
      because: 'control characters stay visible',
    },
    {
      value: '\u202e\u2028\ufeff',
      literal: String.raw`"\u202e\u2028\ufeff"`,
      because: 'nothing in the file may reorder or hide text',
    },
    {
      value: '\u{e0001}',
      literal: String.raw`"\U000e0001"`,
      because: 'beyond 16 bits HCL wants eight digits',
    },
    { value: 'é 😀', literal: '"é 😀"', because: 'what a person can read stays as it is' },
    { value: 1.5, literal: '1.5', because: 'numbers are bare' },
    { value: true, literal: 'true', because: 'so are booleans' },
    { value: null, literal: 'null', because: 'and null' },
    { value: [], literal: '[]', because: 'an empty list has no lines' },
    { value: ['a', 1], literal: '["a", 1]', because: 'a list of plain values takes one line' },
    {
      value: [['-a', 'b']],
      literal: '[\n  ["-a", "b"],\n]',
      because: 'a nested list takes a line for each member',
    },
    {
      value: { 'a b': 1, '${k}': 'v' },
      literal: '{\n  "a b" = 1\n  "$${k}" = "v"\n}',
      because: 'keys are strings too',
    },
    { value: hclReference('var.x'), literal: 'var.x', because: 'a lone reference needs no quotes' },
    {
      value: hclTemplate`a"${hclReference('var.x')}${'${y}'}`,
      literal: String.raw`"a\"${'${var.x}'}$${'${y}'}"`,
      because: 'only the reference is live',
    },
  ];
  test.each(rows)('$literal because $because', ({ value, literal }) => {
    expect(hclLiteral(value)).toBe(literal);
  });

  test('a nested list is indented from where it begins', () => {
    expect(hclLiteral([['x']], 1)).toBe('[\n    ["x"],\n  ]');
  });

  test.each(['\0', 'e\u0301', '\ud800'])(
    'refuses to write %j, which Packer would read differently',
    (text) => {
      expect(() => hclLiteral(text)).toThrow(/HCL literal/);
    },
  );

  test('refuses numbers that HCL lacks, and references that are code', () => {
    expect(() => hclLiteral(Number.NaN)).toThrow(/no number/);
    expect(() => hclReference('file("/etc/passwd")')).toThrow(/not an HCL reference/);
  });
});

describe('carriageOf', () => {
  const rows: { text: string; way: string; because: string }[] = [
    { text: '', way: 'literal', because: 'nothing is easy to carry' },
    { text: 'é', way: 'literal', because: 'normal form C is what HCL keeps' },
    { text: 'e\u0301', way: 'file', because: 'HCL would join the letter and its accent' },
    { text: 'A=\u0338', way: 'file', because: 'an accent can join the equals sign before it' },
    { text: 'x'.repeat(LITERAL_LIMIT_BYTES), way: 'literal', because: 'the limit itself fits' },
    { text: '€'.repeat(LITERAL_LIMIT_BYTES / 3 + 1), way: 'file', because: 'bytes count, not characters' },
    { text: 'a\0b', way: 'refused', because: 'no program can receive NUL' },
    { text: '\udc00', way: 'refused', because: 'half a character has no UTF-8' },
  ];
  test.each(rows)('$way because $because', ({ text, way }) => {
    expect(carriageOf(text).way).toBe(way);
    expect(isCarriable(text)).toBe(way === 'literal');
  });
});

test('a comment never grows a second line', () => {
  expect(hclComment(' tea\n} evil\u2028\u202e\t☕ ')).toBe('tea } evil ☕');
});

test('what Go templates would read as an action is written as one that prints it', () => {
  expect(escapeGoTemplate('{{ .X }} {{{')).toBe('{{ "{{" }} .X }} {{ "{{" }}{');
});
