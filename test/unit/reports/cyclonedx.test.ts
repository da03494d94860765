import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, test } from '@jest/globals';
import type { InstalledPackage } from '../../../src/packages/dpkg-status.ts';
import { parsePackageList } from '../../../src/packages/package-list.ts';
import { renderCyclonedx, type BilledRelease } from '../../../src/reports/cyclonedx.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/packages');

const release: BilledRelease = {
  ...sampleManifest('26.11.21-2.57'),
  os: { id: 'debian', version: '12', kernel: '6.1.0-41-amd64' },
};

function packagesOf(name: string): InstalledPackage[] {
  return parsePackageList(readFileSync(join(FIXTURES, name), 'utf8'));
}

function own(name: string, version: string): InstalledPackage {
  return { name, version, architecture: 'amd64', source: name, sourceVersion: version, installedSizeKiB: 1 };
}

const AWKWARD: InstalledPackage[] = [
  own('libstdc++6', '12.2.0-14+deb12u1'),
  own('native', '2026.1'),
  own('g++', '4:12.2.0-3~bpo12+1'),
  { ...own('multi', '1:1-1+b2'), source: 'multi-source', sourceVersion: '1-1' },
  { ...own('multi', '1:1-1+b2'), architecture: 'i386', source: 'multi-source', sourceVersion: '1-1' },
  own('odd', '1"2\\3'),
];

interface Bill {
  readonly components: readonly {
    readonly type: string;
    readonly name: string;
    readonly version: string;
    readonly purl?: string;
    readonly properties?: readonly { readonly name: string; readonly value: string }[];
  }[];
  readonly metadata: { readonly component: object };
}

function billOf(packages: readonly InstalledPackage[], changes: Partial<BilledRelease> = {}): Bill {
  return JSON.parse(renderCyclonedx({ ...release, ...changes }, packages));
}

/** What the official schema says against a document, in its strict form, which knows no members of ours. */
async function faultsOf(text: string): Promise<unknown> {
  return new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
}

const serialOf = (bill: string): string => /urn:uuid:[0-9a-f-]{36}/.exec(bill)?.[0] ?? '';

describe('renderCyclonedx', () => {
  test.each([
    { packages: 'systemvm.txt', because: 'it is what the system VM holds' },
    { packages: 'server.txt', because: 'it is what the server holds' },
  ])('is valid for $packages: $because', async ({ packages }) => {
    expect(await faultsOf(renderCyclonedx(release, packagesOf(packages)))).toBeNull();
  });

  test.each([
    { packages: AWKWARD, because: 'versions have every sign that dpkg takes, and some that it does not' },
    { packages: [], because: 'a disk without dpkg has none' },
  ])('is valid for $packages.length packages: $because', async ({ packages }) => {
    expect(await faultsOf(renderCyclonedx(release, packages))).toBeNull();
  });

  test('the validator finds what is wrong', async () => {
    const text = renderCyclonedx(release, AWKWARD);
    expect(await faultsOf(text.replace('"library"', '"shelf"'))).not.toBeNull();
  });

  test('is the same in any order of packages, and the serial number that of the release', () => {
    const text = renderCyclonedx(release, AWKWARD);
    expect(renderCyclonedx(release, AWKWARD.toReversed())).toBe(text);
    const next = renderCyclonedx({ ...release, version: sampleManifest('26.11.21-2.58').version }, AWKWARD);
    expect(serialOf(text)).toMatch(/^urn:uuid:.{8}-.{4}-8.{3}-[89ab]/);
    expect(serialOf(next)).not.toBe(serialOf(text));
  });

  test('names one operating system, and every package once', () => {
    const packages = packagesOf('systemvm.txt');
    const { components } = billOf(packages);
    expect(components.filter(({ type }) => type === 'operating-system')).toEqual([
      { type: 'operating-system', 'bom-ref': 'debian@12', name: 'debian', version: '12' },
    ]);
    const purls = components.flatMap(({ purl = [] }) => purl);
    expect(new Set(purls).size).toBe(packages.length);
    expect(purls).toEqual(purls.toSorted());
    expect(purls.join('')).not.toContain('+');
  });

  test('lists the artifacts as what is distributed', () => {
    const [artifact] = release.artifacts;
    expect(billOf([]).metadata.component).toMatchObject({
      type: 'platform',
      name: release.name,
      version: '26.11.21-2.57',
      externalReferences: [
        {
          type: 'distribution',
          url: artifact?.file,
          hashes: [{ alg: 'SHA-256', content: artifact?.sha256 }, { alg: 'SHA-512' }],
        },
      ],
    });
  });

  test.each([
    { entry: own('apt', '2.6.1'), words: [], because: 'a reader takes the package’s own' },
    {
      entry: { ...own('libssl3', '3.0.17-1'), source: 'openssl' },
      words: ['SrcName=openssl', 'SrcVersion=3.0.17', 'SrcRelease=1'],
      because: 'the name differs',
    },
    {
      entry: { ...own('acpid', '1:2.0.33-2+b1'), sourceVersion: '1:2.0.33-2' },
      words: ['SrcName=acpid', 'SrcVersion=2.0.33', 'SrcRelease=2', 'SrcEpoch=1'],
      because: 'the version differs',
    },
    {
      entry: { ...own('bsdutils', '1:2.38.1-5'), source: 'util-linux', sourceVersion: '2.38.1-5' },
      words: ['SrcName=util-linux', 'SrcVersion=2.38.1', 'SrcRelease=5'],
      because: 'the source has no epoch',
    },
    {
      entry: { ...own('half', '1'), source: 'whole', sourceVersion: 'r5' },
      words: ['SrcName=whole', 'SrcVersion=r5'],
      because: 'it is no version of Debian’s, and yet it has one',
    },
  ])('the source of $entry.name is told as $words: $because', ({ entry, words }) => {
    const found = billOf([entry]).components.at(-1)?.properties ?? [];
    expect(found.map(({ name, value }) => `${name.replace('aquasecurity:trivy:', '')}=${value}`)).toEqual(
      words,
    );
  });
});
