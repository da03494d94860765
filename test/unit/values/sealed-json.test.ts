import { describe, expect, test } from '@jest/globals';
import { parseSealedJson, renderSealedJson } from '../../../src/values/sealed-json.ts';

interface Named {
  readonly name: string;
}
const isNamed = (value: object): value is Named => 'name' in value && typeof value.name === 'string';
const parse = (text: string): Named | undefined => parseSealedJson(text, isNamed);
const sealed = renderSealedJson({ name: 'x', list: [1, { a: null }] });

describe('sealed JSON', () => {
  test('comes back as it was', () => {
    expect(parse(sealed)).toEqual({ name: 'x', list: [1, { a: null }] });
  });

  test('may be laid out otherwise', () => {
    expect(parse(JSON.stringify(JSON.parse(sealed)))).toBeDefined();
  });

  test.each([
    { text: '', because: 'an empty file' },
    { text: sealed.slice(0, -5), because: 'cut short' },
    { text: sealed.replace('"x"', '"y"'), because: 'the value was changed' },
    { text: sealed.replace(/"sha256": "./, '"sha256": "!'), because: 'the digest was changed' },
    { text: 'null', because: 'no object' },
    { text: '{"name":"x"}', because: 'no seal' },
    {
      text: '{"sha256":"74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b","value":null}',
      because: 'sealed, but no object',
    },
    { text: renderSealedJson({ other: 1 }), because: 'another kind of document' },
    { text: '\0\0\0\0', because: 'what a power cut leaves' },
  ])('not believed: $because', ({ text }) => {
    expect(parse(text)).toBeUndefined();
  });
});
