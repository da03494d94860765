import { describe, expect, test } from '@jest/globals';
import { checkHygieneRules, HYGIENE_RULES } from '../../../src/guest/check-hygiene.ts';
import type { HygieneFacts } from '../../../src/guest/hygiene-facts.ts';
import { factsOf, FINISHED_MS, type SampleFile } from './sample-hygiene.ts';

const KEY = 'ssh-ed25519 AAAA mintmark-build';
const PEM = '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n';
const PASSWD = 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n';
const log = { type: 'file', size: 12 } as const;

type Rest = Parameters<typeof factsOf>[1];
type Case = [rule: string, because: string, files: readonly SampleFile[], rest?: Rest];

const BAD: Case[] = [
  ['build-key', 'a key for root', [{ path: '/root/.ssh/authorized_keys', text: `# k\n${KEY}\n` }]],
  ['build-key', 'a key in a home', [{ path: '/home/debian/.ssh/authorized_keys2', text: KEY }]],
  [
    'build-key',
    'the home of a service is elsewhere',
    [
      { path: '/etc/passwd', text: `${PASSWD}git:x:105:105::/var/lib/git/:/bin/sh` },
      { path: '/var/lib/git/.ssh/authorized_keys', text: KEY },
    ],
  ],
  ['build-key', 'a file too large to keep', [{ path: '/root/.ssh/authorized_keys', size: 99_999 }]],
  ['build-key', 'a link to somewhere', [{ path: '/root/.ssh/authorized_keys', linkTarget: '/k', size: 2 }]],
  ['build-user', 'a person', [{ path: '/etc/passwd', text: `${PASSWD}joe:x:1000:1000::/home/joe:/bin/sh` }]],
  ['build-user', 'a second root', [{ path: '/etc/passwd', text: 'toor:x:0:0::/root:/bin/sh' }]],
  [
    'build-user',
    'a builder with a low number',
    [{ path: '/etc/passwd', text: 'packer:x:900:9::/p:/bin/sh' }],
  ],
  ['passwords', 'no password needed', [{ path: '/etc/shadow', text: 'root::19000:0:99999:7:::' }]],
  ['passwords', 'a hash', [{ path: '/etc/shadow', text: 'root:$y$j9T$a$b:19000:0:99999:7:::' }]],
  ['passwords', 'a hash that one command unlocks', [{ path: '/etc/shadow', text: 'root:!$6$a$b:1::::::' }]],
  ['passwords', 'an old hash', [{ path: '/etc/shadow', text: 'root:ab1cd2ef3gh:1::::::' }]],
  ['passwords', 'outside shadow', [{ path: '/etc/passwd', text: 'root::0:0:root:/root:/bin/bash' }]],
  [
    'passwords',
    'a profile may expect a hash, but never an empty password',
    [{ path: '/etc/shadow', text: 'root::1::::::' }],
    { expected: ['/etc/shadow'] },
  ],
  ['ssh-host-key', 'every machine would share it', [{ path: '/etc/ssh/ssh_host_rsa_key', ...log }]],
  ['ssh-host-key', 'also an empty one: sshd would not make another', [{ path: '/etc/ssh/ssh_host_rsa_key' }]],
  ['machine-id', 'an identity', [{ path: '/etc/machine-id', text: `${'a'.repeat(32)}\n` }]],
  ['machine-id', 'D-Bus has its own', [{ path: '/var/lib/dbus/machine-id', text: 'b'.repeat(32) }]],
  ['machine-id', 'D-Bus would keep an empty one', [{ path: '/var/lib/dbus/machine-id' }]],
  ['machine-id', 'something that is no text', [{ path: '/etc/machine-id', size: 33 }]],
  ['passwords', 'too many accounts to look at', [{ path: '/etc/shadow', size: 99_999 }]],
  [
    'changed-files',
    'a link in its place',
    [{ path: '/usr/bin/ls', linkTarget: '/opt/ls' }],
    { packages: { md5sums: new Map([['/usr/bin/ls', 'a']]) } },
  ],
  ['random-seed', 'shared randomness', [{ path: '/var/lib/systemd/random-seed', ...log }]],
  ['random-seed', 'shared secret', [{ path: '/var/lib/systemd/credential.secret', ...log }]],
  ['private-keys', 'in PEM', [{ path: '/etc/app/tls.pem', text: PEM }]],
  ['private-keys', 'made when its package was installed', [{ path: '/etc/ssl/private/x.key', ...log }]],
  ['private-keys', 'in a home', [{ path: '/root/.ssh/id_ed25519', text: PEM }]],
  ['dhcp-leases', 'the address of the build', [{ path: '/var/lib/dhcp/dhclient.eth0.leases' }]],
  ['network-names', 'the card of the build', [{ path: '/etc/udev/rules.d/70-persistent-net.rules' }]],
  ['cloud-init-state', 'an instance', [{ path: '/var/lib/cloud/instances/i-1/sem/x' }]],
  ['cloud-init-state', 'its network', [{ path: '/etc/network/interfaces.d/50-cloud-init', ...log }]],
  ['logs', 'a log', [{ path: '/var/log/apt/history.log', ...log }]],
  ['logs', 'mail', [{ path: '/var/mail/root', ...log }]],
  ['histories', 'a shell', [{ path: '/root/.bash_history' }]],
  ['histories', 'a tool', [{ path: '/home/joe/.python_history' }]],
  ['histories', 'a cache', [{ path: '/root/.cache/pip/x' }]],
  ['package-lists', 'old lists', [{ path: '/var/lib/apt/lists/deb_InRelease' }]],
  ['package-lists', 'downloads', [{ path: '/var/cache/apt/archives/a.deb' }]],
  [
    'proxy-settings',
    'apt',
    [{ path: '/etc/apt/apt.conf.d/90x', text: 'Acquire::http::Proxy "http://p:1/";' }],
  ],
  ['proxy-settings', 'the session', [{ path: '/etc/environment', text: 'http_proxy=http://p' }]],
  ['temporary-files', 'left by an installer', [{ path: '/tmp/x' }]],
  ['temporary-files', 'a directory too', [{ path: '/var/tmp/d', type: 'directory' }]],
  ['backup-files', 'of shadow', [{ path: '/etc/shadow-' }]],
  ['build-files', 'the mark', [{ path: '/etc/resolv.conf', text: '# mintmark-build\n' }]],
  ['build-files', 'the name', [{ path: '/etc/systemd/system/mintmark-build.target' }]],
  ['newer-than-finish', 'changed later', [{ path: '/etc/x', mtimeMs: FINISHED_MS + 3000 }]],
  ['newer-than-finish', 'an absurd time', [{ path: '/etc/x', mtimeMs: 9e15 }]],
  ['unowned-files', 'of nobody', [{ path: '/usr/bin/tool' }]],
  ['unowned-files', 'a link of nobody', [{ path: '/usr/bin/tool', linkTarget: '/opt/tool' }]],
  ['unowned-files', 'beside the hierarchy', [{ path: '/data/x' }]],
  [
    'changed-files',
    'not as shipped',
    [{ path: '/usr/bin/ls', md5: 'b' }],
    { packages: { md5sums: new Map([['/usr/bin/ls', 'a']]) } },
  ],
  [
    'changed-configuration',
    'not as shipped',
    [{ path: '/etc/a', md5: 'b' }],
    { packages: { conffiles: new Map([['/etc/a', 'a']]) } },
  ],
  ['world-writable', 'a file', [{ path: '/etc/x', mode: 0o666 }]],
  [
    'world-writable',
    'a directory without the sticky bit',
    [{ path: '/srv', type: 'directory', mode: 0o777 }],
  ],
  ['setuid', 'of no package', [{ path: '/usr/local/bin/su', mode: 0o4755 }]],
  [
    'setuid',
    'its package ships it without',
    [{ path: '/usr/bin/bash', mode: 0o4755 }],
    { packages: { owners: new Map([['/usr/bin/bash', 'bash']]) } },
  ],
  [
    'setuid',
    'another bit than shipped',
    [{ path: '/usr/bin/wall', mode: 0o4755 }],
    { packages: { owners: new Map([['/usr/bin/wall', 'bsdutils']]) } },
  ],
];

