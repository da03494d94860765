import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { hclLiteral, isCarriable, type HclValue } from '../../src/hcl/literal.ts';
import { readHcl } from '../../src/hcl/read.ts';

/** Strings of the pieces that HCL and Go templates give a meaning to, among ordinary and strange text. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '$',
        '%',
        '{',
        '}',
        '"',
        '\\',
        '\n',
        '\r',
        '${',
        '%{',
        '{{',
        '}}',
        '~',
        '$$',
        'EOT',
        '\u0001',
        '\u2028',
      ),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
  .filter(isCarriable);

const value: fc.Arbitrary<HclValue> = fc.letrec<{ tree: HclValue }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      tie('tree'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).tree;

test('any carriable string comes back from HCL as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 20 }), async (texts) => {
      const lines = texts.map((member, index) => `a${index} = ${hclLiteral(member)}\n`);
      expect(Object.values(await readHcl('x.pkr.hcl', lines.join('')))).toEqual(texts);
    }),
    { numRuns: 150 },
  );
});

test('any value comes back from HCL as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(value, async (tree) => {
      expect(await readHcl('x.pkr.hcl', `tree = ${hclLiteral(tree)}\n`)).toEqual({ tree });
    }),
    { numRuns: 300 },
  );
});
