import { describe, expect, test } from '@jest/globals';
import { guestFactsOf, withRunningFacts } from '../../../src/guest/guest-facts.ts';
import { factsOf, type SampleFile } from './sample-hygiene.ts';

const SHA256 = 'a'.repeat(64);
const factsWith = (...files: SampleFile[]): ReturnType<typeof guestFactsOf> =>
  guestFactsOf(factsOf(files.map((file) => ({ sha256: SHA256, ...file }))));

const unit = (path: string, linkTarget = '/usr/lib/systemd/system/x'): SampleFile => ({
  path: `/etc/systemd/system/${path}`,
  linkTarget,
});

describe('guestFactsOf', () => {
  test('units by the links that enable and mask them', () => {
    const { services } = factsWith(
      unit('multi-user.target.wants/ssh.service'),
      unit('a.target.requires/b.mount'),
      unit('rpcbind.service', '/dev/null'),
      unit('sshd.service'),
    );
    expect(services).toEqual([
      { name: 'b.mount', enabled: 'enabled' },
      { name: 'rpcbind.service', enabled: 'masked' },
      { name: 'ssh.service', enabled: 'enabled' },
    ]);
  });

  test('the kernel command line of the first entry', () => {
    const text =
      'set linux_gfx_mode=\n\tlinux\t/boot/vmlinuz-6 root=UUID=1 ro  quiet \n linux /boot/old single\n';
    expect(factsWith({ path: '/boot/grub/grub.cfg', text }).kernelArguments).toEqual([
      'root=UUID=1',
      'ro',
      'quiet',
    ]);
    expect(factsWith().kernelArguments).toBeUndefined();
  });

  test.each<[because: string, file: SampleFile]>([
    ['passwords', { path: '/etc/shadow', text: 'root:$6$x' }],
    ['a backup of them', { path: '/etc/shadow-', text: 'root:$6$x' }],
    ['not readable by all', { path: '/etc/app.conf', text: 'x', mode: 0o640 }],
    ['a key, whatever its name', { path: '/etc/app.pem', text: '-----BEGIN RSA PRIVATE KEY-----\n' }],
    ['secrets by name', { path: '/etc/ppp/chap-secrets', text: 'joe * x' }],
    ['logins of package sources', { path: '/etc/apt/auth.conf.d/a', text: 'machine a login b' }],
  ])('withholds %s', (_because, file) => {
    expect(factsWith(file)).toMatchObject({ configuration: [], withheld: [file.path] });
  });

  test.each<[path: string, text: string, told: string, because: string]>([
    ['/etc/sudoers', 'Defaults env_reset', 'Defaults env_reset', 'sudoers holds no secret'],
    ['/etc/a', 'uri=http://u:p@host/', 'uri=http://u:***@host/', 'a password in an address'],
    ['/etc/a', 'db_password = hunter2', 'db_password = ***', 'a setting by its name'],
    ['/etc/a', 'lock_passwd: True', 'lock_passwd: True', 'a switch'],
    ['/etc/a', 'psk="x y"', 'psk=***', 'a key of a wireless network'],
    ['/etc/ssh/sshd_config', 'PasswordAuthentication no', 'PasswordAuthentication no', 'no value'],
    ['/etc/nsswitch.conf', 'passwd: files systemd', 'passwd: files systemd', 'a database'],
  ])('%s: %s is told as %s, because it is %s', (path, text, told) => {
    const mode = path === '/etc/sudoers' ? 0o440 : 0o644;
    expect(factsWith({ path, text, mode }).configuration).toEqual([{ path, sha256: SHA256, text: told }]);
  });
});

describe('withRunningFacts', () => {
  test('what runs is added to what is enabled', () => {
    const facts = withRunningFacts(factsWith(unit('a.wants/ssh.service'), unit('a.wants/cron.service')), {
      activeUnits: ['ssh.service', 'dbus.service'],
      listeners: [
        { protocol: 'udp', address: '*', port: 68 },
        { protocol: 'tcp', address: '*', port: 22, process: 'sshd' },
      ],
    });
    expect(facts.services).toEqual([
      { name: 'cron.service', enabled: 'enabled', active: false },
      { name: 'dbus.service', enabled: 'static', active: true },
      { name: 'ssh.service', enabled: 'enabled', active: true },
    ]);
    expect(facts.listeners?.map(({ port }) => port)).toEqual([22, 68]);
  });
});
