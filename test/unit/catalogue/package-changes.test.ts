import { describe, expect, test } from '@jest/globals';
import {
  changelogsNeeded,
  describePackageChanges,
  type StoredChangelogs,
} from '../../../src/catalogue/package-changes.ts';
import { parseChangelog } from '../../../src/packages/changelog.ts';
import { comparePackages } from '../../../src/packages/compare-packages.ts';
import { samplePackage as installed } from './sample-releases.ts';

const entry = (version: string, suite: string, text: string): string =>
  `src (${version}) ${suite}; urgency=low\n\n  * ${text}\n\n -- A <a@b>  then\n\n`;

const CHANGELOG = [
  entry('4.0', 'sid', 'CVE-2026-4444'),
  entry('3.0', 'trixie', 'CVE-2026-3333'),
  entry('2.0', 'trixie-security', 'CVE-2026-2222, CVE-2025-2222'),
  entry('1.0', 'trixie-security', 'CVE-2026-1111'),
].join('');

const stored = (...texts: readonly string[]): StoredChangelogs => ({
  from: () => texts.map(parseChangelog),
  to: () => texts.map(parseChangelog),
  state: { known: true },
});

function upgrade(from: string, to: string, changelogs: StoredChangelogs) {
  const comparison = comparePackages([installed('p', from)], [installed('p', to)]);
  const { upgraded, downgraded } = describePackageChanges(comparison, changelogs);
  return [...upgraded, ...downgraded][0]?.changelog;
}

describe('what a changelog tells of an update', () => {
  test.each([
    {
      from: '1.0',
      to: '3.0',
      versions: ['3.0', '2.0'],
      security: true,
      because: 'a skipped version may be the security update',
    },
    {
      from: '2.0',
      to: '3.0',
      versions: ['3.0'],
      security: false,
      because: 'the last one was for a point release',
    },
    {
      from: '3.0',
      to: '1.0',
      versions: ['3.0', '2.0'],
      security: true,
      because: 'a downgrade takes both back',
    },
    { from: '0.1', to: '1.0', versions: ['1.0'], security: true, because: 'older entries are cut off' },
  ])('from $from to $to: $because', ({ from, to, versions, security }) => {
    const changelog = upgrade(from, to, stored(CHANGELOG));
    expect(changelog?.entries.map(({ version }) => version)).toEqual(versions);
    expect(changelog?.security).toBe(security);
  });

  test('CVEs are those of all versions between', () => {
    expect(upgrade('1.0', '3.0', stored(CHANGELOG))?.cves).toEqual([
      'CVE-2025-2222',
      'CVE-2026-2222',
      'CVE-2026-3333',
    ]);
  });

  test.each([
    { texts: [], because: 'there is none' },
    { texts: ['Version 3.0\n* news\n'], because: 'it is not Debian’s' },
    { texts: [CHANGELOG.replaceAll('3.0', '3.1')], because: 'it does not know the newer version' },
  ])('nothing is known: $because', ({ texts }) => {
    expect(upgrade('1.0', '3.0', stored(...texts))).toBeUndefined();
  });

  test('the first of several that knows the version is taken', () => {
    expect(upgrade('2.0', '3.0', stored('news', CHANGELOG))?.cves).toEqual(['CVE-2026-3333']);
  });

  test('a rebuild of one source is told by the versions of the package', () => {
    const text = entry('3.0+b2', 'sid', 'rebuilt') + entry('3.0', 'sid', 'CVE-2026-3333');
    const source = { sourceVersion: '3.0' };
    const comparison = comparePackages([installed('p', '3.0', source)], [installed('p', '3.0+b2', source)]);
    const { upgraded } = describePackageChanges(comparison, stored(text));
    expect(upgraded[0]?.changelog).toMatchObject({ cves: [], entries: [{ version: '3.0+b2' }] });
  });

  test('the version of the source counts, not that of the package', () => {
    const comparison = comparePackages(
      [installed('p', '1:9', { sourceVersion: '1.0' })],
      [installed('p', '1:10', { sourceVersion: '2.0' })],
    );
    const { upgraded } = describePackageChanges(comparison, stored(CHANGELOG));
    expect(upgraded[0]?.changelog?.entries.map(({ version }) => version)).toEqual(['2.0']);
  });
});

describe('a package in place of another', () => {
  const [old, young] = ['1.0', '2.0'].map((version) =>
    installed(`linux-image-${version}-amd64`, version, { source: 'src' }),
  );
  const comparison = comparePackages(old ? [old] : [], young ? [young, installed('new', '1')] : []);

  test('is told with what its changelog says since', () => {
    expect(describePackageChanges(comparison, stored(CHANGELOG)).added).toMatchObject([
      {
        name: 'linux-image-2.0-amd64',
        replaces: { name: 'linux-image-1.0-amd64', version: '1.0' },
        changelog: { security: true, cves: ['CVE-2025-2222', 'CVE-2026-2222'] },
      },
      { name: 'new' },
    ]);
  });

  test('needs a changelog; a package that is only new does not', () => {
    expect(changelogsNeeded(comparison).to.map(({ name }) => name)).toEqual(['linux-image-2.0-amd64']);
  });
});

test('a downgrade needs the changelog of the older release, an upgrade that of the newer one', () => {
  const comparison = comparePackages(
    [installed('up', '1'), installed('down', '2'), installed('same', '1'), installed('built', '1')],
    [
      installed('up', '2'),
      installed('down', '1'),
      installed('same', '1'),
      installed('built', '1', { installedSizeKiB: 9 }),
    ],
  );
  const { from, to } = changelogsNeeded(comparison);
  expect({ from: from.map(({ name }) => name), to: to.map(({ name }) => name) }).toEqual({
    from: ['down'],
    to: ['up'],
  });
});
