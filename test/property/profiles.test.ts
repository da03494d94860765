import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { checkDocument } from '../../src/profiles/check-document.ts';
import { layerOf, originsOf, plainValueOf } from '../../src/profiles/layered-value.ts';
import { mergeDocuments } from '../../src/profiles/merge-documents.ts';
import { checkCarriable, parseDocumentText } from '../../src/profiles/parse-document-text.ts';
import { parseDocumentPath, renderDocumentPath } from '../../src/schemas/document-path.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const packages = fc.uniqueArray(fc.constantFrom('aa', 'bb', 'cc', 'dd', 'ee'));
const document = fc.record(
  {
    disk: fc.record({ sizeMiB: fc.integer({ min: 512, max: 9999 }) }, { requiredKeys: [] }),
    packages: fc
      .tuple(packages, packages)
      .map(([include, exclude]) => ({ include, exclude: exclude.filter((name) => !include.includes(name)) })),
    files: fc.uniqueArray(fc.record({ path: fc.constantFrom('/a', '/b', '/c'), content: fc.string() }), {
      selector: (file) => file.path,
    }),
  },
  { requiredKeys: [] },
);
const merged = (...documents: unknown[]): unknown =>
  plainValueOf(mergeDocuments(documents.map((value, index) => ({ origin: String(index), document: value }))));

describe('profiles', () => {
  test('JSON text is read as JSON.parse reads it, or refused', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }), (value) => {
        const parsed = parseDocumentText(JSON.stringify(value));
        if (parsed.faults.length === 0) {
          expect(JSON.stringify(parsed.value)).toBe(JSON.stringify(value));
        } else {
          expect(checkCarriable(value)).not.toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('text that YAML can write comes back unchanged', () => {
    fc.assert(
      fc.property(text, (content) => {
        fc.pre(checkCarriable(content).length === 0);
        expect(parseDocumentText(stringify({ content })).value).toEqual({ content });
      }),
    );
  });

  test('checking never fails on any value, and every path it tells can be read back', () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.oneof(text, fc.constantFrom('files', 'os', 'packages', 'env')) }),
        (value) => {
          for (const { path } of checkDocument(value)) {
            expect(renderDocumentPath(parseDocumentPath(path).path)).toBe(path);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('merging valid documents gives a valid one, and merging is associative', () => {
    fc.assert(
      fc.property(document, document, document, (a, b, c) => {
        const all = merged(a, b, c);
        expect(checkDocument(all)).toEqual([]);
        expect(merged(merged(a, b), c)).toEqual(all);
        expect(merged(a, a)).toEqual(merged(a));
      }),
    );
  });

  test('origins name every leaf once', () => {
    fc.assert(
      fc.property(document, (value) => {
        const layered = layerOf(value, 'here');
        expect(plainValueOf(layered)).toEqual(value);
        expect([...originsOf(layered).values()].every((origin) => origin === 'here')).toBe(true);
      }),
    );
  });
});
