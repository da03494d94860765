import { describe, expect, test } from '@jest/globals';
import { cveNames, entriesSince, isSecurityEntry, parseChangelog } from '../../../src/packages/changelog.ts';

const ENTRY = `openssl (3.0.17-1~deb12u3) bookworm-security; urgency=high

  * CVE-2025-9230
   - Fix a write.

 -- Some Body <some@example.org>  Sat, 27 Sep 2025 10:00:00 +0200
`;

describe('parseChangelog', () => {
  test('an entry has a version, suites, an urgency, a date and a text', () => {
    expect(parseChangelog(ENTRY)).toEqual([
      {
        package: 'openssl',
        version: '3.0.17-1~deb12u3',
        distribution: 'bookworm-security',
        urgency: 'high',
        date: 'Sat, 27 Sep 2025 10:00:00 +0200',
        text: '  * CVE-2025-9230\n   - Fix a write.',
      },
    ]);
  });

  test.each([
    { text: '', versions: [], because: 'there is nothing' },
    { text: 'Version 3.0\n  * all new\n', versions: [], because: 'upstream writes what it likes' },
    {
      text: `${ENTRY}\nx (1.0) unstable; urgency=low\n`,
      versions: ['3.0.17-1~deb12u3', '1.0'],
      because: 'a cut off entry is one',
    },
    {
      text: 'x (2) a b-security; urgency=low, binary-only=yes\n  * r\n\n -- B <b@c>  now\n',
      versions: ['2'],
      because: 'two suites and another member',
    },
    { text: 'x (no-version) sid; urgency=low\n  * r\n', versions: [], because: 'that is no version' },
    { text: 'x 1.0 sid; urgency=low\n  * r\n', versions: [], because: 'the brackets are missing' },
    {
      text: 'x (1.0) sid; urgency=low\r\n  * r\r\n\r\n -- B <b@c>  now\r\n',
      versions: ['1.0'],
      because: 'somebody used another editor',
    },
    {
      text: '  x (1.0) sid; urgency=low\n',
      versions: [],
      because: 'a quoted heading is indented',
    },
  ])('the versions are $versions: $because', ({ text, versions }) => {
    expect(parseChangelog(text).map(({ version }) => version)).toEqual(versions);
  });

  test('what stands under a heading that cannot be read is not told of another version', () => {
    const text = `x (2.0) sid; urgency=low\n\n  * two\n\n -- B <b@c>  then\n\nx {1.5} sid\n\n  * CVE-2020-1111\n\n -- B <b@c>  then\n`;
    expect(parseChangelog(text)).toMatchObject([{ version: '2.0', date: 'then', text: '  * two' }]);
  });

  test('an entry without its last line keeps its text', () => {
    const [first, second] = parseChangelog(
      'x (2.0) sid; urgency=Medium (HIGH)\n\n  * two\n\nx (1.0) sid; urgency=low\n\n  * one\n',
    );
    expect(first).toMatchObject({ urgency: 'medium', date: '', text: '  * two' });
    expect(second).toMatchObject({ version: '1.0', text: '  * one' });
  });

  test('a text without ends takes no time without end', () => {
    const startedAt = performance.now();
    parseChangelog(`x (${'1'.repeat(500_000)}`);
    parseChangelog(' -- <'.repeat(100_000));
    parseChangelog(`x (1) a; urgency=low\n${' '.repeat(500_000)}.`);
    parseChangelog(`x (1) ${'a '.repeat(100_000)}`);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

describe('entriesSince', () => {
  const entries = ['3', '2~rc1', '2', '1:1', '1'].map((version) => ({
    package: 'x',
    version,
    distribution: 'sid',
    urgency: 'low',
    date: '',
    text: '',
  }));

  test.each([
    { after: '1', upTo: undefined, versions: ['3', '2~rc1', '2', '1:1'], because: 'all that are newer' },
    { after: '2', upTo: '3', versions: ['3'], because: 'an epoch is newer than all without' },
    { after: '2~rc1', upTo: '2', versions: ['2'], because: 'a tilde is before' },
    { after: '0', upTo: '0.5', versions: [], because: 'the changelog was cut there' },
    { after: '1.5', upTo: '2', versions: ['2~rc1', '2'], because: 'it need not have an entry of its own' },
  ])('since $after up to $upTo: $because', ({ after, upTo, versions }) => {
    expect(entriesSince(entries, after, upTo).map(({ version }) => version)).toEqual(versions);
  });
});

test.each([
  {
    text: 'CVE-2024-1234/CVE-2023-99999, cve-2024-1234',
    names: ['CVE-2023-99999', 'CVE-2024-1234'],
    because: 'each once, the oldest first',
  },
  { text: '(CVE-2026-1234)', names: ['CVE-2026-1234'], because: 'brackets are none of it' },
  {
    text: 'CVE-2024-10000 CVE-2024-9999',
    names: ['CVE-2024-9999', 'CVE-2024-10000'],
    because: 'numbers have no leading zeros',
  },
  { text: 'CVE-2024-XXXX, CVE-2024-12, XCVE-2024-1234', names: [], because: 'these are not assigned' },
])('$text: $because', ({ text, names }) => {
  expect(cveNames(text)).toEqual(names);
});

test.each([
  { distribution: 'bookworm-security', isSecurity: true, because: 'the suite of a release' },
  { distribution: 'stable-security', isSecurity: true, because: 'its alias' },
  { distribution: 'unstable trixie-security', isSecurity: true, because: 'one of two' },
  { distribution: 'bookworm', isSecurity: false, because: 'a point release' },
  { distribution: 'UNRELEASED', isSecurity: false, because: 'nobody uploaded it' },
])('$distribution: $because', ({ distribution, isSecurity }) => {
  expect(isSecurityEntry({ distribution })).toBe(isSecurity);
});
