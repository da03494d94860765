import { expect, test } from '@jest/globals';
import { systemVmChecks, type SystemVmPromise } from '../../../src/guest/check-system-vm.ts';
import { judged } from './answers.ts';

const promise: SystemVmPromise = {
  sshPort: 3922,
  controlAddress: '169.254.1.5',
  commandLine: 'type=router name=r-1-VM vmpassword=secret',
  commandLineFile: '/var/cache/cloud/cmdline',
  readyMarker: '/var/cache/cloud/boot_up_done',
  signature: { file: '/var/cache/cloud/cloud-scripts-signature', sha512: 'a'.repeat(128) },
};
const listening = (local: string): string =>
  `tcp LISTEN 0 128 ${local} 0.0.0.0:* users:(("sshd",pid=1,fd=3))\n`;

test.each<[because: string, name: string, text: string, exitCode: number, expected: string]>([
  ['the marker', 'ready-marker', 'Sun Nov 22\n', 0, 'passed | /var/cache/cloud/boot_up_done: Sun Nov 22'],
  [
    'no marker',
    'ready-marker',
    'cat: No such file\n',
    1,
    'failed | /var/cache/cloud/boot_up_done | cat: No such file (exit code 1)',
  ],
  ['the control address', 'control-address', listening('169.254.1.5:3922'), 0, 'passed | 169.254.1.5'],
  ['every address', 'control-address', listening('0.0.0.0:3922'), 0, 'failed | 169.254.1.5 | 0.0.0.0'],
  [
    'one address too many',
    'control-address',
    listening('169.254.1.5:3922') + listening('10.0.0.1:3922'),
    0,
    'failed | 169.254.1.5 | 169.254.1.5, 10.0.0.1',
  ],
  ['another port', 'control-address', listening('169.254.1.5:22'), 0, 'failed | 169.254.1.5 | nowhere'],
  ['every word', 'command-line', 'type=router  name=r-1-VM vmpassword=secret\n', 0, 'passed | 3 words'],
  [
    'another password, which is not shown',
    'command-line',
    'type=router name=r-1-VM vmpassword=other',
    0,
    'failed | the 3 words that were sent | lacks vmpassword, has another vmpassword',
  ],
  [
    'the digest of the scripts',
    'signature',
    `${'a'.repeat(128)}  -\n`,
    0,
    `passed | SHA-512 ${'a'.repeat(128)}`,
  ],
  [
    'the digest of what was patched over',
    'signature',
    `${'b'.repeat(128)}\n`,
    0,
    `failed | SHA-512 ${'a'.repeat(128)} | SHA-512 ${'b'.repeat(128)}`,
  ],
  [
    'an empty signature',
    'signature',
    '',
    0,
    'failed | a digest in /var/cache/cloud/cloud-scripts-signature | no answer (exit code 0)',
  ],
])('%s', (_because, name, text, exitCode, expected) => {
  const check = systemVmChecks(promise).find((each) => each.name === name);
  expect(check && judged(check, text, exitCode)).toBe(expected);
});

test('a guest that was given no scripts has no signature to look at', () => {
  const { signature: _, ...without } = promise;
  expect(systemVmChecks(without).map(({ name }) => name)).not.toContain('signature');
});
