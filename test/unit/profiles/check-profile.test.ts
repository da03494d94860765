import { describe, expect, test } from '@jest/globals';
import { checkProfile } from '../../../src/profiles/check-profile.ts';
import type { Profile, Target } from '../../../src/profiles/profile.ts';
import { checkSecrets, secretsOf } from '../../../src/profiles/secrets.ts';
import { unsupportedYet } from '../../../src/profiles/unsupported-yet.ts';
import { resolveBuiltIn } from './resolve-built-in.ts';

const server = resolveBuiltIn('server').profile;
const qcow2: Target = { format: 'qcow2', compression: 'zlib', compat: '1.1', outer: 'none', missing: 'fail' };
const vhd: Target = { format: 'vhd', compression: 'none', outer: 'none', missing: 'fail' };
const lines = (faults: readonly { path: string; message: string }[]): string[] =>
  faults.map(({ path, message }) => `${path} ${message}`);
const kernel = (name: string, exclude: string[] = []): Partial<Profile> => ({
  packages: { ...server.packages, kernel: name, exclude },
});

describe('checkProfile', () => {
  test.each<[because: string, change: Partial<Profile>, expected: string[]]>([
    ['the built-in is sound', {}, []],
    [
      'the cloud kernel lacks drivers',
      { targets: { kvm: qcow2, hyperv: vhd } },
      [
        '.packages.kernel lacks drivers that hyperv needs; use linux-image-amd64; found "linux-image-cloud-amd64"',
      ],
    ],
    ['the generic kernel has them', { ...kernel('linux-image-amd64'), targets: { hyperv: vhd } }, []],
    [
      'a kernel for another processor',
      kernel('linux-image-arm64'),
      ['.packages.kernel must be a kernel for amd64; found "linux-image-arm64"'],
    ],
    [
      'a kernel that is kept out',
      kernel('linux-image-amd64', ['linux-image-amd64']),
      ['.packages.kernel is excluded; found "linux-image-amd64"'],
    ],
    [
      'swap eats the disk',
      { disk: { ...server.disk, swapMiB: 4000 } },
      ['.disk.swapMiB leaves less than 512 MiB of 4096 for the root; found 4000'],
    ],
    [
      'a name of 15 characters leaves room for the version',
      { template: { name: 'cosmic-systemvm', consumers: ['cosmic'] } },
      [],
    ],
    [
      'a name of 16 does not',
      { template: { name: 'cosmic-systemvm2', consumers: ['cosmic'] } },
      [
        '.template.name must have at most 15 characters, because cosmic takes names of 32 and the version is appended; found 16',
      ],
    ],
    ['without such a consumer it may be long', { template: { name: 'x'.repeat(100), consumers: [] } }, []],
    [
      'raw has no compression',
      { targets: { kvm: { ...vhd, format: 'raw', compression: 'zlib' } } },
      ['.targets.kvm.compression must be none for raw; found "zlib"'],
    ],
    [
      'compat is a word of qcow2',
      { targets: { kvm: { ...vhd, format: 'raw', compat: '1.1' } } },
      ['.targets.kvm.compat is for qcow2 only; the format is raw'],
    ],
    [
      'old hosts know no zstd',
      { targets: { kvm: { ...qcow2, compat: '0.10', compression: 'zstd' } } },
      ['.targets.kvm.compat must be 1.1 with zstd compression; found "0.10"'],
    ],
    [
      'VHD counts in blocks of 2 MiB',
      {
        ...kernel('linux-image-amd64'),
        disk: { ...server.disk, sizeMiB: 5001 },
        targets: { xenserver: vhd },
      },
      ['.targets.xenserver.format needs disk.sizeMiB to be a multiple of 2, its block size; found 5001'],
    ],
  ])('%s', (_because, change, expected) => {
    expect(lines(checkProfile({ ...server, ...change }))).toEqual(expected);
  });
});

describe('unsupportedYet', () => {
  test.each<[because: string, change: Partial<Profile>, expected: string[]]>([
    ['the built-in can be built', {}, []],
    [
      'UEFI comes later',
      { disk: { ...server.disk, layout: 'uefi' } },
      ['.disk.layout layout uefi cannot be built yet; use bios'],
    ],
    [
      'the installer too',
      { base: { method: 'installer' } },
      ['.base.method method installer cannot be built yet; use bootstrap'],
    ],
    [
      'arm64 too',
      { os: { ...server.os, architecture: 'arm64' } },
      ['.os.architecture architecture arm64 cannot be built yet; use amd64'],
    ],
    [
      'and other formats',
      { targets: { kvm: qcow2, xenserver: { ...vhd, outer: 'bz2' } } },
      [
        '.targets.xenserver.format format vhd cannot be built yet; use qcow2 or raw',
        '.targets.xenserver.outer outer compression bz2 cannot be built yet; use none',
      ],
    ],
  ])('%s', (_because, change, expected) => {
    expect(lines(unsupportedYet({ ...server, ...change }))).toEqual(expected);
  });

  test.each([
    ['server', true],
    ['kvm', true],
    ['systemvm', false],
    ['vmware', false],
  ])('built-in %s can be built: %s', (name, possible) => {
    expect(unsupportedYet(resolveBuiltIn(name).profile).length === 0).toBe(possible);
  });
});

describe('secrets', () => {
  const own = {
    provisioners: [
      {
        type: 'shell',
        inline: 'x',
        env: {
          PLAIN: 'x',
          TOKEN: { fromEnv: 'A_TOKEN', secret: true },
          KEY: { fromEnv: 'A_KEY', secret: true },
        },
      },
    ],
  };
  const { profile, secrets } = resolveBuiltIn('server', { own });

  test('are listed by name', () => {
    expect(secrets).toEqual(secretsOf(profile));
    expect(secrets).toEqual([
      { path: '.provisioners[1].env.TOKEN', provisioner: 1, name: 'TOKEN', fromEnv: 'A_TOKEN' },
      { path: '.provisioners[1].env.KEY', provisioner: 1, name: 'KEY', fromEnv: 'A_KEY' },
    ]);
  });

  test.each<[because: string, environment: Record<string, string>, expected: string[]]>([
    ['all there', { A_TOKEN: 'x', A_KEY: 'y' }, []],
    [
      'one missing, one empty',
      { A_KEY: '' },
      [
        '.provisioners[1].env.TOKEN needs the environment variable A_TOKEN, which is not set',
        '.provisioners[1].env.KEY needs the environment variable A_KEY, which is empty',
      ],
    ],
  ])('%s', (_because, environment, expected) => {
    expect(lines(checkSecrets(profile, environment))).toEqual(expected);
  });
});
