import { describe, expect, test } from '@jest/globals';
import { checkConsoles } from '../../../src/guest/check-consoles.ts';
import {
  checkImageIdentity,
  checkKernel,
  checkPackages,
  checkReleaseLines,
} from '../../../src/guest/check-identity.ts';
import { checkListeners } from '../../../src/guest/check-listeners.ts';
import { checkPasswords, checkSshSettings } from '../../../src/guest/check-passwords.ts';
import { checkRootSize } from '../../../src/guest/check-root-size.ts';
import { checkCloudInit, checkPackageStates, checkUnits } from '../../../src/guest/check-units.ts';
import type { GuestCheck } from '../../../src/guest/guest-check.ts';
import { guestChecks } from '../../../src/guest/guest-checks.ts';
import type { GuestPromise, ImageIdentity } from '../../../src/guest/guest-promise.ts';
import { answer, judged } from './answers.ts';

const identity: ImageIdentity = {
  imageId: 'edge',
  imageVersion: '26.11.22-1.1',
  releaseLine: '26.11.22',
  releaseFiles: [{ path: '/etc/cosmic-release', brand: 'Cosmic' }],
  kernel: '6.12.1-amd64',
  packages: ['a:all 1', 'b:amd64 2', 'c:amd64 3'],
};
const promise: GuestPromise = {
  contract: 'nocloud',
  hostname: 'edge',
  sshPort: 22,
  consoles: ['tty0', 'ttyS0,115200n8', 'hvc0'],
  listeners: ['udp/68'],
  identity,
};
const ssLine = (protocol: string, local: string, process = 'sshd'): string =>
  `${protocol} LISTEN 0 128 ${local} 0.0.0.0:* users:(("${process}",pid=1,fd=3))\n`;

