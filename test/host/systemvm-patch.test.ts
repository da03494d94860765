import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SystemvmRoot } from './systemvm-root.ts';

/* `provisioners/systemvm/boot/`: the scripts of the management server, from a CD or pushed, and what comes after. */

let archive: Buffer;
let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mintmark-scripts-'));
  for (const [name, text] of Object.entries({ 'opt/cloud/bin/pushed.sh': 'new', 'lib/x': 'x' })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  execFileSync('tar', ['-C', directory, '-czf', join(directory, 'a.tgz'), 'opt', 'lib']);
  archive = readFileSync(join(directory, 'a.tgz'));
});
afterAll(() => rmSync(directory, { recursive: true }));

let guest: SystemvmRoot;
beforeEach(() => {
  guest = new SystemvmRoot();
  guest.plant('run/cloud/channel', 'guest_agent\n');
  guest.plant('var/cache/cloud/channel', 'guest_agent\n');
  guest.plant('var/cache/cloud/cmdline', 'type=router\n');
  guest.program('unzip', 'mkdir -p "$5/conf"; echo "$3" >"$5/unzipped"');
});
afterEach(() => guest.remove());

const PUSHED = 'var/cache/cloud/cloud-scripts.tgz';
const SIGNATURE = 'var/cache/cloud/cloud-scripts-signature';
const signature = (): string => `${createHash('sha512').update(archive).digest('hex')}\n`;
const cut = (): Buffer => archive.subarray(0, archive.length - 20);

describe('pushed scripts', () => {
  test('go over / when their hash is new; links to directories stay', () => {
    guest.plant(PUSHED, archive);
    mkdirSync(join(guest.root, 'usr/lib'), { recursive: true });
    symlinkSync('usr/lib', join(guest.root, 'lib'));
    expect(guest.run('cloud-early-config.sh').status).toBe(0);
    expect(guest.text('opt/cloud/bin/pushed.sh')).toBe('new');
    expect(lstatSync(join(guest.root, 'lib')).isSymbolicLink()).toBe(true);
    expect(guest.text('usr/lib/x')).toBe('x');
    expect(guest.text(SIGNATURE)).toBe(signature());
    expect(guest.text('var/cache/cloud/patch.required')).toBe('');
    expect(guest.text('var/log/patchsystemvm.log')).toMatch(/unpacked .*cloud-scripts\.tgz/);
  });

  test('that are in place already are left alone', () => {
    guest.plant(PUSHED, archive);
    guest.plant(SIGNATURE, signature());
    expect(guest.run('cloud-early-config.sh').status).toBe(0);
    expect(guest.text('opt/cloud/bin/pushed.sh')).toBeUndefined();
    expect(guest.text('var/cache/cloud/patch.required')).toBeUndefined();
  });

  test.each([
    { bytes: () => cut(), because: 'the end is missing' },
    { bytes: () => archive.subarray(0, 30), because: 'nearly everything is missing' },
    { bytes: () => Buffer.from('not gzip at all'), because: 'it is something else' },
    { bytes: () => execFileSync('gzip', ['-c'], { input: 'no tar' }), because: 'it is no tar' },
  ])('are not unpacked when $because; the unit fails', ({ bytes }) => {
    guest.plant(PUSHED, bytes());
    guest.plant(SIGNATURE, 'before\n');
    const { status, output } = guest.run('cloud-early-config.sh');
    expect({ status, output }).toMatchObject({ status: 1, output: expect.stringContaining('is cut short') });
    expect(guest.text('var/log/patchsystemvm.log')).toContain('cloud-scripts.tgz is cut short');
    expect(guest.text('opt/cloud/bin/pushed.sh')).toBeUndefined();
    expect(guest.text(SIGNATURE)).toBe('before\n');
  });

  test('that never come are said to be missing, and the boot goes on as in CloudStack', () => {
    expect(guest.run('cloud-early-config.sh')).toMatchObject({
      status: 0,
      output: 'patch: no cloud-scripts.tgz came\n',
    });
  });

  test.each([
    { files: { 'var/cache/cloud/cmdline': 'type=cksnode' }, because: 'a node of Kubernetes is not patched' },
    { files: { 'var/cache/cloud/cmdline': 'type=sharedfsvm' }, because: 'nor a shared file system' },
    { files: { 'var/cache/cloud/channel': 'cosmic_agent\n' }, because: 'Cosmic patches from a CD' },
    { files: { 'run/cloud/patched-from-cd': '' }, because: 'the CD had them' },
    { files: { 'run/cloud/channel': 'none\n' }, because: 'nobody said who the machine is' },
  ])('are not waited for: $because', ({ files }) => {
    for (const [name, text] of Object.entries(files)) guest.plant(name, text);
    expect(guest.run('cloud-early-config.sh')).toEqual({ status: 0, output: '' });
  });

  test.each(['consoleproxy', 'secstorage'])('of a %s come with its agent, which learns the words', (type) => {
    guest.plant(PUSHED, archive);
    guest.plant('var/cache/cloud/agent.zip', 'zip');
    guest.plant('var/cache/cloud/cmdline', `type=${type} host=10.0.0.9\n`);
    expect(guest.run('cloud-early-config.sh').status).toBe(0);
    expect(guest.text('usr/local/cloud/systemvm/conf/agent.properties')).toBe(
      `type=${type}\nhost=10.0.0.9\n`,
    );
  });

  test('take over when they have a bootstrap, whose failure is theirs', () => {
    guest.plant('opt/cloud/bin/setup/bootstrap.sh', '#!/bin/sh\nexit 3\n');
    execFileSync('chmod', ['+x', join(guest.root, 'opt/cloud/bin/setup/bootstrap.sh')]);
    guest.plant(PUSHED, archive);
    expect(guest.run('cloud-early-config.sh').status).toBe(1);
  });
});

