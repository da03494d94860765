import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { contentDigest } from '../../src/guest/content-digest.ts';
import { planFinishFiles, type GuestIdentity } from '../../src/guest/finish-machine.ts';
import type { GuestFile } from '../../src/guest/guest-file.ts';
import { stampedTexts } from '../../src/guest/release-stamp.ts';
import { sha256Of } from '../../src/values/digest.ts';
import { REPOSITORY } from '../rules/source-files.ts';
import { resolveBuiltIn } from '../unit/profiles/resolve-built-in.ts';

/*
 * `provisioners/finish/finish.sh` on a planted tree, by the shell of this host and, where it is installed, by busybox,
 * which is all that there is in the finish machine.
 */

const SCRIPT = join(REPOSITORY, 'provisioners/finish/finish.sh');
const hasBusybox = spawnSync('busybox', ['true']).status === 0;
if (!hasBusybox) process.stderr.write('skipped: finish.sh run by busybox, because it is not installed\n');
const SHELLS = ['sh', ...(hasBusybox ? ['busybox'] : [])];

let root = '';
let inputs = '';
beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'mintmark-finish-'));
  [root, inputs] = [join(directory, 'root'), join(directory, 'finish')];
  plant(inputs, {
    'image-id': 'my-line',
    'image-version': '26.11.21-2.57',
    'sources.built': 'built\n',
    'sources.guest': 'guest\n',
    'keep-locales': 'en\n',
    'remove-docs': '',
    'release-files/0/path': '/etc/brand/release',
    'release-files/0/text': 'Brand Release 26.11.21 2026-11-21\n',
  });
  plant(root, { 'usr/lib/os-release': 'ID=debian\nIMAGE_VERSION=old\n', 'etc/machine-id': 'abc\n' });
  for (const name of ['etc/ssh', 'root', 'usr/share/doc', 'var/log', 'var/cache/apt', 'tmp', 'run']) {
    mkdirSync(join(root, name), { recursive: true });
  }
});
afterEach(() => rmSync(dirname(root), { recursive: true }));

function plant(top: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, name)), { recursive: true });
    writeFileSync(join(top, name), text);
  }
}

