import { describe, expect, test } from '@jest/globals';
import {
  parseCatalogueDocument,
  planCatalogueDocument,
  renderCatalogueDocument,
} from '../../../src/catalogue/catalogue-document.ts';
import { emptyLineIndex } from '../../../src/catalogue/line-index.ts';
import { planFiling } from '../../../src/catalogue/plan-filing.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';

const NOW = new Date('2026-11-21T07:31:00Z');
const release = { manifest: sampleManifest('26.11.21-2.57'), sha256: 'a'.repeat(64) };
const empty = { index: emptyLineIndex('server', NOW), orphans: [] };

test('a filing is known before anything is written', () => {
  const plan = planFiling(empty, release, { at: NOW, moveLatest: true });
  expect(plan).toMatchObject({
    releaseDirectory: 'releases/server/26.11.21-2.57',
    latest: { link: 'latest/server', target: '../releases/server/26.11.21-2.57' },
  });
  expect(plan.index.releases).toMatchObject([{ long: '26.11.21-2.57', manifestSha256: 'a'.repeat(64) }]);
});

test('what a killed filing left is taken along', () => {
  const orphan = { manifest: sampleManifest('26.11.21-1.56'), sha256: 'b'.repeat(64) };
  const plan = planFiling({ ...empty, orphans: [orphan] }, release, { at: NOW, moveLatest: true });
  expect(plan.index.releases.map(({ long }) => long)).toEqual(['26.11.21-1.56', '26.11.21-2.57']);
});

describe('latest', () => {
  const rows: readonly { latest: string; moves: boolean; because: string }[] = [
    { latest: '../releases/server/26.11.20-9.56', moves: true, because: 'it is older' },
    { latest: '../releases/server/26.11.21-10.61', moves: false, because: 'it is newer' },
    { latest: '../releases/server/26.11.21-2.57', moves: false, because: 'it is there already' },
    { latest: '/srv/elsewhere', moves: true, because: 'a link that is not ours holds nothing back' },
    { latest: '../releases/server/broken', moves: true, because: 'nor does one that names no release' },
  ];
  test.each(rows)('from $latest: $because', ({ latest, moves }) => {
    const plan = planFiling({ ...empty, latest }, release, { at: NOW, moveLatest: true });
    expect(plan.latest !== undefined).toBe(moves);
  });

  test('stays for a release that was not tested', () => {
    expect(planFiling(empty, release, { at: NOW, moveLatest: false })).not.toHaveProperty('latest');
  });
});

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
    const later = new Date('2026-11-22T00:00:00Z');
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
