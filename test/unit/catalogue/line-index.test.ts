import { describe, expect, test } from '@jest/globals';
import { foldJournal } from '../../../src/catalogue/fold-journal.ts';
import {
  filedFactsOf,
  findByInputs,
  latestOf,
  parseLineIndex,
  renderLineIndex,
  type IndexedRelease,
  type LineIndex,
} from '../../../src/catalogue/line-index.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { filed, journalOf } from './sample-journal.ts';

function entry(long: string, changes: Partial<IndexedRelease> = {}): IndexedRelease {
  return { ...filedFactsOf(sampleManifest(long), 'a'.repeat(64)), state: 'active', ...changes };
}

function indexOf(...releases: IndexedRelease[]): LineIndex {
  const folded = foldJournal(journalOf(...releases.map((release) => filed(release.long))));
  const order = folded.releases.map(({ long }) => long);
  return { ...folded, releases: releases.toSorted((a, b) => order.indexOf(a.long) - order.indexOf(b.long)) };
}

test('an index is read back as it was written', () => {
  const index = indexOf(entry('26.11.21-2.57'));
  expect(parseLineIndex(renderLineIndex(index), 'index')).toEqual(index);
});

describe('latest is', () => {
  const rows: readonly { releases: IndexedRelease[]; latest: string | undefined; because: string }[] = [
    { releases: [], latest: undefined, because: 'there is nothing' },
    {
      releases: [entry('26.11.20-1.1', { tests: 'passed' }), entry('26.11.21-1.2', { tests: 'skipped' })],
      latest: '26.11.20-1.1',
      because: 'a release that was not tested does not take its place',
    },
    {
      releases: [entry('26.11.20-1.1'), entry('26.11.21-1.2', { tests: 'skipped' })],
      latest: '26.11.21-1.2',
      because: 'no release of the line has passed a test',
    },
    {
      releases: [
        entry('26.11.20-1.1', { tests: 'passed' }),
        entry('26.11.21-1.2', { tests: 'passed', state: 'revoked' }),
      ],
      latest: '26.11.20-1.1',
      because: 'nobody is given a revoked one',
    },
  ];
  test.each(rows)('$latest: $because', ({ releases, latest }) => {
    expect(latestOf(indexOf(...releases))).toBe(latest);
  });
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
