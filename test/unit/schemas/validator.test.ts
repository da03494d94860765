import { describe, expect, test } from '@jest/globals';
import { compileSchema } from '../../../src/schemas/validator.ts';

const target = {
  type: 'object',
  properties: {
    format: { enum: ['qcow2', 'raw'] },
    sizeMiB: { type: 'integer', minimum: 64, maximum: 1024 },
  },
  additionalProperties: false,
};

const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 8 },
    path: { type: 'string', pattern: '^/', 'x-expects': 'an absolute path' },
    bare: { type: 'string', pattern: '^x' },
    kind: { const: 'vm' },
    even: { type: 'integer', multipleOf: 2 },
    list: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 2, uniqueItems: true },
    targets: { type: 'array', items: { $ref: '#/$defs/target' } },
    extends: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    env: {
      type: 'object',
      propertyNames: { pattern: '^[A-Z]+$', 'x-expects': 'capital letters' },
      additionalProperties: {
        anyOf: [
          { type: 'string' },
          {
            type: 'object',
            properties: { fromEnv: { type: 'string' }, secret: { const: true } },
            required: ['fromEnv', 'secret'],
            additionalProperties: false,
          },
        ],
      },
    },
    steps: {
      type: 'array',
      items: {
        oneOf: [
          {
            type: 'object',
            properties: { type: { const: 'shell' }, script: { type: 'string' } },
            required: ['type', 'script'],
            additionalProperties: false,
          },
          {
            type: 'object',
            properties: { type: { const: 'file' }, source: { type: 'string' } },
            required: ['type', 'source'],
            additionalProperties: false,
          },
        ],
      },
    },
    gated: { type: 'integer' },
  },
  additionalProperties: false,
  if: { required: ['gated'] },
  // oxlint-disable-next-line unicorn/no-thenable -- a JSON Schema keyword
  then: { required: ['name'] },
  $defs: { target },
};

const check = compileSchema(schema);
const lines = (value: unknown): string[] => check(value).map((fault) => `${fault.path} ${fault.message}`);

describe('compileSchema', () => {
  test.each<[because: string, value: unknown, expected: string[]]>([
    ['a valid document has no faults', { name: 'kvm', targets: [{ format: 'raw' }] }, []],
    ['a near-miss key is suggested', { nmae: 'kvm' }, ['.nmae unknown key; did you mean name?']],
    ['a far-off key gets no guess', { zebra: 1 }, ['.zebra unknown key']],
    [
      'keys that are no identifiers are quoted as jq does',
      { 'a b': 1, targets: [{ 'x/y~': 1 }] },
      ['.["a b"] unknown key', '.targets[0]["x/y~"] unknown key'],
    ],
    [
      'all faults are reported, with list indexes',
      { targets: [{ format: 'qcow', sizeMib: 1 }] },
      [
        '.targets[0].sizeMib unknown key; did you mean sizeMiB?',
        '.targets[0].format must be one of qcow2, raw; found "qcow"',
      ],
    ],
    [
      'a wrong type is named in words',
      { targets: [{ sizeMiB: 'abc' }] },
      ['.targets[0].sizeMiB must be a whole number; found "abc"'],
    ],
    ['bounds are told', { targets: [{ sizeMiB: 1 }] }, ['.targets[0].sizeMiB must be at least 64; found 1']],
    [
      'an upper bound too',
      { targets: [{ sizeMiB: 1e6 }] },
      ['.targets[0].sizeMiB must be at most 1024; found 1000000'],
    ],
    ['a document that is no mapping', [], ['. must be a mapping; found an empty list']],
    ['null is what an empty YAML value gives', { name: null }, ['.name must be text; found nothing (null)']],
    ['a pattern speaks through x-expects', { path: 'etc' }, ['.path must be an absolute path; found "etc"']],
    ['a pattern without words shows itself', { bare: 'y' }, ['.bare must match ^x; found "y"']],
    ['a constant', { kind: 'disk' }, ['.kind must be vm; found "disk"']],
    ['a multiple', { even: 3 }, ['.even must be a multiple of 2; found 3']],
    ['empty text', { name: '' }, ['.name must not be empty']],
    [
      'long text is counted in characters',
      { name: '💿💿💿💿💿💿💿💿💿' },
      ['.name must have at most 8 characters; found 9'],
    ],
    ['an empty list', { list: [] }, ['.list must not be empty']],
    ['a long list', { list: ['a', 'b', 'c'] }, ['.list must have at most 2 entries; found 3']],
    ['entries that repeat', { list: ['a', 'a'] }, ['.list must not hold an entry twice; [1] equals [0]']],
    ['no form fits: what would', { extends: 3 }, ['.extends must be text or a list; found 3']],
    ['the meant form explains itself', { extends: ['a', 1] }, ['.extends[1] must be text; found 1']],
    ['a key of a meant form', { env: { A: { fromEnv: 'B', secret: true, x: 1 } } }, ['.env.A.x unknown key']],
    ['a missing key of a meant form', { env: { A: { fromEnv: 'B' } } }, ['.env.A.secret missing']],
    ['a wrong key name is told once', { env: { a: 'x' } }, ['.env.a must be capital letters; found "a"']],
    ['a selector picks the form', { steps: [{ type: 'shell' }] }, ['.steps[0].script missing']],
    [
      'an unknown selector lists the forms',
      { steps: [{ type: 'shel', script: 'x' }] },
      ['.steps[0].type must be one of shell, file; found "shel"'],
    ],
    ['a condition adds no noise of its own', { gated: 1 }, ['.name missing']],
  ])('%s', (_because, value, expected) => {
    expect(lines(value)).toEqual(expected);
  });

  test('long values are cut in messages', () => {
    expect(lines({ path: 'x'.repeat(300_000) })).toEqual([
      `.path must be an absolute path; found "${'x'.repeat(60)}"… (300000 characters)`,
    ]);
  });

  test.each([
    ['#/$defs/missing', /leads nowhere/],
    ['#/$defs/loop', /recursive/],
  ])('a schema that refers to %s is a bug', (reference, message) => {
    const broken = { $ref: reference, $defs: { loop: { items: { $ref: '#/$defs/loop' } } } };
    expect(() => compileSchema(broken)).toThrow(message);
  });
});
