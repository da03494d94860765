import { describe, expect, test } from '@jest/globals';
import { BUILT_IN_PROFILES } from '../../../src/profiles/built-in.ts';
import { checkProfile } from '../../../src/profiles/check-profile.ts';
import type { Profile, Target } from '../../../src/profiles/profile.ts';
import { checkSecrets, secretsOf } from '../../../src/profiles/secrets.ts';
import { unsupportedYet } from '../../../src/profiles/unsupported-yet.ts';
import { resolveBuiltIn } from './resolve-built-in.ts';

const server = resolveBuiltIn('server').profile;
const qcow2: Target = {
  format: 'qcow2',
  compression: 'zlib',
  compat: '1.1',
  outer: 'none',
  missing: 'fail',
  also: [],
};
const vhd: Target = { format: 'vhd', compression: 'none', outer: 'none', missing: 'fail', also: [] };
const ova: Target = { format: 'ova', compression: 'zlib', outer: 'none', missing: 'fail', also: [] };
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
      'so do the partitions that UEFI machines boot from',
      { disk: { ...server.disk, sizeMiB: 641, layout: 'hybrid' } },
      [
        '.disk.sizeMiB leaves less than 512 MiB of 641 for the root beside 130 MiB that layout hybrid boots from; found 641',
      ],
    ],
    ['one MiB more will do', { disk: { ...server.disk, sizeMiB: 642, layout: 'hybrid' } }, []],
    ['a disk without BIOS code needs less', { disk: { ...server.disk, sizeMiB: 641, layout: 'uefi' } }, []],
    [
      'Secure Boot is a thing of UEFI',
      { disk: { ...server.disk, secureBoot: true } },
      ['.disk.secureBoot needs .disk.layout uefi or hybrid; found bios'],
    ],
    ['which hybrid disks boot by, too', { disk: { ...server.disk, layout: 'hybrid', secureBoot: true } }, []],
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
      'vSphere takes longer ones, but not any',
      {
        ...kernel('linux-image-amd64'),
        targets: { vmware: ova },
        template: { name: 'x'.repeat(64), consumers: [] },
      },
      [
        '.template.name must have at most 63 characters, because vSphere takes names of 80 and the version is appended; found 64',
      ],
    ],
    [
      'it begins file names',
      { template: { name: 'x'.repeat(300), consumers: [] } },
      ['.template.name must have at most 216 characters, because it begins file names; found 300'],
    ],
  ])('%s', (_because, change, expected) => {
    expect(lines(checkProfile({ ...server, ...change }))).toEqual(expected);
  });
});

describe('unsupportedYet', () => {
  test.each<[because: string, change: Partial<Profile>, expected: string[]]>([
    ['the built-in can be built', {}, []],
    ['every layout can', { disk: { ...server.disk, layout: 'uefi', secureBoot: true } }, []],
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
  ])('%s', (_because, change, expected) => {
    expect(lines(unsupportedYet({ ...server, ...change }))).toEqual(expected);
  });

  test.each(Object.keys(BUILT_IN_PROFILES))('built-in %s can be built', (name) => {
    expect(unsupportedYet(resolveBuiltIn(name).profile)).toEqual([]);
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
