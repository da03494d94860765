import { describe, expect, test } from '@jest/globals';
import { parseIdentity } from '../../../src/versions/parse-version.ts';
import { matchesRange, parseRange } from '../../../src/versions/version-range.ts';

/** Releases of one line, oldest first. */
const RELEASES = [
  '26.9.30-1.40',
  '26.11.20-1.55',
  '26.11.21-1.56',
  '26.11.21-2.57',
  '26.11.21-10.61',
  '26.11.22-1.62',
  '27.1.1-1.70',
];

/** BUILDs of the releases in a range. */
function builds(text: string): number[] {
  const range = parseRange(text);
  return RELEASES.map(parseIdentity)
    .filter((record) => matchesRange(range, record))
    .map(({ build }) => build);
}

describe('a range holds', () => {
  const rows: readonly { range: string; builds: number[]; because: string }[] = [
    { range: '26.11.21-2.57', builds: [57], because: 'LONG is one release' },
    { range: '20261121_0002.000057', builds: [57], because: 'SERIAL says what LONG says' },
    { range: '26.11.21.57', builds: [57], because: 'WIRE is what a guest of a frozen line reports' },
    { range: '26.11.21-2', builds: [57], because: 'INTER is a recipe of the day' },
    { range: '26.11.21', builds: [56, 57, 61], because: 'SHORT is the whole day' },
    { range: '=26.11.21', builds: [56, 57, 61], because: 'the equals sign may be written' },
    { range: '26.11.x', builds: [55, 56, 57, 61, 62], because: 'the month' },
    { range: '26.11.*', builds: [55, 56, 57, 61, 62], because: 'a star is an x' },
    { range: '26.x', builds: [40, 55, 56, 57, 61, 62], because: 'the year' },
    { range: '>=26.11.21', builds: [56, 57, 61, 62, 70], because: 'the day itself belongs to it' },
    { range: '>= 26.11.21', builds: [56, 57, 61, 62, 70], because: 'a blank after the sign is no "and"' },
    { range: '>26.11.21', builds: [62, 70], because: 'after the whole day' },
    { range: '<=26.11.21', builds: [40, 55, 56, 57, 61], because: 'to the end of the day' },
    { range: '<26.11.21', builds: [40, 55], because: 'before the day' },
    { range: '>26.11.21-2', builds: [61, 62, 70], because: 'after all rebuilds of the recipe' },
    { range: '<=26.11.21-2', builds: [40, 55, 56, 57], because: 'with all rebuilds of the recipe' },
    { range: '>26.11.21-2.57', builds: [61, 62, 70], because: 'newer than one release' },
    { range: '>=26.11.x', builds: [55, 56, 57, 61, 62, 70], because: 'signs go with x, too' },
    { range: '<27.x', builds: [40, 55, 56, 57, 61, 62], because: 'before the year' },
    { range: '>26.11.20 <26.11.22', builds: [56, 57, 61], because: 'a blank means and' },
    { range: '26.9.x || 27.x', builds: [40, 70], because: 'two bars mean or' },
    { range: '26.9.x||27.x', builds: [40, 70], because: 'with or without blanks' },
    { range: '>27.1.1 <26.1.1', builds: [], because: 'nothing can be both' },
    { range: '>=26.11.21.57', builds: [57, 61, 62, 70], because: 'WIRE orders as LONG does within a line' },
  ];
  test.each(rows)('$range: $because', ({ range, builds: expected }) => {
    expect(builds(range)).toEqual(expected);
  });
});

describe('no range is', () => {
  const rows: readonly { text: string; found: string; because: string }[] = [
    { text: '', found: 'must name a version', because: 'nothing would be everything' },
    { text: '   ', found: 'must name a version', because: 'blanks neither' },
    { text: '26.x || ', found: 'must name a version', because: 'an "or" has two sides' },
    { text: 'latest', found: 'must look like', because: 'a channel is resolved elsewhere' },
    { text: '26.11', found: 'must look like', because: 'a month is written 26.11.x' },
    { text: '26.13.x', found: 'must be from 1 to 12', because: 'there are twelve months' },
    { text: '26.09.x', found: 'must not begin with a zero', because: 'nothing is padded' },
    { text: '4.6.0', found: 'must be from 16', because: 'releases are dated' },
    { text: '26.2.29', found: 'does not exist', because: 'a bound is a real day' },
    { text: '26.11.1 - 26.11.21', found: 'must look like', because: 'two bounds say it' },
    { text: '~26.11.21', found: 'digits 0 to 9', because: 'which digits may move is not obvious for a day' },
    { text: '>', found: 'must look like', because: 'a sign alone bounds nothing' },
    { text: '>=', found: 'must look like', because: 'a sign alone bounds nothing' },
    { text: '=>26.11.21', found: 'digits 0 to 9', because: 'the signs are the wrong way round' },
    { text: 'v26.11.21', found: 'must not begin with v', because: 'v is no part of a version' },
    { text: 'x', found: 'must look like', because: 'everything needs no range' },
  ];
  test.each(rows)('"$text": $because', ({ text, found }) => {
    expect(() => parseRange(text)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'E_RANGE_INVALID',
        hint: expect.stringContaining('26.11.x'),
        details: expect.arrayContaining([expect.stringContaining(found)]),
      }),
    );
  });
});

test('all faults of a range are told at once', () => {
  expect(() => parseRange('>=26.13.1 <26.2.30')).toThrow(
    expect.objectContaining({
      details: [expect.stringContaining('>=26.13.1'), expect.stringContaining('<26.2.30')],
    }),
  );
});
