import { describe, expect, test } from '@jest/globals';
import {
  addRelease,
  emptyLineIndex,
  findByInputs,
  indexedReleaseOf,
  parseLineIndex,
  renderLineIndex,
  type IndexedRelease,
  type LineIndex,
} from '../../../src/catalogue/line-index.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';

const NOW = new Date('2026-11-21T07:31:00Z');

function entry(long: string, changes: Partial<IndexedRelease> = {}): IndexedRelease {
  return { ...indexedReleaseOf(sampleManifest(long), 'a'.repeat(64)), ...changes };
}

function indexOf(...releases: IndexedRelease[]): LineIndex {
  return releases.reduce((index, release) => addRelease(index, release, NOW), emptyLineIndex('server', NOW));
}

test('an index is read back as it was written', () => {
  const index = indexOf(entry('26.11.21-2.57'));
  expect(parseLineIndex(renderLineIndex(index), 'index')).toEqual(index);
});

test('releases stand in order, whatever order they came in', () => {
  const index = indexOf(entry('26.11.21-10.61'), entry('26.9.1-1.3'), entry('26.11.21-2.57'));
  expect(index.releases.map(({ long }) => long)).toEqual(['26.9.1-1.3', '26.11.21-2.57', '26.11.21-10.61']);
  expect(index.counters.build).toBe(61);
});

describe('aliases', () => {
  test('stand for the newest', () => {
    const index = indexOf(entry('26.11.21-1.57'), entry('26.11.21-2.58'), entry('26.11.21-1.56'));
    expect(index.aliases).toEqual({
      '26.11.21': '26.11.21-2.58',
      '26.11.21-1': '26.11.21-1.57',
      '26.11.21-2': '26.11.21-2.58',
    });
  });

  test('never for a release that is not to be used', () => {
    const index = indexOf(entry('26.11.21-1.57'), entry('26.11.21-1.58', { state: 'revoked' }));
    expect(index.aliases['26.11.21']).toBe('26.11.21-1.57');
  });
});

test('the same release again changes nothing, another content is refused', () => {
  const index = indexOf(entry('26.11.21-1.57'));
  expect(addRelease(index, entry('26.11.21-1.57'), new Date())).toBe(index);
  expect(() => addRelease(index, entry('26.11.21-1.57', { manifestSha256: 'b'.repeat(64) }), NOW)).toThrow(
    expect.objectContaining({ kind: 'conflict', code: 'E_RELEASE_EXISTS' }),
  );
});

describe('findByInputs', () => {
  const inputs = { recipeDigest: '1'.repeat(64), baseDigest: '2'.repeat(64) };

  test('gives the newest with both the same', () => {
    const index = indexOf(
      entry('26.11.21-1.56', inputs),
      entry('26.11.21-1.57', inputs),
      entry('26.11.21-2.58', { ...inputs, recipeDigest: '3'.repeat(64) }),
    );
    expect(findByInputs(index, inputs)?.long).toBe('26.11.21-1.57');
  });

  const rows: readonly { change: Partial<IndexedRelease>; because: string }[] = [
    { change: { recipeDigest: '9'.repeat(64) }, because: 'another recipe' },
    { change: { baseDigest: '9'.repeat(64) }, because: 'other packages' },
    { change: { state: 'revoked' }, because: 'a revoked release helps nobody' },
    { change: { state: 'withdrawn' }, because: 'its files are gone' },
  ];
  test.each(rows)('gives none: $because', ({ change }) => {
    expect(findByInputs(indexOf(entry('26.11.21-1.57', { ...inputs, ...change })), inputs)).toBeUndefined();
  });
});

describe('a damaged index is refused', () => {
  const rows: readonly { text: string; because: string }[] = [
    { text: '', because: 'it is empty' },
    { text: '{"schema":1,"line":"server"', because: 'it is cut short' },
    { text: '{"schema":2}', because: 'it is of a later format' },
    {
      text: renderLineIndex(indexOf(entry('26.11.21-1.57'))).replace('"26.11.21-1.57"', '"26.13.21-1.57"'),
      because: 'it names a day that does not exist',
    },
  ];
  test.each(rows)('$because', ({ text }) => {
    expect(() => parseLineIndex(text, 'lines/server/index.json')).toThrow(
      expect.objectContaining({ kind: 'conflict', code: 'E_INDEX_INVALID', hint: expect.any(String) }),
    );
  });
});
