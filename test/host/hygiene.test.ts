import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { HYGIENE_RULES } from '../../src/guest/check-hygiene.ts';
import { checkHygiene } from '../../src/workflows/check-hygiene.ts';
import { readGuest } from '../../src/workflows/read-guest.ts';
import { makeExt4, mke2fsIsMissing } from './ext4-image.ts';

const testHost = mke2fsIsMissing('hygiene of a real disk') ? test.skip : test;
/** Later than what mke2fs stamps with the present time: its own directories. */
const FINISHED_MS = Date.now() + 3_600_000;
const directory = mkdtempSync(join(tmpdir(), 'mintmark-hygiene-'));

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What a small guest in order holds: one package, an account, an empty identity. */
const SOUND: Readonly<Record<string, string>> = {
  'var/lib/dpkg/status':
    'Package: tool\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nConffiles:\n /etc/tool.conf acbd18db4cc2f85cedef654fccc4a4d8\n',
  'var/lib/dpkg/info/tool.list': '/.\n/bin\n/bin/tool\n/usr\n/etc/tool.conf\n',
  'var/lib/dpkg/info/tool.md5sums': 'acbd18db4cc2f85cedef654fccc4a4d8  bin/tool\n',
  'usr/bin/tool': 'foo',
  'etc/tool.conf': 'foo',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  'etc/shadow': 'root:*:20000:0:99999:7:::\n',
  'etc/machine-id': '',
  'root/.ssh/authorized_keys': '',
};

/** One fault of each kind. */
const FAULTY: Readonly<Record<string, string>> = {
  ...SOUND,
  'usr/bin/tool': 'bar',
  'etc/tool.conf': 'bar',
  'etc/passwd': `${SOUND['etc/passwd']}packer:x:1000:1000::/home/packer:/bin/sh\n`,
  'etc/shadow': 'root::20000:0:99999:7:::\n',
  'etc/machine-id': `${'a'.repeat(32)}\n`,
  'root/.ssh/authorized_keys': 'ssh-ed25519 AAAA mintmark-build\n',
  'etc/ssh/ssh_host_ed25519_key': 'key',
  'etc/app/tls.pem': '-----BEGIN PRIVATE KEY-----\n',
  'var/lib/systemd/random-seed': 'seed',
  'var/lib/dhcp/dhclient.leases': 'lease',
  'etc/udev/rules.d/70-persistent-net.rules': 'rule',
  'var/lib/cloud/instance/x': 'x',
  'var/log/dpkg.log': 'log',
  'root/.bash_history': 'ls',
  'var/lib/apt/lists/x_InRelease': 'x',
  'etc/apt/apt.conf.d/99proxy': 'Acquire::http::Proxy "http://p:1";\n',
  'tmp/x': 'x',
  'etc/shadow-': 'x',
  'srv/new': 'new',
  'srv/open': 'open',
  'usr/lib/unowned.so': 'x',
  'usr/local/bin/root-shell': 'x',
};

function makeGuest(name: string, files: Readonly<Record<string, string>>): string {
  const tree = join(directory, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  symlinkSync('usr/bin', join(tree, 'bin'));
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', tree]);
  if (files === FAULTY) {
    chmodSync(join(tree, 'srv/open'), 0o666);
    chmodSync(join(tree, 'usr/local/bin/root-shell'), 0o4755);
    const later = new Date(FINISHED_MS + 60_000);
    utimesSync(join(tree, 'srv/new'), later, later);
  }
  const image = join(directory, `${name}.raw`);
  makeExt4(tree, image, { sizeMiB: 16 });
  return image;
}

async function failuresOf(image: string): Promise<string[]> {
  const content = await readGuest(image, 0);
  const { checks } = checkHygiene({
    content,
    own: { placed: [], expected: [] },
    finishedAt: new Date(FINISHED_MS).toISOString(),
  });
  return checks.filter(({ outcome }) => outcome !== 'passed').map(({ name }) => name);
}

describe('checkHygiene', () => {
  testHost('a disk in order breaks no rule', async () => {
    expect(await failuresOf(makeGuest('sound', SOUND))).toEqual([]);
  });

  testHost('each fault on a disk is named by its rule', async () => {
    expect(await failuresOf(makeGuest('faulty', FAULTY))).toEqual(HYGIENE_RULES.map(({ name }) => name));
  });
});
