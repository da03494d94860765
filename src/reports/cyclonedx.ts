import type { ReleaseManifest } from '../manifests/release.ts';
import { parseDebianVersion } from '../packages/debian-version.ts';
import type { InstalledPackage } from '../packages/dpkg-status.ts';
import { debianPackageUrl, isOwnSource } from '../packages/package-url.ts';
import { deriveUuid } from '../values/derived-uuid.ts';

/** Name of the software bill of materials in a release's directory. */
export const SBOM_FILE = 'sbom.cdx.json';

/** What the bill tells of a release. */
export type BilledRelease = Pick<
  ReleaseManifest,
  'name' | 'line' | 'version' | 'arch' | 'os' | 'sourceDateEpoch' | 'artifacts'
>;

/** A note for a program that reads the bill. */
interface Property {
  readonly name: string;
  readonly value: string;
}

/**
 * Text of a release's software bill of materials, a CycloneDX 1.6 document (ECMA-424): every installed package with its
 * purl, and the operating system, without which scanners do not know whose vulnerabilities to look for. One bill stands for
 * all artifacts, which hold the same disk; they are listed with their digests as what is distributed.
 *
 * It is a function of the release alone: references are purls, the serial number is derived from the version, and the
 * time is that of the package indices, so that two runs write the same bytes.
 */
export function renderCyclonedx(release: BilledRelease, packages: readonly InstalledPackage[]): string {
  const { name, line, version, arch, os, sourceDateEpoch } = release;
  const self = `${line}@${version.long}`;
  const system = `${os.id}@${os.version}`;
  const components = packages.map((entry) => componentOf(entry, os));
  components.sort((a, b) => (a.purl < b.purl ? -1 : a.purl > b.purl ? 1 : 0));
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${deriveUuid(`bill of materials of ${self} ${arch}`)}`,
    version: 1,
    metadata: {
      timestamp: new Date(sourceDateEpoch * 1000).toISOString(),
      tools: { components: [{ type: 'application', name: 'mintmark' }] },
      component: {
        // A second operating system beside the one below would confuse scanners.
        type: 'platform',
        'bom-ref': self,
        name,
        version: version.long,
        externalReferences: release.artifacts.map(({ file, sha256, sha512 }) => ({
          type: 'distribution',
          url: file,
          hashes: [
            { alg: 'SHA-256', content: sha256 },
            { alg: 'SHA-512', content: sha512 },
          ],
        })),
      },
    },
    components: [
      { type: 'operating-system', 'bom-ref': system, name: os.id, version: os.version },
      ...components,
    ],
    dependencies: [
      { ref: self, dependsOn: [system] },
      { ref: system, dependsOn: components.map(({ purl }) => purl) },
    ],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function componentOf(entry: InstalledPackage, os: BilledRelease['os']) {
  const purl = debianPackageUrl(entry, os);
  const properties = sourceProperties(entry);
  return {
    type: 'library',
    'bom-ref': purl,
    name: entry.name,
    version: entry.version,
    purl,
    ...(properties.length === 0 ? {} : { properties }),
  };
}

/**
 * The source package in the words of Trivy, which does not read a purl's `upstream` and would look a binary package up
 * under its own name. Other readers skip what they do not know.
 */
function sourceProperties(entry: InstalledPackage): Property[] {
  if (isOwnSource(entry)) return [];
  // Text that is no Debian version stands as it is, as scanners take it.
  const parts = parseDebianVersion(entry.sourceVersion);
  const { upstream, revision, epoch } = parts ?? { upstream: entry.sourceVersion, revision: '', epoch: '0' };
  return [
    trivyProperty('SrcName', entry.source),
    trivyProperty('SrcVersion', upstream),
    ...(revision === '' ? [] : [trivyProperty('SrcRelease', revision)]),
    ...(epoch === '0' ? [] : [trivyProperty('SrcEpoch', epoch)]),
  ];
}

function trivyProperty(name: string, value: string): Property {
  return { name: `aquasecurity:trivy:${name}`, value };
}
