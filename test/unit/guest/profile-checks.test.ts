import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { profileChecks } from '../../../src/guest/profile-checks.ts';
import { completeCheck, type ProfileCheckDocument } from '../../../src/profiles/profile-check.ts';
import { judged, tell } from './answers.ts';

const one = (document: ProfileCheckDocument) => {
  const [check] = profileChecks([completeCheck(document)]);
  if (check === undefined) throw new Error('no check was made');
  return check;
};

/** What a check finds on this very host. */
function look(document: ProfileCheckDocument, path = process.env['PATH'] ?? ''): string {
  const { script, judge } = one(document);
  const env = { PATH: path, LC_ALL: 'C' };
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', script], {
    encoding: 'utf8',
    env,
    input: '',
  });
  return tell(judge({ text: stdout + stderr, ...(stderr === '' ? {} : { stdout }), exitCode: status ?? 1 }));
}

describe('judging', () => {
  const mounts = '/dev/vda1 / ext4 rw,relatime 0 0\ntmpfs /mnt/a\\040b tmpfs rw,nosuid 0 0\n';
  const listener = 'tcp LISTEN 0 1 127.0.0.1:80 0.0.0.0:* users:(("web",pid=1,fd=3))\n';
  test.each<
    [because: string, document: ProfileCheckDocument, text: string, exitCode: number, expected: string]
  >([
    ['installed', { type: 'package', name: 'jq' }, 'installed 1.7\n', 0, 'passed | installed, 1.7'],
    [
      'not installed',
      { type: 'package', name: 'jq' },
      'dpkg-query: no packages\n',
      1,
      'failed | installed | not installed',
    ],
    [
      'removed, its settings left',
      { type: 'package', name: 'jq' },
      'config-files 1.7\n',
      0,
      'failed | installed | not installed',
    ],
    [
      'another version',
      { type: 'package', name: 'jq', version: '1.6' },
      'installed 1.7\n',
      0,
      'failed | 1.6 | installed, 1.7',
    ],
    [
      'unwanted',
      { type: 'package', name: 'jq', installed: false },
      'installed 1.7\n',
      0,
      'failed | not installed | installed, 1.7',
    ],
    ['absent as wanted', { type: 'package', name: 'jq', installed: false }, '', 1, 'passed | not installed'],
    [
      'active and enabled',
      { type: 'service', name: 'ssh', enabled: true },
      'LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n',
      0,
      'passed | active (running), enabled',
    ],
    [
      'failed and disabled',
      { type: 'service', name: 'ssh', enabled: true },
      'LoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=disabled\n',
      0,
      'failed | active, enabled | failed (failed), disabled',
    ],
    [
      'no such unit',
      { type: 'service', name: 'x' },
      'LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n',
      0,
      'failed | active | there is no such unit',
    ],
    [
      'no such unit, as wanted',
      { type: 'service', name: 'x', active: false, enabled: false },
      'LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n',
      0,
      'passed | inactive (dead), not enabled',
    ],
    ['open', { type: 'port', port: 80 }, listener, 0, 'passed | open on 127.0.0.1 by web'],
    [
      'open elsewhere',
      { type: 'port', port: 80, address: '10.0.0.1' },
      listener,
      0,
      'failed | open on 10.0.0.1 | open on 127.0.0.1 by web',
    ],
    ['closed', { type: 'port', port: 81 }, listener, 0, 'failed | open | closed'],
    [
      'open by the other protocol',
      { type: 'port', port: 80, protocol: 'udp' },
      listener,
      0,
      'failed | open | closed',
    ],
    [
      'open against the promise',
      { type: 'port', port: 80, open: false },
      listener,
      0,
      'failed | closed | open on 127.0.0.1 by web',
    ],
    [
      'no ss is no closed port',
      { type: 'port', port: 80, open: false },
      'sh: ss: not found',
      127,
      'failed | the list of listeners | sh: ss: not found (exit code 127)',
    ],
    ['runs', { type: 'process', name: 'web' }, 'init\nweb\nweb\n', 0, 'passed | 2 of it'],
    [
      'a longer name, as the kernel keeps it',
      { type: 'process', name: 'systemd-journald' },
      'systemd-journal\n',
      0,
      'passed | 1 of it',
    ],
    ['does not run', { type: 'process', name: 'web' }, 'init\nwebby\n', 0, 'failed | runs | does not run'],
    [
      'runs against the promise',
      { type: 'process', name: 'web', running: false },
      'web\n',
      0,
      'failed | does not run | 1 of it',
    ],
    [
      'a command',
      { type: 'command', run: 'x', stdout: '/^v\\d$/' },
      'a\nv1\n',
      0,
      'passed | exit code 0, output "a\\nv1"',
    ],
    [
      'another output',
      { type: 'command', run: 'x', stdout: 'v2' },
      'v1\n',
      0,
      'failed | output with "v2" | output "v1"',
    ],
    ['another exit code', { type: 'command', run: 'x' }, 'oh\n', 3, 'failed | exit code 0 | exit code 3'],
    [
      'an exit code that is wanted',
      { type: 'command', run: 'x', exitCode: 3 },
      '',
      3,
      'passed | exit code 3',
    ],
    [
      'a user',
      { type: 'user', name: 'u', uid: 7, shell: '/bin/sh', groups: ['b'] },
      'u:x:7:7::/:/bin/sh\na b\n',
      0,
      'passed | exists, uid 7, shell /bin/sh, groups a b',
    ],
    [
      'a user who is another',
      { type: 'user', name: 'u', uid: 8, groups: ['c'] },
      'u:x:7:7::/:/bin/sh\na b\n',
      0,
      'failed | uid 8, groups c | uid 7, groups a b',
    ],
    ['no user', { type: 'user', name: 'u' }, '', 2, 'failed | exists | no such user'],
    ['no user, as wanted', { type: 'user', name: 'u', exists: false }, '', 2, 'passed | no such user'],
    [
      'a user too many',
      { type: 'user', name: 'u', exists: false },
      'u:x:7:7::/:/bin/sh\n',
      0,
      'failed | no such user | uid 7',
    ],
    ['a parameter', { type: 'kernel-param', name: 'a.b', value: '4 5' }, '4\t5\n', 0, 'passed | 4 5'],
    ['another value', { type: 'kernel-param', name: 'a.b', value: '1' }, '0\n', 0, 'failed | 1 | 0'],
    [
      'no such parameter',
      { type: 'kernel-param', name: 'a.b', value: '1' },
      'cat: No such file\n',
      1,
      'failed | 1 | cat: No such file (exit code 1)',
    ],
    [
      'a page',
      { type: 'http', url: 'http://h/', contains: 'Hi' },
      '<p>Hi\nstatus 200\n',
      0,
      'passed | status 200, text "Hi" there',
    ],
    [
      'another status',
      { type: 'http', url: 'http://h/' },
      'no\nstatus 404\n',
      0,
      'failed | status 200 | status 404',
    ],
    [
      'another page',
      { type: 'http', url: 'http://h/', contains: 'Hi' },
      'Ho\nstatus 200\n',
      0,
      'failed | text "Hi" there | text "Hi" not there',
    ],
    [
      'no server',
      { type: 'http', url: 'http://h/' },
      'curl: (7) refused\n',
      7,
      'failed | status 200 | curl: (7) refused (exit code 7)',
    ],
    [
      'a name',
      { type: 'dns', name: 'h' },
      '1.2.3.4 STREAM h\n1.2.3.4 DGRAM\n::1 STREAM\n',
      0,
      'passed | 1.2.3.4, ::1',
    ],
    [
      'another address',
      { type: 'dns', name: 'h', address: '1.2.3.5' },
      '1.2.3.4 STREAM h\n',
      0,
      'failed | 1.2.3.5 | 1.2.3.4',
    ],
    ['an unknown name', { type: 'dns', name: 'h' }, '', 2, 'failed | an address | unknown'],
    ['an unknown name, as wanted', { type: 'dns', name: 'h', resolves: false }, '', 2, 'passed | unknown'],
    [
      'no resolver is no unknown name',
      { type: 'dns', name: 'h', resolves: false },
      '',
      127,
      'failed | an answer of the resolver | no answer (exit code 127)',
    ],
    [
      'mounted',
      { type: 'mount', path: '/', filesystem: 'ext4', options: ['rw'] },
      mounts,
      0,
      'passed | mounted from /dev/vda1, as ext4, with rw,relatime',
    ],
    [
      'mounted otherwise',
      { type: 'mount', path: '/', filesystem: 'xfs', options: ['ro'] },
      mounts,
      0,
      'failed | as xfs, with ro | as ext4, with rw,relatime',
    ],
    ['a blank in the path', { type: 'mount', path: '/mnt/a b' }, mounts, 0, 'passed | mounted from tmpfs'],
    ['not mounted', { type: 'mount', path: '/srv' }, mounts, 0, 'failed | mounted | not mounted'],
  ])('%s', (_because, document, text, exitCode, expected) => {
    expect(judged(one(document), text, exitCode)).toBe(expected);
  });
});

