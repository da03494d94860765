import { describe, expect, test } from '@jest/globals';
import {
  compareConfiguration,
  type ConfigurationSide,
} from '../../../src/catalogue/compare-configuration.ts';
import { sampleConfiguration, sampleFacts } from './sample-releases.ts';

type Files = Parameters<typeof sampleConfiguration>;

function side(
  files: readonly Files[],
  withheld: readonly string[] = [],
  digests?: Readonly<Record<string, string>>,
): ConfigurationSide {
  return {
    facts: sampleFacts({ configuration: files.map((file) => sampleConfiguration(...file)), withheld }),
    digests: digests && new Map(Object.entries(digests)),
  };
}

describe('compareConfiguration', () => {
  test('of changed, new and removed files the text difference is told', () => {
    const from = side([
      ['/etc/a', 'one\n'],
      ['/etc/b', 'b\n'],
      ['/etc/same', 's'],
    ]);
    const to = side([
      ['/etc/a', 'two\n'],
      ['/etc/c', 'c\n'],
      ['/etc/same', 's'],
    ]);
    expect(compareConfiguration(from, to)).toEqual({
      files: [
        {
          path: '/etc/a',
          change: 'changed',
          diff: '--- a/etc/a\n+++ b/etc/a\n@@ -1,1 +1,1 @@\n-one\n+two\n',
        },
        { path: '/etc/b', change: 'removed', diff: '--- a/etc/b\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-b\n' },
        { path: '/etc/c', change: 'added', diff: '--- /dev/null\n+++ b/etc/c\n@@ -0,0 +1,1 @@\n+c\n' },
      ],
      untold: [],
    });
  });

  test('a password that was replaced in the text differs by the digest alone', () => {
    const [from, to] = ['a', 'b'].map((digit) => ({
      facts: sampleFacts({
        configuration: [{ path: '/etc/p', text: 'password ***\n', sha256: digit.repeat(64) }],
        withheld: [],
      }),
      digests: undefined,
    }));
    expect(from && to && compareConfiguration(from, to)).toEqual({
      files: [{ path: '/etc/p', change: 'changed' }],
      untold: [],
    });
  });

  test.each([
    {
      from: { '/etc/shadow': 'a' },
      to: { '/etc/shadow': 'a' },
      changes: [],
      untold: [],
      because: 'the digests are equal',
    },
    {
      from: { '/etc/shadow': 'a' },
      to: { '/etc/shadow': 'b' },
      changes: ['changed'],
      untold: [],
      because: 'they are not',
    },
    {
      from: undefined,
      to: { '/etc/shadow': 'b' },
      changes: [],
      untold: ['/etc/shadow'],
      because: 'there is no list of files',
    },
    { from: {}, to: {}, changes: [], untold: ['/etc/shadow'], because: 'the lists do not have it' },
  ])('of a file with secrets nothing but that is told: $because', ({ from, to, changes, untold }) => {
    const result = compareConfiguration(side([], ['/etc/shadow'], from), side([], ['/etc/shadow'], to));
    expect(result.files.map(({ change }) => change)).toEqual(changes);
    expect(result.files.every(({ diff }) => diff === undefined)).toBe(true);
    expect(result.untold).toEqual(untold);
  });

  test('what is withheld in one release only is not shown for the other', () => {
    const from = side([['/etc/a', 'secret\n']]);
    const to = side([], ['/etc/a'], { '/etc/a': 'f'.repeat(64) });
    expect(compareConfiguration(from, to).files).toEqual([{ path: '/etc/a', change: 'changed' }]);
  });
});
