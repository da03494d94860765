import { describe, expect, test } from '@jest/globals';
import {
  finishMachineArguments,
  planFinishFiles,
  type GuestIdentity,
} from '../../../src/guest/finish-machine.ts';
import { renderReleaseLine } from '../../../src/guest/release-stamp.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';

const identity: GuestIdentity = {
  imageId: 'cosmic-systemvm',
  imageVersion: '26.11.21-2.57',
  releaseLine: '26.11.21',
  releaseDate: '2026-11-21',
  builtSources: 'built\n',
  guestSources: 'guest\n',
};

function filesOf(name: string, own: object = {}): Map<string, string> {
  const { profile } = resolveBuiltIn(name, { own: { extends: [name], ...own } });
  return new Map(planFinishFiles(profile, identity, '#!/bin/sh\n').map(({ path, data }) => [path, data]));
}

describe('planFinishFiles', () => {
  test('holds the script and every input that it names', () => {
    const files = filesOf('server');
    expect(Object.fromEntries(files)).toEqual({
      'finish/finish.sh': '#!/bin/sh\n',
      'finish/image-id': 'cosmic-systemvm',
      'finish/image-version': '26.11.21-2.57',
      'finish/sources.built': 'built\n',
      'finish/sources.guest': 'guest\n',
      'finish/keep-locales': 'en\nen_US\n',
      'finish/remove-docs': '',
    });
  });

  test('a system VM gets both release files', () => {
    const files = filesOf('kvm');
    expect(files.get('finish/release-files/0/path')).toBe('/etc/cloudstack-release');
    expect(files.get('finish/release-files/0/text')).toBe('Cloudstack Release 26.11.21 2026-11-21\n');
    expect(files.get('finish/release-files/1/path')).toBe('/etc/cosmic-release');
    expect(files.get('finish/release-files/1/text')).toBe('Cosmic Release 26.11.21 2026-11-21\n');
  });

  test.each([
    { finish: { sparsify: 'none' }, path: 'finish/no-trim', present: true, because: 'nothing is trimmed' },
    {
      finish: { sparsify: 'trim' },
      path: 'finish/no-trim',
      present: false,
      because: 'trimming is all that is done',
    },
    {
      finish: { removeDocs: false },
      path: 'finish/remove-docs',
      present: false,
      because: 'documentation stays',
    },
  ])('$because', ({ finish, path, present }) => {
    expect(filesOf('server', { finish }).has(path)).toBe(present);
  });
});

test('the version is the third word of the release line, where management servers look', () => {
  expect(renderReleaseLine('Cosmic', identity).split(' ')[2]).toBe('26.11.21');
});

describe('finishMachineArguments', () => {
  const machine = {
    accelerator: 'tcg',
    kernel: '/k',
    initrd: '/i',
    disk: '/run,1/disk.raw',
    rootUuid: 'u',
  } as const;

  test('one disk, no network, no window, and it never boots twice', () => {
    const args = finishMachineArguments(machine);
    expect(args).toEqual(
      expect.arrayContaining(['-nodefaults', '-no-reboot', '-accel', 'tcg', '-serial', 'stdio']),
    );
    expect(args.filter((word) => word === '-drive')).toHaveLength(1);
    expect(args.join(' ')).not.toMatch(/-nic|-netdev|vnc/);
  });

  test.each([
    { accelerator: 'tcg', cpu: 'max', because: 'everything that can be emulated' },
    { accelerator: 'kvm', cpu: 'host', because: 'everything that the host has' },
  ] as const)('$accelerator: $because', ({ accelerator, cpu }) => {
    const args = finishMachineArguments({ ...machine, accelerator });
    expect(args[args.indexOf('-cpu') + 1]).toBe(cpu);
  });

  test('a comma in the path of the disk does not end its option; free blocks are given back', () => {
    const args = finishMachineArguments(machine);
    expect(args[args.indexOf('-drive') + 1]).toMatch(/^file=\/run,,1\/disk\.raw,format=raw,.*discard=unmap/);
  });

  test('the kernel is told root and mode; a panic ends the machine', () => {
    const args = finishMachineArguments(machine);
    const append = args[args.indexOf('-append') + 1]?.split(' ');
    expect(append).toEqual(
      expect.arrayContaining(['root=UUID=u', 'mintmark.mode=finish', 'panic=-1', 'console=ttyS0']),
    );
  });
});
