import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SystemvmRoot } from './systemvm-root.ts';

/* `provisioners/systemvm/boot/init.sh`: what a system VM makes of its command line. */

let guest: SystemvmRoot;
beforeEach(() => {
  guest = new SystemvmRoot();
});
afterEach(() => guest.remove());

function boot(words: string): string {
  guest.plant('mnt/cmdline', words);
  const { status, output } = guest.run('init.sh');
  expect(status).toBe(0);
  return output;
}

const ROUTER =
  'template=domP type=router name=r-4-VM eth0ip=10.1.1.1 eth0mask=255.255.255.0 eth1ip=169.254.3.77 ' +
  'eth1mask=255.255.0.0 eth2ip=192.0.2.9 eth2mask=255.255.255.128 gateway=192.0.2.1 dns1=192.0.2.53 dns2=192.0.2.54';

test('writes interfaces, names and name servers of a router', () => {
  boot(ROUTER);
  expect(guest.text('etc/network/interfaces')).toBe(`auto lo eth0 eth1 eth2
iface lo inet loopback

iface eth0 inet static
  address 10.1.1.1
  netmask 255.255.255.0
iface eth1 inet static
  address 169.254.3.77
  netmask 255.255.0.0
iface eth2 inet static
  address 192.0.2.9
  netmask 255.255.255.128
  gateway 192.0.2.1
`);
  expect(guest.text('etc/resolv.conf')).toBe('nameserver 192.0.2.53\nnameserver 192.0.2.54\n');
  expect(guest.text('etc/hostname')).toBe('r-4-VM\n');
  expect(guest.text('hostname')).toBe('r-4-VM\n');
});

test('an interface that is not there is said to be missing, and does not hold up the boot', () => {
  expect(boot('type=router eth1ip=169.254.0.9')).toContain('there is no interface eth1\n');
  guest.plant('sys/class/net/eth1/address', '02:00:00:00:00:02\n');
  expect(boot('type=router eth1ip=169.254.0.9')).not.toContain('there is no interface eth1\n');
});

const NICS = 'eth0ip=10.0.0.1 eth1ip=10.0.1.1 eth2ip=10.0.2.1';

describe('SSH listens on', () => {
  test.each([
    {
      words: `type=router ${NICS}`,
      address: '10.0.1.1',
      because: 'a router is controlled over its second NIC',
    },
    { words: `type=vpcrouter ${NICS}`, address: '10.0.0.1', because: 'a VPC router over its first' },
    { words: `type=consoleproxy ${NICS}`, address: '10.0.0.1', because: 'a console proxy over its first' },
    { words: `type=secstorage ${NICS}`, address: '10.0.0.1', because: 'secondary storage over its first' },
    { words: `type=dhcpsrvr ${NICS}`, address: '10.0.1.1', because: 'a DHCP server over its second' },
    { words: `type=dhcpsrvr sshonguest=true ${NICS}`, address: '10.0.0.1', because: 'unless told otherwise' },
    { words: `type=sharedfsvm ${NICS}`, address: '10.0.0.1', because: 'others over their first' },
  ])('$address: $because', ({ words, address }) => {
    boot(words);
    expect(guest.text('etc/ssh/sshd_config.d/00-control-address.conf')).toBe(`ListenAddress ${address}\n`);
  });

  test('the second NIC of a console proxy on VMware', () => {
    guest.plant('sys/bus/pci/devices/0/vendor', '0x15ad\n');
    guest.program('vmtoolsd', `echo 'type=consoleproxy ${NICS} localgw=10.0.1.254 mgmtcidr=10.9.0.0/16'`);
    guest.run('init.sh');
    expect(guest.text('etc/ssh/sshd_config.d/00-control-address.conf')).toBe('ListenAddress 10.0.1.1\n');
    expect(guest.text('etc/network/interfaces')).toContain(
      '  up ip route add 10.9.0.0/16 via 10.0.1.254 || true',
    );
    expect(guest.text('systemctl')).toBe('start --no-block open-vm-tools.service\n');
  });

  test('the address that Cosmic names by the hardware', () => {
    guest.plant('sys/class/net/eth0/address', '02:00:00:00:00:01\n');
    guest.plant('sys/class/net/eth1/address', '02:00:00:00:00:02\n');
    boot('type=router controlip=169.254.1.2 controlmask=255.255.0.0 controlmac=02:00:00:00:00:02');
    expect(guest.text('etc/ssh/sshd_config.d/00-control-address.conf')).toBe('ListenAddress 169.254.1.2\n');
    expect(guest.text('etc/network/interfaces')).toContain('auto lo eth1\n');
  });

  test('all addresses when there is no control address, which is said', () => {
    guest.plant('etc/ssh/sshd_config.d/00-control-address.conf', 'ListenAddress 10.0.0.1\n');
    expect(boot('type=router eth0ip=10.0.0.1')).toContain('no control address');
    expect(guest.text('etc/ssh/sshd_config.d/00-control-address.conf')).toBeUndefined();
  });
});

