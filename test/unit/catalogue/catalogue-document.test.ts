import { describe, expect, test } from '@jest/globals';
import {
  parseCatalogueDocument,
  planCatalogueDocument,
  renderCatalogueDocument,
} from '../../../src/catalogue/catalogue-document.ts';

const NOW = '2026-11-21T07:31:00.000Z';

describe('catalogue.json', () => {
  const first = planCatalogueDocument(undefined, new Map([['server', 'a'.repeat(64)]]), NOW);

  test('is read back as it was written', () => {
    expect(parseCatalogueDocument(renderCatalogueDocument(first), 'catalogue.json')).toEqual(first);
    expect(first).toMatchObject({
      version: 1,
      lines: { server: { index: 'lines/server/index.json', sha256: 'a'.repeat(64) } },
    });
  });

  test('has a higher version after every change, and only then', () => {
    const later = '2026-11-22T00:00:00.000Z';
    expect(planCatalogueDocument(first, new Map([['server', 'a'.repeat(64)]]), later)).toBe(first);
    const digests = new Map([
      ['server', 'b'.repeat(64)],
      ['kvm', 'c'.repeat(64)],
    ]);
    expect(planCatalogueDocument(first, digests, later)).toMatchObject({
      version: 2,
      updated: '2026-11-22T00:00:00.000Z',
    });
  });
});
