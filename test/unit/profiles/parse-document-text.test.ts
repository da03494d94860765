import { describe, expect, test } from '@jest/globals';
import { parseDocumentText } from '../../../src/profiles/parse-document-text.ts';

describe('parseDocumentText', () => {
  test.each<[because: string, text: string, value: unknown]>([
    ['YAML', 'a: 1\nb: [x, y]\n', { a: 1, b: ['x', 'y'] }],
    ['JSON indented with tabs', '{\n\t"a": [\n\t\t1\n\t]\n}\n', { a: [1] }],
    ['quotes and template marks stay', `a: '"''\${x} {{y}} %{z} $HOME'\n`, { a: `"'\${x} {{y}} %{z} $HOME` }],
    ['emoji', 'a: 💿👩‍🔧\n', { a: '💿👩‍🔧' }],
    ['combining characters are not normalised', 'a: e\u0301\u212b\n', { a: 'e\u0301\u212b' }],
    ['a newline in a block', 'a: |\n  x\n  y\n', { a: 'x\ny\n' }],
    ['words that YAML 1.1 took for booleans', 'a: yes\nb: off\n', { a: 'yes', b: 'off' }],
    ['a byte order mark', '\ufeffa: 1\n', { a: 1 }],
    ['aliases repeat a value', 'a: &x [1]\nb: *x\n', { a: [1], b: [1] }],
    ['a key that touches prototypes is an ordinary key', '{"__proto__": 1}', JSON.parse('{"__proto__": 1}')],
    ['an empty text', '', null],
    ['300 KiB', `a: ${'x'.repeat(300 * 1024)}`, { a: 'x'.repeat(300 * 1024) }],
  ])('reads %s unchanged', (_because, text, value) => {
    const parsed = parseDocumentText(text);
    expect(parsed.faults).toEqual([]);
    expect(JSON.stringify(parsed.value)).toBe(JSON.stringify(value));
  });

  test.each<[because: string, text: string, faults: (string | RegExp)[]]>([
    ['a key twice', 'a: 1\na: 2\n', ['. line 2, column 1: Map keys must be unique']],
    ['a key twice in JSON', '{"a": 1, "a": 2}', ['. line 1, column 10: Map keys must be unique']],
    ['no YAML at all', 'a: [1', [/^\. line 1, column 6: Flow sequence/]],
    ['two documents', 'a: 1\n---\nb: 2\n', [/^\. line 2, column 1: .*multiple documents/]],
    ['an unknown tag', 'a: !vault x\n', ['. line 1, column 4: Unresolved tag: !vault']],
    ['binary', 'a: !!binary aGk=\n', ['.a must be text, a number, a list or a mapping']],
    ['a value in itself', 'a: &x [*x]\n', ['.a[0] contains itself']],
    [
      'NUL in a value',
      'a:\n  - "x\\0"\n',
      ['.a[0] holds a NUL character, which no program argument or environment can carry'],
    ],
    [
      'NUL in a key',
      '{"a\\u0000": 1}',
      ['.["a\\u0000"] holds a NUL character, which no program argument or environment can carry'],
    ],
    [
      'half a surrogate pair',
      '{"a": "\\ud800"}',
      ['.a holds half a surrogate pair, which has no UTF-8 form'],
    ],
  ])('refuses %s', (_because, text, faults) => {
    const found = parseDocumentText(text).faults.map(({ path, message }) => `${path} ${message}`);
    expect(found).toEqual(
      faults.map((fault): unknown => (typeof fault === 'string' ? fault : expect.stringMatching(fault))),
    );
  });

  test('refuses aliases that unfold into gigabytes', () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}*l${n}]`,
    );
    const { faults } = parseDocumentText(`l0: &l0 [x]\n${levels.join('\n')}\n`);
    expect(faults).toHaveLength(1);
  });
});