describe('built-in checks', () => {
  test.each<[because: string, check: GuestCheck, text: string, expected: string]>([
    [
      'the recorded image',
      checkImageIdentity(identity),
      'ID=debian\nIMAGE_ID=edge\nIMAGE_VERSION="26.11.22-1.1"\n',
      'passed | IMAGE_ID edge, IMAGE_VERSION 26.11.22-1.1',
    ],
    [
      'another build',
      checkImageIdentity(identity),
      'IMAGE_ID=edge\nIMAGE_VERSION=26.11.22-1.2\n',
      'failed | IMAGE_VERSION 26.11.22-1.1 | IMAGE_VERSION 26.11.22-1.2',
    ],
    [
      'an image that does not say',
      checkImageIdentity(identity),
      'ID=debian\n',
      'failed | IMAGE_ID edge, IMAGE_VERSION 26.11.22-1.1 | IMAGE_ID missing, IMAGE_VERSION missing',
    ],
    [
      'the recorded line',
      checkReleaseLines(identity),
      'Cosmic Release 26.11.22 Sun Nov 22 2026\n',
      'passed | /etc/cosmic-release: Cosmic Release 26.11.22 Sun Nov 22 2026',
    ],
    [
      'a version that only begins the same',
      checkReleaseLines(identity),
      'Cosmic Release 26.11.221 x\n',
      'failed | /etc/cosmic-release: Cosmic Release 26.11.22 | /etc/cosmic-release: Cosmic Release 26.11.221 x',
    ],
    [
      'a release file that is not there',
      checkReleaseLines(identity),
      '\n',
      'failed | /etc/cosmic-release: Cosmic Release 26.11.22 | /etc/cosmic-release: no line',
    ],
    ['the recorded kernel', checkKernel(identity), '6.12.1-amd64\n', 'passed | 6.12.1-amd64'],
    ['another kernel', checkKernel(identity), '6.1.0\n', 'failed | 6.12.1-amd64 | 6.1.0'],
    [
      'the recorded packages, in any order',
      checkPackages(identity),
      'c:amd64 3\na:all 1\nb:amd64 2\n',
      'passed | 3 packages',
    ],
    [
      'missing, added and other versions',
      checkPackages(identity),
      'a:all 1\nb:amd64 5\nd:all 4\n',
      'failed | the 3 recorded packages | 3 differ: b:amd64 is 5, not 2, …',
    ],
    [
      'no list at all',
      checkPackages(identity),
      'sh: dpkg-query: not found\n'.replaceAll(' ', '_'),
      'failed | 3 packages | sh:_dpkg-query:_not_found (exit code 0)',
    ],
    ['all well', checkUnits(), 'running\n', 'passed | running, no unit failed'],
    [
      'a unit failed',
      checkUnits(),
      'degraded\na.service loaded failed failed A\n\n[ 1.0] error\n',
      'failed | running, no unit failed | degraded: a.service',
    ],
    [
      'still starting after a minute',
      checkUnits(),
      'starting\n12 slow.service start running\n\n',
      'failed | running, no unit failed | starting',
    ],
    ['systemd does not answer', checkUnits(), '', 'failed | running, no unit failed | no answer'],
    ['dpkg has nothing to tell', checkPackageStates(), '', 'passed | nothing to tell'],
    [
      'a package is half installed',
      checkPackageStates(),
      'The following packages are only half configured:\n man-db  manual pages\n',
      'failed | nothing to tell by dpkg --audit | man-db',
    ],
    [
      'cloud-init is done',
      checkCloudInit(),
      '{"v1":{"datasource":"DataSourceNoCloud [seed=/dev/vdb]","errors":[]}}',
      'passed | done, by DataSourceNoCloud [seed=/dev/vdb]',
    ],
    [
      'cloud-init had an error',
      checkCloudInit(),
      '{"v1":{"datasource":"DataSourceNoCloud","errors":["bad key"]}}',
      'failed | done without errors | bad key',
    ],
    [
      'cloud-init found no seed',
      checkCloudInit(),
      '{"v1":{"datasource":"DataSourceNone","errors":[]}}',
      'failed | data from the seed | DataSourceNone',
    ],
    ['a record cut short', checkCloudInit(), '{"v1":', 'failed | done without errors | not done'],
    [
      'only promised ports, and loopback',
      checkListeners(promise),
      ssLine('tcp', '0.0.0.0:22') +
        ssLine('tcp', '[::]:22') +
        ssLine('udp', '127.0.0.53%lo:53', 'r') +
        ssLine('udp', '10.0.2.15%ens4:68', 'n'),
      'passed | tcp/22, udp/68',
    ],
    [
      'a port that nobody promised',
      checkListeners(promise),
      ssLine('tcp', '*:22') + ssLine('tcp', '[::]:111', 'rpcbind'),
      'failed | only tcp/22, udp/68 | also tcp/111',
    ],
    [
      'the same number by another protocol is another port',
      checkListeners(promise),
      ssLine('tcp', '*:22') + ssLine('tcp', '*:68', 'x'),
      'failed | only tcp/22, udp/68 | also tcp/68',
    ],
    [
      'SSH on loopback only',
      checkListeners(promise),
      ssLine('tcp', '[::1]:22'),
      'failed | tcp/22 is open | nothing is open',
    ],
    [
      'the root reaches the end',
      checkRootSize(),
      '/dev/vda1 8367620000\n2048 16775135 16777216\n',
      'passed | partition 8191 MiB, 0 MiB free behind it, file system 7980 MiB',
    ],
    [
      'the partition did not grow',
      checkRootSize(),
      '/dev/vda1 4100000000\n2048 8386560 16777216\n',
      'failed | partition to the end of 8192 MiB | partition 4095 MiB, 4096 MiB free behind it',
    ],
    [
      'the partition grew, the file system did not',
      checkRootSize(),
      '/dev/vda1 4100000000\n2048 16775135 16777216\n',
      'failed | file system at least 7372 MiB | file system 3910 MiB',
    ],
    [
      'swap before the root is no room that was left',
      checkRootSize(),
      '/dev/vda2 4080000000\n8390656 8386560 16777216\n',
      'passed | partition 4095 MiB, 0 MiB free behind it, file system 3891 MiB',
    ],
    [
      'a root on no disk',
      checkRootSize(),
      'overlay 100\n',
      'failed | sizes of root and disk | overlay 100 (exit code 0)',
    ],
    [
      'a console that the machine lacks is not missed',
      checkConsoles(promise.consoles),
      'tty0\nttyS0\n\nactive\nactive\n',
      'passed | on tty0, ttyS0',
    ],
    [
      'a silent console',
      checkConsoles(promise.consoles),
      'tty0\nttyS0\n\nactive\ninactive\n',
      'failed | a prompt on tty0, ttyS0 | ttyS0 inactive',
    ],
    [
      'no console at all',
      checkConsoles(promise.consoles),
      '\n\ninactive\n',
      'failed | a prompt on tty0, ttyS0, hvc0 | no such console is there',
    ],
    [
      'locked accounts',
      checkPasswords(),
      'root L 2026-11-22 0 99999 7 -1\nd L 2026-11-22 0 99999 7 -1\n',
      'passed | all 2 accounts are locked',
    ],
    [
      'a password and an empty one',
      checkPasswords(),
      'root P 2026-11-22 0 99999 7 -1\nd NP 2026-11-22 0 99999 7 -1\n',
      'failed | every account is locked | root has a password, d has an empty password',
    ],
    [
      'no list of accounts is no good sign',
      checkPasswords(),
      'sh: passwd: not found\n',
      'failed | the state of all accounts | sh: passwd: not found (exit code 0)',
    ],
    [
      'keys only',
      checkSshSettings({ rootMayLogIn: false }),
      'permitrootlogin without-password\npasswordauthentication no\nkbdinteractiveauthentication no\npermitemptypasswords no\n',
      'passed | passwordauthentication no, kbdinteractiveauthentication no, permitemptypasswords no, permitrootlogin without-password',
    ],
    [
      'passwords by the back door',
      checkSshSettings({ rootMayLogIn: false }),
      'permitrootlogin yes\npasswordauthentication no\nkbdinteractiveauthentication yes\npermitemptypasswords no\n',
      'failed | kbdinteractiveauthentication no, permitrootlogin prohibit-password or no | kbdinteractiveauthentication yes, permitrootlogin yes',
    ],
    [
      'a system VM whose servers cannot log in',
      checkSshSettings({ rootMayLogIn: true }),
      'permitrootlogin no\npasswordauthentication no\nkbdinteractiveauthentication no\npermitemptypasswords no\n',
      'failed | permitrootlogin by key | permitrootlogin no',
    ],
  ])('%s', (_because, check, text, expected) => {
    expect(judged(check, text)).toBe(expected);
  });

  test('a difference names at most ten packages, each in its own words', () => {
    const many = Array.from({ length: 12 }, (_, index) => `p${String(index).padStart(2, '0')}:all 1`);
    const finding = checkPackages({ ...identity, packages: many }).judge(answer('p00:all 2\nx:all 1\n'));
    expect(finding.details).toHaveLength(11);
    expect(finding.details?.slice(0, 2)).toEqual(['p00:all is 2, not 1', 'missing: p01:all 1']);
    expect(finding.details?.at(-1)).toBe('… and 3 more');
  });

  test('a failed question fails its check, whatever it said', () => {
    for (const check of guestChecks(promise)) {
      if (check.name !== 'units')
        expect([check.name, check.judge(answer('', 1)).outcome]).toEqual([check.name, 'failed']);
    }
  });
});

describe('guestChecks', () => {
  test.each<[because: string, promise: GuestPromise, left: string[]]>([
    ['everything', promise, []],
    ['a system VM may have no cloud-init', { ...promise, contract: 'cosmic' }, ['cloud-init']],
    ['no release files', { ...promise, identity: { ...identity, releaseFiles: [] } }, ['release-line']],
    ['no consoles', { ...promise, consoles: [] }, ['consoles']],
  ])('%s', (_because, asked, left) => {
    const all = guestChecks(promise).map(({ name }) => name);
    expect(guestChecks(asked).map(({ name }) => name)).toEqual(all.filter((name) => !left.includes(name)));
  });

  test('only what tells which image it is is asked of every artifact', () => {
    const names = guestChecks(promise).flatMap(({ name, isIdentity }) => (isIdentity ? [name] : []));
    expect(names).toEqual(['os-release', 'release-line', 'kernel', 'packages']);
  });

  test('an image without a manifest is not asked who it is', () => {
    const { identity: _, ...unknown } = promise;
    expect(guestChecks(unknown).some(({ isIdentity }) => isIdentity)).toBe(false);
  });
});
