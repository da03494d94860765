import { describe, expect, test } from '@jest/globals';
import type { PackerEvent } from '../../../src/packer/machine-readable.ts';
import { isLogin, PackerProgressReader, PHRASES } from '../../../src/packer/progress.ts';

const STEPS = [
  { name: 'place 2 files', markers: ['files', 'scripts/00-place-files.sh'], provisioners: [] },
  { name: 'configure', markers: ['scripts/01-configure.sh'], provisioners: [] },
];
const say = (text: string): PackerEvent => ({ type: 'ui', level: 'say', build: 'qemu.mintmark', text });

/** A real line for each row of the table, by the row's number. */
const LINES: readonly { line: string; detail: string | undefined }[] = [
  { line: 'Retrieving ISO', detail: 'checking the base disk' },
  { line: 'Creating required virtual machine disks', detail: 'making the disk' },
  { line: 'Starting VM, booting disk image', detail: 'starting QEMU' },
  { line: 'Waiting for SSH to become available...', detail: 'waiting for SSH' },
  { line: 'Connected to SSH!', detail: 'logged in' },
  { line: 'Gracefully halting virtual machine...', detail: 'shutting down' },
  { line: 'Deleting output directory...', detail: 'cleaning up' },
  { line: 'Provisioning with shell script: /p/02-unknown.sh', detail: undefined },
  { line: 'Setting a 15m0s timeout for the next provisioner...', detail: undefined },
  { line: 'Found port for communicator (SSH, WinRM, etc): 22007.', detail: undefined },
  {
    line: 'Get:5 http://mirror.example/debian trixie/main amd64 libcurl4t64 amd64 8.14.1-2 [391 kB]',
    detail: 'downloading libcurl4t64',
  },
  { line: 'Get:1 http://mirror.example/debian trixie InRelease [140 kB]', detail: 'reading package lists' },
  { line: 'Selecting previously unselected package curl.', detail: undefined },
  { line: 'Unpacking libcurl4t64:amd64 (8.14.1-2) ...', detail: 'unpacking libcurl4t64' },
  { line: 'Setting up curl (8.14.1-2) ...', detail: 'setting up curl' },
  { line: 'Processing triggers for libc-bin (2.41-12) ...', detail: 'running triggers of libc-bin' },
];

describe('the table of sentences', () => {
  test('has a real line for every row', () => {
    expect(LINES).toHaveLength(PHRASES.length);
    for (const [index, { line }] of LINES.entries()) {
      expect(PHRASES.findIndex(({ pattern }) => pattern.test(line))).toBe(index);
    }
  });

  test.each(LINES)('$line', ({ line, detail }) => {
    expect(new PackerProgressReader(STEPS).read(say(line))).toEqual(
      detail === undefined ? undefined : { detail },
    );
  });
});

test('a build is told step by step', () => {
  const reader = new PackerProgressReader(STEPS);
  const told = [
    'Connected to SSH!',
    'Uploading /p/files => /run/mintmark/',
    'Provisioning with shell script: /p/scripts/00-place-files.sh',
    'Provisioning with shell script: /p/scripts/01-configure.sh',
    'Created symlink \u001b[1m/etc/x\u001b[0m → /lib/x.',
    '   ',
    'Setting up curl (8.14.1-2) ...',
    'Gracefully halting virtual machine...',
    'some other sentence',
  ].map((text) => reader.read(say(text)));
  const first = { number: 1, total: 2, name: 'place 2 files' };
  const second = { number: 2, total: 2, name: 'configure' };
  expect(told).toEqual([
    { detail: 'logged in' },
    { step: first, detail: '' },
    undefined,
    { step: second, detail: '' },
    { step: second, detail: 'Created symlink /etc/x → /lib/x.' },
    undefined,
    { step: second, detail: 'setting up curl' },
    { detail: 'shutting down' },
    undefined,
  ]);
});

test('a script of somebody else is no step of ours', () => {
  expect(
    new PackerProgressReader(STEPS).read(say('Provisioning with shell script: /x/02-more.sh')),
  ).toBeUndefined();
  expect(new PackerProgressReader(STEPS).read({ type: 'error-count', count: 1 })).toBeUndefined();
});

test.each([
  { event: say('Connected to SSH!'), login: true, because: 'Packer says so' },
  { event: say('Connected to SSH! (not)'), login: false, because: 'more words are another sentence' },
  {
    event: { type: 'ui', level: 'message', build: 'qemu.mintmark', text: 'Connected to SSH!' },
    login: false,
    because: 'a provisioner echoed it',
  },
  {
    event: { type: 'ui', level: 'error', build: 'qemu.mintmark', text: 'Connected to SSH!' },
    login: false,
    because: 'a provisioner wrote it to standard error',
  },
  {
    event: { type: 'ui', level: 'say', text: 'Connected to SSH!' },
    login: false,
    because: 'it is of no build',
  },
] as const)('login $login: $because', ({ event, login }) => {
  expect(isLogin(event)).toBe(login);
});
