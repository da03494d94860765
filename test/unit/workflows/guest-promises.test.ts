import { describe, expect, test } from '@jest/globals';
import { checkReleaseManifest } from '../../../src/manifests/release.ts';
import {
  defaultContract,
  promiseFor,
  promiseOfRelease,
  releaseGuestOf,
  UNKNOWN_GUEST,
} from '../../../src/workflows/guest-promises.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';

const PACKAGE = {
  name: 'bash',
  version: '5.2',
  architecture: 'amd64',
  source: 'bash',
  sourceVersion: '5.2',
  installedSizeKiB: 1,
};

describe('what a release promises', () => {
  test.each(['server', 'kvm', 'cosmic-systemvm'])(
    '%s: what its profile says, in words that the schema takes',
    (name) => {
      const { profile } = resolveBuiltIn(name);
      const guest = releaseGuestOf(profile);
      const manifest = sampleManifest(undefined, { guest });
      expect(checkReleaseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual([]);
      const read = promiseOfRelease(manifest, [PACKAGE]);
      expect(read.guest).toEqual(guest);
      expect(read.checks).toEqual(profile.checks);
    },
  );

  test('which image it is comes from the manifest', () => {
    const manifest = sampleManifest(undefined, { guest: UNKNOWN_GUEST });
    const os = { ...manifest.os, releaseLine: '26.11.21' };
    expect(promiseOfRelease({ ...manifest, os }, [PACKAGE]).identity).toEqual({
      imageId: 'server',
      imageVersion: '26.11.21-2.57',
      releaseLine: '26.11.21',
      releaseFiles: [],
      kernel: '6.12.57+deb13-cloud-amd64',
      packages: ['bash:amd64 5.2'],
    });
  });

  test('an image of another maker promises what every cloud image does', () => {
    const promise = promiseOfRelease(sampleManifest(), []);
    expect(promise.guest).toEqual(UNKNOWN_GUEST);
    expect(promise).not.toHaveProperty('identity');
  });

  test('a reissue has the name of its source inside', () => {
    const manifest = sampleManifest(undefined, { guest: UNKNOWN_GUEST, reissueOf: '26.11.20-1.56' });
    expect(promiseOfRelease(manifest, []).identity?.imageVersion).toBe('26.11.20-1.56');
  });

  test('checks that a later version knows are left out', () => {
    const checks = [
      { type: 'telepathy', mind: 'open' },
      { type: 'port', port: 22 },
    ];
    const promise = promiseOfRelease(sampleManifest(undefined, { guest: { ...UNKNOWN_GUEST, checks } }), []);
    expect(promise.checks.map(({ type }) => type)).toEqual(['port']);
  });

  test.each([
    { contract: 'nocloud', expected: 'nocloud' },
    { contract: 'cloudstack-systemvm', expected: 'cloudstack' },
  ] as const)('$contract is tested by $expected', ({ contract, expected }) => {
    expect(defaultContract({ ...UNKNOWN_GUEST, contract })).toBe(expected);
  });

  test('a machine is held to the contract that is spoken to it', () => {
    const promise = promiseFor({ guest: UNKNOWN_GUEST, checks: [] }, 'config-drive');
    expect(promise).toMatchObject({ contract: 'config-drive', sshPort: 22 });
    expect(promise).not.toHaveProperty('identity');
  });
});
