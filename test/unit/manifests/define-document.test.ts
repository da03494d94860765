import { describe, expect, test } from '@jest/globals';
import { parseAllocation } from '../../../src/catalogue/allocation.ts';
import { parseCatalogueDocument } from '../../../src/catalogue/catalogue-document.ts';
import { parseLineIndex } from '../../../src/catalogue/line-index.ts';
import { defineDocument } from '../../../src/manifests/define-document.ts';
import { parseGuestFacts } from '../../../src/manifests/guest-facts.ts';
import { parseReleaseManifest } from '../../../src/manifests/release.ts';
import { COUNT, members } from '../../../src/manifests/schema-parts.ts';

const DOCUMENT = defineDocument<{ schema: 2; size: number }>({
  schema: members({ schema: { const: 2 }, size: COUNT }),
  code: 'E_SAMPLE_INVALID',
});

describe('a document', () => {
  test('of a newer Mintmark is no damaged one', () => {
    expect(() => DOCUMENT.parse('{"schema":3,"sizes":[1]}', 'a/b.json')).toThrow(
      expect.objectContaining({
        kind: 'conflict',
        code: 'E_SCHEMA_NEWER',
        message: 'a/b.json was written by a newer Mintmark (schema 3; this one reads 2)',
        hint: 'use that version or a newer one',
      }),
    );
  });

  test.each([
    { text: '{"schema":1,"size":1}', because: 'older ones had other rules' },
    { text: '{"schema":2}', because: 'a member is missing' },
    { text: '{"schema":2.5,"size":1}', because: 'numbers of schemas are whole' },
    { text: '{"schema":"3","size":1}', because: 'a text is no number' },
    { text: '[3]', because: 'a list has no schema' },
    { text: 'null', because: 'nothing has no schema' },
    { text: '{"schema":3,', because: 'it was cut short' },
  ])('$text is damaged: $because', ({ text }) => {
    expect(() => DOCUMENT.parse(text, 'x')).toThrow(expect.objectContaining({ code: 'E_SAMPLE_INVALID' }));
  });

  test.each([
    { name: 'allocation', parse: parseAllocation },
    { name: 'catalogue.json', parse: parseCatalogueDocument },
    { name: 'index.json', parse: parseLineIndex },
    { name: 'facts.json', parse: parseGuestFacts },
    { name: 'release.json', parse: parseReleaseManifest },
  ])('of each kind can be newer: $name', ({ name, parse }) => {
    expect(() => parse('{"schema":99}', name)).toThrow(expect.objectContaining({ code: 'E_SCHEMA_NEWER' }));
  });
});