describe('the CD', () => {
  test('gives scripts, agent and, where there is none, the key', () => {
    guest.plant('dev/sr0/cloud-scripts.tgz', archive);
    guest.plant('dev/sr0/systemvm.zip', 'zip');
    guest.plant('dev/sr0/authorized_keys', 'ssh-rsa A\n');
    expect(guest.run('patch-from-cd.sh').status).toBe(0);
    expect(guest.text('opt/cloud/bin/pushed.sh')).toBe('new');
    expect(guest.text('opt/cosmic/patch/cloud-scripts.tgz.sha512')).toBe(signature());
    expect(guest.text('opt/cosmic/agent/unzipped')).toMatch(/systemvm\.zip/);
    expect(guest.text('root/.ssh/authorized_keys')).toBe('ssh-rsa A\n');
    expect(existsSync(join(guest.root, 'run/cloud/patched-from-cd'))).toBe(true);
  });

  test('in the second drive is found; a key that is there stays', () => {
    guest.plant('dev/sr0/meta-data', 'a seed');
    guest.plant('dev/sr1/cloud-scripts.tgz', archive);
    guest.plant('dev/sr1/authorized_keys', 'ssh-rsa A\n');
    guest.plant('root/.ssh/authorized_keys', 'ssh-rsa B\n');
    expect(guest.run('patch-from-cd.sh').status).toBe(0);
    expect(guest.text('opt/cloud/bin/pushed.sh')).toBe('new');
    expect(guest.text('root/.ssh/authorized_keys')).toBe('ssh-rsa B\n');
  });

  test('whose archive is cut short fails the unit at once', () => {
    guest.plant('dev/sr0/cloud-scripts.tgz', cut());
    const { status, output } = guest.run('patch-from-cd.sh');
    expect({ status, output }).toMatchObject({ status: 1, output: expect.stringContaining('is cut short') });
    expect(guest.text('opt/cloud/bin/pushed.sh')).toBeUndefined();
  });

  test('of another kind is left alone', () => {
    guest.plant('dev/sr0/meta-data', 'a seed');
    expect(guest.run('patch-from-cd.sh')).toEqual({ status: 0, output: '' });
  });
});

describe('the root file system', () => {
  beforeEach(() => {
    guest.plant('var/cache/cloud/channel', 'cosmic_agent\n');
    guest.program('findmnt', 'echo /dev/vda3');
    guest.program(
      'readlink',
      'case $2 in /dev/*) echo "$2" ;; *) echo "$CLOUD_ROOT/sys/devices/vda/vda3" ;; esac',
    );
    for (const name of ['growpart', 'resize2fs']) guest.program(name, `echo "$@" >"$CLOUD_ROOT/${name}"`);
    for (const [name, text] of Object.entries({ partition: '3', start: '2048', size: '100000' })) {
      guest.plant(`sys/devices/vda/vda3/${name}`, `${text}\n`);
    }
  });

  test('grows on a larger disk, whatever its partition’s number', () => {
    guest.plant('sys/devices/vda/size', '200000\n');
    expect(guest.run('cloud-early-config.sh').status).toBe(0);
    expect(guest.text('growpart')).toBe('/dev/vda 3\n');
    expect(guest.text('resize2fs')).toBe('/dev/vda3\n');
  });

  test('is left alone when only the backup partition table is behind it', () => {
    guest.plant('sys/devices/vda/size', '104095\n');
    expect(guest.run('cloud-early-config.sh')).toEqual({ status: 0, output: '' });
    expect(guest.text('growpart')).toBeUndefined();
  });

  test('that cannot grow fails the unit', () => {
    guest.plant('sys/devices/vda/size', '200000\n');
    guest.program('growpart', 'exit 1');
    expect(guest.run('cloud-early-config.sh')).toMatchObject({ status: 1 });
  });
});

describe('the ready marker', () => {
  test('has the date, after the chosen services were stopped and started', () => {
    guest.plant('var/cache/cloud/enabled_svcs', 'haproxy\nkeepalived\n');
    guest.plant('var/cache/cloud/disabled_svcs', 'apache2\n');
    expect(guest.run('postinit.sh')).toMatchObject({ status: 0, output: 'ready\n' });
    expect(guest.text('systemctl')).toBe('stop apache2\nstart haproxy keepalived\n');
    expect(guest.text('var/cache/cloud/boot_up_done')).toMatch(/\d{4}/);
  });

  test('is not written when a chosen service does not start', () => {
    guest.plant('var/cache/cloud/enabled_svcs', 'haproxy\n');
    guest.program('systemctl', 'exit 1');
    expect(guest.run('postinit.sh').status).toBe(1);
    expect(guest.text('var/cache/cloud/boot_up_done')).toBeUndefined();
  });
});

describe('the version that the server asks for', () => {
  beforeEach(() => {
    guest.plant('etc/cloudstack-release', 'Cloudstack Release 26.11.22 2026-11-22\n');
    guest.plant('etc/cosmic-release', 'Cosmic Release 26.11.22 2026-11-22\n');
    guest.plant(SIGNATURE, 'abc\n');
    guest.plant('opt/cosmic/patch/cloud-scripts.tgz.sha512', 'def\n');
  });
  test.each([
    { channel: 'guest_agent', line: 'Cloudstack Release 26.11.22 2026-11-22&abc\n' },
    { channel: 'cosmic_agent', line: 'Cosmic Release 26.11.22 2026-11-22&def\n' },
  ])('by $channel', ({ channel, line }) => {
    guest.plant('var/cache/cloud/channel', `${channel}\n`);
    expect(guest.run('get_template_version.sh').output).toBe(line);
  });
});