const GOOD: Case[] = [
  ['build-key', 'comments are no keys', [{ path: '/root/.ssh/authorized_keys', text: '# keys\n\n' }]],
  [
    'build-key',
    'the profile placed it',
    [{ path: '/root/.ssh/authorized_keys', text: KEY }],
    { placed: new Set(['/root/.ssh/authorized_keys']) },
  ],
  [
    'build-user',
    'root, services and nobody',
    [{ path: '/etc/passwd', text: `${PASSWD}nobody:x:65534:65534::/nonexistent:/x` }],
  ],
  [
    'build-user',
    'the profile expects the home',
    [{ path: '/etc/passwd', text: 'joe:x:1000:1000::/home/joe:/bin/sh' }],
    { expected: ['/home/joe'] },
  ],
  [
    'passwords',
    'all locked',
    [{ path: '/etc/shadow', text: 'root:!*:1::::::\nsync:*:1::::::\nx:!:1::::::\ny:!!:1::::::' }],
  ],
  [
    'passwords',
    'the profile expects a hash',
    [{ path: '/etc/shadow', text: 'root:$y$j9T$a$b:1::::::' }],
    { expected: ['/etc/shadow'] },
  ],
  ['ssh-host-key', 'configuration is no key', [{ path: '/etc/ssh/sshd_config', ...log }]],
  ['machine-id', 'not known yet', [{ path: '/etc/machine-id', text: 'uninitialized\n' }]],
  [
    'machine-id',
    'D-Bus has a link',
    [{ path: '/etc/machine-id' }, { path: '/var/lib/dbus/machine-id', linkTarget: '/etc/machine-id' }],
  ],
  ['random-seed', 'its directory', [{ path: '/var/lib/systemd', type: 'directory' }]],
  ['private-keys', 'a certificate', [{ path: '/etc/ssl/x.pem', text: '-----BEGIN CERTIFICATE-----' }]],
  [
    'private-keys',
    'placed',
    [{ path: '/etc/app/tls.pem', text: PEM }],
    { placed: new Set(['/etc/app/tls.pem']) },
  ],
  ['dhcp-leases', 'an empty directory', [{ path: '/var/lib/dhcp/x', type: 'directory' }]],
  ['network-names', 'rules of the profile', [{ path: '/etc/udev/rules.d/80-mine.rules' }]],
  ['cloud-init-state', 'a seed', [{ path: '/var/lib/cloud/seed/nocloud/user-data', ...log }]],
  ['logs', 'empty', [{ path: '/var/log/lastlog' }]],
  ['histories', 'a setting', [{ path: '/root/.bashrc', ...log }]],
  ['package-lists', 'empty directories', [{ path: '/var/lib/apt/lists/partial', type: 'directory' }]],
  [
    'proxy-settings',
    'placed',
    [{ path: '/etc/environment', text: 'http_proxy=http://p' }],
    { placed: new Set(['/etc/environment']) },
  ],
  ['temporary-files', 'the directories themselves', [{ path: '/tmp', type: 'directory' }]],
  ['backup-files', 'no backups', [{ path: '/etc/shadow', text: '' }]],
  ['build-files', 'the release names the product', [{ path: '/etc/motd', text: 'made by mintmark' }]],
  ['newer-than-finish', 'clocks differ a little', [{ path: '/etc/x', mtimeMs: FINISHED_MS + 1000 }]],
  [
    'unowned-files',
    'where administrators put files',
    ['/etc/x', '/opt/x', '/srv/x', '/usr/local/bin/x', '/var/lib/x'].map((path) => ({ path })),
  ],
  ['unowned-files', 'expected', [{ path: '/usr/lib/app/a/b' }], { expected: ['/usr/lib/app'] }],
  ['unowned-files', 'generated', [{ path: '/usr/bin/vi', linkTarget: '/etc/alternatives/vi' }]],
  [
    'changed-files',
    'as shipped',
    [{ path: '/usr/bin/ls', md5: 'a' }],
    { packages: { md5sums: new Map([['/usr/bin/ls', 'a']]) } },
  ],
  [
    'changed-configuration',
    'placed',
    [{ path: '/etc/a', md5: 'b' }],
    { placed: new Set(['/etc/a']), packages: { conffiles: new Map([['/etc/a', 'a']]) } },
  ],
  [
    'world-writable',
    'sticky, links, sockets and devices',
    [
      { path: '/tmp', type: 'directory', mode: 0o1777 },
      { path: '/l', linkTarget: 'x', mode: 0o777 },
      { path: '/s', type: 'socket', mode: 0o777 },
      { path: '/dev/null', type: 'character-device', mode: 0o666 },
    ],
  ],
  [
    'setuid',
    'shipped',
    [{ path: '/usr/bin/su', mode: 0o4755 }],
    { packages: { owners: new Map([['/usr/bin/su', 'util-linux']]) } },
  ],
  [
    'setuid',
    'chosen by statoverride',
    [{ path: '/usr/bin/x', mode: 0o4755 }],
    { packages: { statOverrides: new Set(['/usr/bin/x']) } },
  ],
  ['setuid', 'a directory hands its group on', [{ path: '/var/mail', type: 'directory', mode: 0o2775 }]],
];