describe('asking this host', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "checks it's "));
    writeFileSync(join(directory, 'f'), 'one *\ntwo $x\n', { mode: 0o640 });
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  const file = (name = 'f'): string => join(directory, name);

  test.each<[because: string, document: () => ProfileCheckDocument, expected: RegExp]>([
    [
      'a file with all that is asked',
      () => ({
        type: 'file',
        path: file(),
        mode: '0640',
        contains: '*\ntwo $x\n',
        sha256: '6a1bb2ff2fe4f5c4b2b4c6ac9d2b1c2d'.padEnd(64, '0'),
      }),
      /^failed \| SHA-256 6a1bb\w+ \| SHA-256 [0-9a-f]{64}$/,
    ],
    [
      'a line feed at the end counts',
      () => ({ type: 'file', path: file(), contains: '$x\n\n' }),
      /^failed .* not there$/,
    ],
    ['a star is a star', () => ({ type: 'file', path: file(), contains: 'one*' }), /^failed .* not there$/],
    [
      'other permissions',
      () => ({ type: 'file', path: file(), mode: '0644' }),
      /^failed \| mode 0644 \| mode 0640$/,
    ],
    ['no file', () => ({ type: 'file', path: file('g') }), /^failed \| present \| absent$/],
    ['no file, as wanted', () => ({ type: 'file', path: file('g'), exists: false }), /^passed \| absent$/],
    [
      'a file too many',
      () => ({ type: 'file', path: file(), exists: false }),
      /^failed \| absent \| present$/,
    ],
    ['a directory', () => ({ type: 'file', path: directory }), /^passed \| directory$/],
    ['a process', () => ({ type: 'process', name: 'sh' }), /^(?:passed|failed)/],
    [
      'a command',
      () => ({ type: 'command', run: `echo "it's"; exit 3`, exitCode: 3, stdout: "it's" }),
      /^passed/,
    ],
    ['an account', () => ({ type: 'user', name: 'root', uid: 0, groups: ['root'] }), /^passed/],
    [
      'a parameter',
      () => ({ type: 'kernel-param', name: 'kernel.ostype', value: 'Linux' }),
      /^passed \| Linux$/,
    ],
    ['what is mounted', () => ({ type: 'mount', path: '/proc', filesystem: 'proc' }), /^passed/],
    ['a name of this host', () => ({ type: 'dns', name: 'localhost' }), /^passed \| /],
  ])('%s', (_because, document, expected) => {
    expect(look(document())).toMatch(expected);
  });

  test('without curl and Python a page is not there, and the guest says why', () => {
    expect(look({ type: 'http', url: 'http://127.0.0.1/' }, '/nowhere')).toBe(
      'failed | status 200 | the guest has neither curl nor python3 (exit code 127)',
    );
  });
});

test('names are made of what is looked at, and are unique', () => {
  const documents: ProfileCheckDocument[] = [
    { type: 'file', path: '/etc/motd' },
    { type: 'file', path: '/etc/motd' },
    { type: 'file', path: '/etc/motd/2' },
    { type: 'mount', path: '/' },
    { type: 'command', run: 'x'.repeat(500) },
  ];
  expect(profileChecks(documents.map(completeCheck)).map(({ name }) => name)).toEqual([
    'profile-file-etc-motd',
    'profile-file-etc-motd-2',
    'profile-file-etc-motd-2-2',
    'profile-mount-root',
    `profile-command-${'x'.repeat(40)}`,
  ]);
});

test('what a person wrote is the title; where the name is what is looked at, the check says itself what it is', () => {
  expect([
    one({ type: 'port', port: 80, name: 'the shop is open' }).title,
    one({ type: 'service', name: 'nginx' }).title,
  ]).toEqual(['the shop is open', 'nginx is active']);
});