/** With busybox nothing else is on PATH. */
function finish(shell: string): void {
  const applets = join(dirname(root), 'bin');
  mkdirSync(applets, { recursive: true });
  if (shell === 'busybox') execFileSync('busybox', ['--install', '-s', applets]);
  const PATH = shell === 'busybox' ? applets : (process.env['PATH'] ?? '');
  const env = { PATH, ROOT: root, FINISH: inputs };
  execFileSync('sh', [SCRIPT], { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

const IDENTITIES: readonly GuestIdentity[] = [
  { imageVersion: '26.11.21-2.9', releaseLine: '26.11.21', releaseDate: '2026-11-21' },
  { imageVersion: '26.12.1-1.10', releaseLine: '26.12.1.10', releaseDate: '2026-12-01' },
].map((identity) => ({ imageId: 'kvm', builtSources: 'built\n', guestSources: 'guest\n', ...identity }));

/** What a reader of the disk would find, times aside. */
function filesBelow(top: string): GuestFile[] {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const place = join(entry.parentPath, entry.name);
      const { mode, size } = statSync(place);
      const facts = { type: 'file' as const, mode: mode & 0o7777, uid: 0, gid: 0, mtimeMs: 0 };
      return { path: place.slice(top.length), size, sha256: sha256Of(readFileSync(place)), ...facts };
    });
}

const text = (name: string): string => readFileSync(join(root, name), 'utf8');
const names = (name: string): string[] => readdirSync(join(root, name)).toSorted();

describe.each(SHELLS)('finish.sh by %s', (shell) => {
  test('writes the identity once, readable for all', () => {
    finish(shell);
    finish(shell);
    expect(text('usr/lib/os-release')).toBe('ID=debian\nIMAGE_ID=my-line\nIMAGE_VERSION=26.11.21-2.57\n');
    expect(text('etc/brand/release')).toBe('Brand Release 26.11.21 2026-11-21\n');
    expect(statSync(join(root, 'usr/lib/os-release')).mode & 0o777).toBe(0o644);
  });

  test.each([
    { present: 'built\n', becomes: 'guest\n', because: 'the build’s own sources are exchanged' },
    { present: 'mine\n', becomes: 'mine\n', because: 'a provisioner that set others meant it' },
  ])('$because', ({ present, becomes }) => {
    plant(root, { 'etc/apt/sources.list.d/debian.sources': present });
    finish(shell);
    expect(text('etc/apt/sources.list.d/debian.sources')).toBe(becomes);
  });

  // Whatever finish stamps in another place than `stampedTexts` says makes this fail.
  test('two identities give disks whose content is the same', () => {
    const { profile } = resolveBuiltIn('kvm');
    const [first, second] = IDENTITIES.map((identity) => {
      for (const { path, data } of planFinishFiles(profile, identity, ''))
        plant(dirname(inputs), { [path]: data });
      finish(shell);
      const files = filesBelow(root);
      const texts = new Map(files.map(({ path }) => [path, text(path)]));
      const stamp = stampedTexts(profile.guest.releaseFiles, identity);
      return { files, content: contentDigest({ files, texts, packages: [] }, stamp) };
    });
    expect(first?.files).not.toEqual(second?.files);
    expect(first?.content).toBe(second?.content);
  });

  test('removes what identifies a machine', () => {
    plant(root, {
      'etc/ssh/ssh_host_ed25519_key': 'k',
      'etc/ssl/private/ssl-cert-snakeoil.key': 'k',
      'etc/ssl/certs/ssl-cert-snakeoil.pem': 'c',
      'var/lib/dhcp/dhclient.leases': 'l',
      'var/lib/systemd/random-seed': 'r',
      'var/lib/systemd/credential.secret': 's',
      'var/lib/cloud/instances/i-1/x': 'x',
      'var/lib/cloud/seed/nocloud/user-data': '#cloud-config\n',
      'etc/resolv.conf': '# mintmark-build\nnameserver 10.0.2.3\n',
    });
    symlinkSync('ssl-cert-snakeoil.pem', join(root, 'etc/ssl/certs/0a1b2c3d.0'));
    symlinkSync('other.pem', join(root, 'etc/ssl/certs/11111111.0'));
    finish(shell);
    expect(text('etc/machine-id')).toBe('');
    expect(text('etc/resolv.conf')).toBe('');
    expect(names('etc/ssh')).toEqual([]);
    expect(names('etc/ssl/private')).toEqual([]);
    expect(names('etc/ssl/certs')).toEqual(['11111111.0']);
    expect(names('var/lib/dhcp')).toEqual([]);
    expect(names('var/lib/systemd')).toEqual([]);
    // A seed was planted for the first boot; the rest is the state of this boot.
    expect(names('var/lib/cloud')).toEqual(['seed']);
    expect(text('var/lib/cloud/seed/nocloud/user-data')).toBe('#cloud-config\n');
  });

  test('a name server that a provisioner wrote stays', () => {
    plant(root, { 'etc/resolv.conf': 'nameserver 192.0.2.1\n' });
    finish(shell);
    expect(text('etc/resolv.conf')).toBe('nameserver 192.0.2.1\n');
  });

  test('removes histories, logs, lists and temporary files', () => {
    const traces = [
      'root/.bash_history',
      'root/.cache/x',
      'home/me/.lesshst',
      'var/log/dpkg.log',
      'var/log/journal/abc/system.journal',
      'var/lib/apt/lists/mirror_Packages',
      'var/cache/apt/pkgcache.bin',
      'tmp/.hidden',
      'var/tmp/x',
      'etc/shadow-',
    ];
    plant(root, Object.fromEntries(traces.map((name) => [name, ''])));
    finish(shell);
    expect(traces.filter((name) => existsSync(join(root, name)))).toEqual([]);
    // Where journald keeps a journal over a reboot only when it finds the directory.
    expect(existsSync(join(root, 'var/log/journal'))).toBe(true);
  });

  test.each(['ssh-ed25519 AAAA\n', ''])('the list of keys that a provisioner left stays: %j', (keys) => {
    plant(root, { 'root/.ssh/authorized_keys': keys });
    finish(shell);
    expect(text('root/.ssh/authorized_keys')).toBe(keys);
  });

  test('documentation and other locales go; copyright files and links to them stay', () => {
    plant(root, {
      'usr/share/doc/a/copyright': 'c',
      'usr/share/doc/a/README.gz': 'r',
      'usr/share/man/man1/a.1.gz': 'm',
      'usr/share/locale/en/x': 'e',
      'usr/share/locale/de/x': 'd',
      'usr/share/locale/locale.alias': 'a',
    });
    symlinkSync('a', join(root, 'usr/share/doc/b'));
    finish(shell);
    expect(names('usr/share/doc/a')).toEqual(['copyright']);
    expect(lstatSync(join(root, 'usr/share/doc/b')).isSymbolicLink()).toBe(true);
    expect(names('usr/share/man/man1')).toEqual([]);
    expect(names('usr/share/locale')).toEqual(['en', 'locale.alias']);
  });
});