function outcomeOf(name: string, facts: HygieneFacts): object | undefined {
  return checkHygieneRules(facts).find((check) => check.name === name);
}

describe('HYGIENE_RULES', () => {
  test.each(BAD)('%s: fails for %s', (rule, _because, files, rest = {}) => {
    expect(outcomeOf(rule, factsOf(files, rest))).toMatchObject({
      outcome: 'failed',
      found: expect.stringContaining('/'),
    });
  });

  test.each(GOOD)('%s: passes for %s', (rule, _because, files, rest = {}) => {
    expect(outcomeOf(rule, factsOf(files, rest))).toMatchObject({ outcome: 'passed' });
  });

  test.each(HYGIENE_RULES.map(({ name }) => name))('%s can fail and pass', (name) => {
    expect(BAD.map(([rule]) => rule)).toContain(name);
    expect(GOOD.map(([rule]) => rule)).toContain(name);
  });

  test('what finished when is not guessed, nor what packages ship', () => {
    const facts = factsOf([{ path: '/usr/x', mtimeMs: FINISHED_MS * 2 }], {
      finishedAtMs: undefined,
      packages: { owners: new Map() },
    });
    const skipped = checkHygieneRules(facts).filter(({ outcome }) => outcome === 'skipped');
    expect(skipped.map(({ name }) => name)).toEqual([
      'newer-than-finish',
      'unowned-files',
      'changed-files',
      'changed-configuration',
    ]);
  });

  test('the first fault is told with the number of the others, and no secret', () => {
    const facts = factsOf([{ path: '/etc/shadow', text: 'root:$6$salt$hash:1::::::\njoe::1::::::' }]);
    expect(outcomeOf('passwords', facts)).toEqual({
      name: 'passwords',
      title: 'nobody can log in with a password anyone could know',
      outcome: 'failed',
      expected: 'every password locked, save where the profile expects /etc/shadow to hold one',
      found: '/etc/shadow: root has a password (6) and 1 more',
      details: ['/etc/shadow: root has a password (6)', '/etc/shadow: joe logs in without a password'],
    });
  });
});
