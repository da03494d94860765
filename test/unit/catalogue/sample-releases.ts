import type { FileRecord } from '../../../src/catalogue/compare-files.ts';
import { compareReleases, type ReleaseRecords } from '../../../src/catalogue/compare-releases.ts';
import { describePackageChanges, type StoredChangelogs } from '../../../src/catalogue/package-changes.ts';
import type { ReleaseDiff } from '../../../src/catalogue/release-diff.ts';
import type { GuestFacts } from '../../../src/manifests/guest-facts.ts';
import { parseChangelog } from '../../../src/packages/changelog.ts';
import { comparePackages } from '../../../src/packages/compare-packages.ts';
import type { InstalledPackage } from '../../../src/packages/dpkg-status.ts';
import { sha256Of } from '../../../src/values/digest.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';

/** An installed package; `changes` replace members. */
export function samplePackage(
  name: string,
  version: string,
  changes: Partial<InstalledPackage> = {},
): InstalledPackage {
  return {
    name,
    version,
    architecture: 'amd64',
    source: name,
    sourceVersion: version,
    installedSizeKiB: 100,
    ...changes,
  };
}

/** A file whose digest is that of its content. */
export function sampleFile(path: string, content = path, changes: Partial<FileRecord> = {}): FileRecord {
  return {
    path,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: content.length,
    sha256: sha256Of(content),
    ...changes,
  };
}

/** A file of `/etc` with its text. */
export function sampleConfiguration(path: string, text: string): GuestFacts['configuration'][number] {
  return { path, text, sha256: sha256Of(text) };
}

/** Facts of a guest that was booted; `changes` replace members. */
export function sampleFacts(changes: Partial<GuestFacts> = {}): GuestFacts {
  return {
    schema: 1,
    kernelArguments: ['ro', 'quiet'],
    services: [{ name: 'ssh.service', enabled: 'enabled', active: true }],
    listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 22, process: 'sshd' }],
    configuration: [sampleConfiguration('/etc/hosts', '127.0.0.1 localhost\n')],
    withheld: ['/etc/shadow'],
    ...changes,
  };
}

/** Records of a release of the line `server`; `changes` replace members. */
export function sampleRecords(long: string, changes: Partial<ReleaseRecords> = {}): ReleaseRecords {
  return {
    name: `server ${long}`,
    line: 'server',
    long,
    manifest: { known: true, value: sampleManifest(long) },
    files: { known: true, value: [sampleFile('/etc/hosts'), sampleFile('/usr/bin/true')] },
    facts: { known: true, value: sampleFacts() },
    ...changes,
  };
}

const OPENSSL = `openssl (3.5.2-1) trixie-security; urgency=high

  * CVE-2026-1234: a read too far.

 -- A <a@example.org>  Sat, 21 Nov 2026 10:00:00 +0000

openssl (3.5.1-1) trixie; urgency=medium

  * CVE-2020-0001

 -- A <a@example.org>  Thu, 19 Nov 2026 10:00:00 +0000
`;

/** The changelog of openssl, and of nothing else. */
export const SAMPLE_CHANGELOGS: StoredChangelogs = {
  from: ({ source }) => (source === 'openssl' ? [parseChangelog(OPENSSL)] : []),
  to: ({ source }) => (source === 'openssl' ? [parseChangelog(OPENSSL)] : []),
  state: { known: true },
};

/** A difference in which something of everything happened; `changes` replace members. */
export function sampleDiff(changes: Partial<ReleaseDiff> = {}): ReleaseDiff {
  const source = { source: 'openssl' };
  const packages = comparePackages(
    [
      samplePackage('libssl3t64', '3.5.1-1', source),
      samplePackage('openssl', '3.5.1-1'),
      samplePackage('tar', '2.0'),
      samplePackage('telnet', '0.17'),
    ],
    [
      samplePackage('curl', '8.0'),
      samplePackage('libssl3t64', '3.5.2-1', source),
      samplePackage('openssl', '3.5.2-1'),
      samplePackage('tar', '1.0'),
    ],
  );
  const older = sampleRecords('26.11.20-1.56', {
    files: {
      known: true,
      value: [
        sampleFile('/etc/hosts'),
        sampleFile('/usr/bin/passwd', 'x'),
        sampleFile('/usr/bin/telnet', 'yy'),
      ],
    },
    facts: {
      known: true,
      value: sampleFacts({ configuration: [sampleConfiguration('/etc/hosts', '127.0.0.1 localhost\n')] }),
    },
  });
  const newer = sampleRecords('26.11.21-1.57', {
    files: {
      known: true,
      value: [sampleFile('/etc/hosts', 'h'), sampleFile('/usr/bin/passwd', 'x', { mode: 0o4755 })],
    },
    facts: {
      known: true,
      value: sampleFacts({
        kernelArguments: ['ro'],
        services: [],
        listeners: [{ protocol: 'tcp', address: '::', port: 80 }],
        configuration: [sampleConfiguration('/etc/hosts', '127.0.0.1 localhost\n::1 `localhost`\n')],
      }),
    },
  });
  const described = describePackageChanges(packages, SAMPLE_CHANGELOGS);
  return { ...compareReleases({ from: older, to: newer }, { known: true, ...described }, []), ...changes };
}
