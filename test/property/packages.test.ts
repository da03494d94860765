import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseDeb822, renderDeb822 } from '../../src/packages/deb822.ts';
import { compareDebianVersions } from '../../src/packages/debian-version.ts';

const dpkgIsMissing = spawnSync('dpkg', ['--version']).error !== undefined;
if (dpkgIsMissing) process.stderr.write('skipped: version order against dpkg, which is not installed\n');

/** Short versions over few signs: collisions and near misses are what finds mistakes. */
const part = fc.array(fc.constantFrom('0', '1', '9', '10', '007', 'a', 'Z', '.', '+', '~', 'rc'), {
  maxLength: 5,
});
const version = fc
  .tuple(fc.constantFrom('', '0:', '1:', '10:'), part, fc.option(part, { nil: undefined }))
  .map(
    ([epoch, upstream, revision]) =>
      `${epoch}1${upstream.join('')}${revision === undefined ? '' : `-${revision.join('') || '0'}`}`,
  );

describe('version order', () => {
  (dpkgIsMissing ? test.skip : test)('is the one dpkg has', () => {
    const pairs = fc.sample(fc.tuple(version, version), { numRuns: 300, seed: 20261121 });
    // One shell for all pairs: three hundred processes of dpkg's own start-up are enough.
    const script =
      'while read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo -1;' +
      ' elif dpkg --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done';
    const input = pairs.map(([a, b]) => `${a} ${b}\n`).join('');
    const answers = execFileSync('sh', ['-c', script], { input, encoding: 'utf8' }).trim().split('\n');
    const ours = pairs.map(([a, b]) => `${a} ${b} ${Math.sign(compareDebianVersions(a, b))}`);
    expect(ours).toEqual(pairs.map(([a, b], index) => `${a} ${b} ${answers[index]}`));
  });

  test('is total and transitive on any text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), version, (a, b, c) => {
        expect(Math.sign(compareDebianVersions(a, b))).toBe(0 - Math.sign(compareDebianVersions(b, a)));
        const sorted = [a, b, c].toSorted(compareDebianVersions);
        expect(compareDebianVersions(sorted[0] ?? '', sorted[2] ?? '')).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('deb822', () => {
  const line = fc.string().map((text) => text.replace(/[\r\n\0]/g, '').replace(/^[ \t]+|[ \t]+$/g, ''));
  const value = fc
    .array(line, { minLength: 1, maxLength: 4 })
    .filter((lines) => lines.slice(1).every((text) => text !== '.'))
    .map((lines) => lines.join('\n'));
  const paragraph = fc.dictionary(fc.stringMatching(/^[A-Z][a-z-]{1,8}$/), value, { minKeys: 1 });

  test('text made from paragraphs reads back as the same paragraphs', () => {
    const unique = paragraph.filter(
      (fields) =>
        new Set(Object.keys(fields).map((key) => key.toLowerCase())).size === Object.keys(fields).length,
    );
    fc.assert(
      fc.property(fc.array(unique), (paragraphs) => {
        const text = renderDeb822(paragraphs.map((fields) => Object.entries(fields)));
        expect(parseDeb822(text, 'x').map((fields) => Object.fromEntries(fields))).toEqual(
          paragraphs.map((fields) => ({ ...fields })),
        );
      }),
    );
  });
});
