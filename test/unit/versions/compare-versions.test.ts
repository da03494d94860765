import { describe, expect, test } from '@jest/globals';
import { newestRecord, sortVersions } from '../../../src/versions/compare-versions.ts';
import { compareVersions, describeVersion } from '../../../src/versions/describe-version.ts';
import { parseIdentity, parseVersion } from '../../../src/versions/parse-version.ts';
import { renderLong, renderVersion, type VersionScheme } from '../../../src/versions/version.ts';

describe('order', () => {
  const rows: readonly { lower: string; higher: string; scheme?: VersionScheme; because: string }[] = [
    { lower: '26.11.21-2.57', higher: '26.11.21-10.61', because: 'REV is a number, not text' },
    { lower: '26.9.1-1.3', higher: '26.10.1-1.4', because: 'months are not padded and still in order' },
    { lower: '26.11.21-1.9', higher: '26.11.21-1.10', because: 'BUILD is a number' },
    { lower: '26.12.31-9.9', higher: '27.1.1-1.10', because: 'the year turns' },
    { lower: '99.12.31-1.89', higher: '100.1.1-1.90', because: 'the century turns' },
    { lower: '26.11.21-2', higher: '26.11.21-10', because: 'INTER among INTER' },
    { lower: '26.9.1', higher: '26.10.1', scheme: 'date', because: 'SHORT among SHORT' },
    { lower: '26.11.21.9', higher: '26.11.21.57', scheme: 'date', because: 'WIRE among WIRE' },
    { lower: '20261121_0002.000057', higher: '26.11.21-2.58', because: 'SERIAL says what LONG says' },
    { lower: '4.6.0', higher: '4.19.1', because: 'legacy among legacy' },
    { lower: '4.6.0', higher: '4.6.0.0', because: 'the longer one wins' },
    { lower: '4.6.0.2', higher: '4.6.0.10', because: 'the fourth part is a number' },
  ];
  test.each(rows)('$lower < $higher: $because', ({ lower, higher, scheme }) => {
    expect(compareVersions(lower, higher, scheme).order).toBe('lower');
    expect(compareVersions(higher, lower, scheme).order).toBe('higher');
    expect(compareVersions(lower, lower, scheme).order).toBe('equal');
  });
});

test('a list of one form is sorted, and the list given stays as it was', () => {
  const texts = ['26.11.21-10.61', '26.9.1-1.3', '26.11.21-2.57'];
  const versions = texts.map((text) => parseVersion(text));
  expect(sortVersions(versions).map(renderVersion)).toEqual([
    '26.9.1-1.3',
    '26.11.21-2.57',
    '26.11.21-10.61',
  ]);
  expect(versions.map(renderVersion)).toEqual(texts);
});

describe('a mixed list is never sorted', () => {
  const rows: readonly { texts: string[]; because: string }[] = [
    { texts: ['26.11.21-2', '26.11.21-2.57'], because: 'semver and dpkg disagree about aliases' },
    { texts: ['4.6.0', '26.11.21-2.57'], because: 'schemes have no common order' },
  ];
  test.each(rows)('$texts: $because', ({ texts }) => {
    expect(() => sortVersions(texts.map((text) => parseVersion(text)))).toThrow(
      expect.objectContaining({ code: 'E_VERSION_MIXED', kind: 'usage' }),
    );
  });
});

test('the newest of some releases', () => {
  const releases = ['26.11.21-2.57', '26.11.21-10.61', '26.9.1-1.70'].map(parseIdentity);
  const newest = newestRecord(releases);
  expect(newest && renderLong(newest)).toBe('26.11.21-10.61');
  expect(newestRecord([])).toBeUndefined();
});

describe('describeVersion', () => {
  test('an identity has all its spellings', () => {
    expect(describeVersion('26.11.21-2.57')).toEqual({
      text: '26.11.21-2.57',
      scheme: 'date',
      form: 'long',
      identity: true,
      date: '2026-11-21',
      rev: 2,
      build: 57,
      forms: {
        short: '26.11.21',
        inter: '26.11.21-2',
        long: '26.11.21-2.57',
        wire: '26.11.21.57',
        serial: '20261121_0002.000057',
      },
    });
  });

  test('an alias says what it knows', () => {
    expect(describeVersion('26.11.21', 'date')).toEqual({
      text: '26.11.21',
      scheme: 'date',
      form: 'short',
      identity: false,
      date: '2026-11-21',
    });
  });
});
