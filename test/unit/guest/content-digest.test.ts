import { describe, expect, test } from '@jest/globals';
import { contentDigest, type DigestedDisk } from '../../../src/guest/content-digest.ts';
import { stampedTexts, type ReleaseStamp } from '../../../src/guest/release-stamp.ts';
import { sha256Of } from '../../../src/values/digest.ts';
import { fileOf } from './sample-hygiene.ts';

const FIRST: ReleaseStamp = {
  imageId: 'server',
  imageVersion: '26.11.21-1.9',
  releaseLine: '26.11.21',
  releaseDate: '2026-11-21',
};
/** Longer than the first, so that sizes differ, too. */
const SECOND: ReleaseStamp = {
  ...FIRST,
  imageVersion: '26.11.22-1.10',
  releaseLine: '26.11.22.10',
  releaseDate: '2026-11-22',
};

const RELEASE_FILES = [{ path: '/lib/brand-release', brand: 'Brand' }];
const OS_RELEASE = 'ID=debian\nVERSION_ID="13"\n';

interface Entry {
  readonly path: string;
  readonly text?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly linkTarget?: string;
  readonly mtimeMs?: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A disk as finish leaves it, some entries exchanged or added. */
function diskOf(stamp: ReleaseStamp, changes: readonly Entry[] = []): DigestedDisk {
  const entries = new Map<string, Entry>();
  const plain: Entry[] = [
    { path: '/lib', linkTarget: 'usr/lib' },
    { path: '/usr/bin/ping', text: 'program', mode: 0o755, attributes: { 'security.capability': '0100' } },
    {
      path: '/usr/lib/os-release',
      text: `${OS_RELEASE}IMAGE_ID=${stamp.imageId}\nIMAGE_VERSION=${stamp.imageVersion}\n`,
    },
    {
      path: '/usr/lib/brand-release',
      text: `Brand Release ${stamp.releaseLine} ${stamp.releaseDate}\n`,
    },
    { path: '/etc/machine-id', text: '' },
    { path: '/etc/motd', text: 'welcome\n' },
  ];
  for (const entry of [...plain, ...changes]) entries.set(entry.path, entry);
  const all = Array.from(entries.values());
  return {
    files: all.map((entry) =>
      fileOf({ ...entry, ...(entry.text === undefined ? {} : { sha256: sha256Of(entry.text) }) }),
    ),
    texts: new Map(all.flatMap(({ path, text }) => (text === undefined ? [] : [[path, text] as const]))),
    packages: [
      {
        name: 'apt',
        version: '3.0',
        architecture: 'amd64',
        source: 'apt',
        sourceVersion: '3.0',
        installedSizeKiB: 9,
      },
    ],
  };
}

function digestOf(stamp: ReleaseStamp, disk: DigestedDisk = diskOf(stamp)): string {
  return contentDigest(disk, stampedTexts(RELEASE_FILES, stamp));
}

const reference = digestOf(FIRST);

describe('contentDigest', () => {
  test('of two disks that differ in the stamp alone is the same', () => {
    expect(digestOf(SECOND)).toBe(reference);
    expect(reference).toMatch(/^[0-9a-f]{64}$/);
  });

  test('does not depend on the order of files', () => {
    const { files, ...rest } = diskOf(FIRST);
    expect(digestOf(FIRST, { ...rest, files: files.toReversed() })).toBe(reference);
  });

  test.each<{ entry: Entry; because: string }>([
    { entry: { path: '/etc/motd', text: 'welcome\n', mtimeMs: 5 }, because: 'times are no content' },
  ])('is the same: $because', ({ entry }) => {
    expect(digestOf(FIRST, diskOf(FIRST, [entry]))).toBe(reference);
  });

  test.each<{ entry: Entry; because: string }>([
    { entry: { path: '/etc/motd', text: 'Welcome\n' }, because: 'a byte changed' },
    { entry: { path: '/etc/motd', text: 'welcome\n', mode: 0o600 }, because: 'a mode changed' },
    { entry: { path: '/etc/motd', text: 'welcome\n', uid: 33 }, because: 'an owner changed' },
    { entry: { path: '/etc/motd', text: 'welcome\n', gid: 33 }, because: 'a group changed' },
    { entry: { path: '/etc/motd', linkTarget: '/run/motd' }, because: 'a file became a link' },
    { entry: { path: '/lib', linkTarget: '/usr/lib' }, because: 'a link is written in another way' },
    { entry: { path: '/etc/new', text: '' }, because: 'a file came' },
    { entry: { path: '/usr/bin/ping', text: 'program', mode: 0o755 }, because: 'a capability went' },
    {
      entry: {
        path: '/usr/bin/ping',
        text: 'program',
        mode: 0o755,
        attributes: { 'security.capability': '0200' },
      },
      because: 'a capability changed',
    },
    {
      entry: {
        path: '/usr/lib/os-release',
        text: `ID=debian\nVERSION_ID="14"\nIMAGE_ID=server\nIMAGE_VERSION=26.11.21-1.9\n`,
      },
      because: 'another line of a stamped file changed',
    },
    {
      entry: {
        path: '/usr/lib/os-release',
        text: `${OS_RELEASE}IMAGE_ID=server\nIMAGE_VERSION=26.11.21-1.9\nMORE=1\n`,
      },
      because: 'something follows the stamp',
    },
    {
      entry: { path: '/usr/lib/os-release', text: OS_RELEASE },
      because: 'the stamp is not there',
    },
    {
      entry: { path: '/usr/lib/brand-release', text: 'Brand Release 26.11.20 2026-11-20\n' },
      because: 'a release file says something else than it was given',
    },
    {
      entry: { path: '/usr/lib/brand-release', text: 'Brand Release 26.11.21 2026-11-21\n', mode: 0o600 },
      because: 'the mode of a stamped file counts',
    },
    { entry: { path: '/etc/machine-id', text: '0123\n' }, because: 'a machine-id was left' },
    { entry: { path: '/var/log/dpkg.log', text: 'a line\n' }, because: 'a log was left' },
  ])('is another: $because', ({ entry }) => {
    expect(digestOf(FIRST, diskOf(FIRST, [entry]))).not.toBe(reference);
  });

  test.each<{ entry: Entry; because: string }>([
    { entry: { path: '/etc/motd', text: 'x' }, because: 'the file is gone in one of them' },
  ])('is another without a file: $because', ({ entry }) => {
    const disk = diskOf(FIRST);
    const without = { ...disk, files: disk.files.filter(({ path }) => path !== entry.path) };
    expect(digestOf(FIRST, without)).not.toBe(reference);
  });

  test.each([
    { change: { version: '3.1' }, because: 'its version changed' },
    { change: { architecture: 'all' }, because: 'its architecture changed' },
    { change: { name: 'apt2' }, because: 'it has another name' },
  ])('is another for another package: $because', ({ change }) => {
    const disk = diskOf(FIRST);
    const packages = disk.packages.map((entry) => ({ ...entry, ...change }));
    expect(digestOf(FIRST, { ...disk, packages })).not.toBe(reference);
  });

  test.each([
    { path: '/etc/machine-id', because: 'machines draw it' },
    { path: '/var/lib/dbus/machine-id', because: 'it is the same one' },
    { path: '/etc/ssh/ssh_host_ed25519_key', because: 'machines draw it' },
    { path: '/etc/ssh/ssh_host_ed25519_key.pub', because: 'it goes with the key' },
    { path: '/var/lib/systemd/random-seed', because: 'it is chance itself' },
    { path: '/var/log/apt/history.log', because: 'it tells when' },
    { path: '/var/cache/ldconfig/aux-cache', because: 'it tells when' },
    { path: '/var/cache/apt/pkgcache.bin', because: 'it is a picture of memory' },
  ])('is the same whatever $path holds: $because', ({ path }) => {
    const [one, other] = ['some\n', 'other\n'].map((text) =>
      digestOf(FIRST, diskOf(FIRST, [{ path, text }])),
    );
    expect(one).toBe(other);
  });

  test('of a cache that is no such thing counts', () => {
    const [one, other] = ['some\n', 'other\n'].map((text) =>
      digestOf(FIRST, diskOf(FIRST, [{ path: '/var/cache/cloud/cloud-scripts-signature', text }])),
    );
    expect(one).not.toBe(other);
  });
});