describe('the key', () => {
  const KEY = 'ssh-rsa AAAAB3NzaC1yc2E root@server';
  test.each([KEY, `${KEY}1`, `${KEY}\n`])('is installed with every = of its base64: %j', (key) => {
    boot(`type=router authorized_key=${Buffer.from(key).toString('base64')}`);
    expect(guest.text('root/.ssh/authorized_keys')).toBe(`${key.trim()}\n`);
    expect(statSync(join(guest.root, 'root/.ssh/authorized_keys')).mode & 0o777).toBe(0o600);
  });

  test('of Cosmic comes as a file', () => {
    guest.plant('var/cache/cloud/authorized_keys', `${KEY}\n`);
    boot('type=router');
    expect(guest.text('root/.ssh/authorized_keys')).toBe(`${KEY}\n`);
    // The guest agent makes files that everybody may write, and this one is read at every boot.
    expect(statSync(join(guest.root, 'var/cache/cloud/authorized_keys')).mode & 0o777).toBe(0o600);
  });

  test.each(['%%%', 'bm90IGEga2V5', ''])('that is none does not take the place of another: %j', (word) => {
    guest.plant('root/.ssh/authorized_keys', `${KEY}\n`);
    const output = boot(`type=router authorized_key=${word}`);
    expect(output.includes('ignored authorized_key')).toBe(word !== '');
    expect(guest.text('root/.ssh/authorized_keys')).toBe(`${KEY}\n`);
  });
});

describe('a bad word', () => {
  test.each([
    { words: 'eth0ip=10.0.0.256', says: 'ignored eth0ip: not an address' },
    { words: 'eth0ip=10.0.0', says: 'ignored eth0ip: not an address' },
    { words: 'eth0ip=10.0.0.1;reboot', says: 'ignored eth0ip: not an address' },
    { words: 'dns1=dns.example', says: 'ignored dns1: not an address' },
    { words: 'name=$(reboot)', says: 'ignored name: not a host name' },
    { words: 'hello', says: 'ignored a word that is not key=value' },
    { words: '=value', says: 'ignored a word that is not key=value' },
    { words: 'a;b=$(touch${IFS}x)', says: 'ignored a word that is not key=value' },
    { words: 'controlip=10.0.0.1 controlmac=no', says: 'no interface has the address of controlmac' },
  ])('$words is ignored, which is said: $says', ({ words, says }) => {
    expect(boot(`type=router ${words} eth1ip=169.254.0.9`)).toContain(says);
    expect(guest.text('etc/network/interfaces')).toContain('auto lo eth1\n');
  });

  test('is text in JSON, whatever it has in it', () => {
    boot('type=router domain="a\\b=c= eth0ip=* host=');
    expect(JSON.parse(guest.text('var/cache/cloud/cmd_line.json') ?? '')).toEqual({
      type: 'cmdline',
      id: 'cmdline',
      cmd_line: { type: 'router', domain: '"a\\b=c=', eth0ip: '*', host: '' },
    });
  });
});

test('secrets stay out of the log and of what others may read', () => {
  const output = boot('type=router vmpassword=S3cret keystore_password=0ther');
  expect(guest.text('chpasswd')).toBe('root:S3cret\n');
  expect(output + (guest.text('var/log/cloud.log') ?? '')).not.toMatch(/S3cret|0ther/);
  for (const name of ['cmdline', 'cmd_line.json']) {
    expect(statSync(join(guest.root, 'var/cache/cloud', name)).mode & 0o777).toBe(0o600);
  }
});

test('without a password word the password is left alone', () => {
  boot(ROUTER);
  expect(guest.text('chpasswd')).toBeUndefined();
});
