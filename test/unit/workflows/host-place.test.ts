import { readdir } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { GIB } from '../../../src/values/byte-size.ts';
import { takeHostPlace } from '../../../src/workflows/host-place.ts';
import { sharesDirectory } from '../../../src/workflows/host-shares.ts';
import type { PreflightMachine } from '../../../src/workflows/preflight.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';
import { samplePackage } from './sample-base.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { scriptedContext } from './scripted-runner.ts';

const scratch = useScratchDirectory('place');
const claims = async (): Promise<string[]> =>
  readdir(sharesDirectory(scratch.join('state'))).catch((): string[] => []);

function take(freeBytes: number) {
  const machine: PreflightMachine = {
    readFreeSpace: async () => ({ device: 1, freeBytes }),
    readAvailableMemory: async () => 8 * GIB,
    findPort: async ({ first }) => first,
  };
  const plan = {
    profile: resolveBuiltIn('server').profile,
    closure: {
      packages: [samplePackage('one')],
      busybox: samplePackage('busybox-static'),
      index: 'Package: one\nInstalled-Size: 204800\n',
      mirrors: [],
      aptConfig: '',
      sources: [],
      chosenMirrors: { main: '' },
    },
    baseDigest: 'a'.repeat(64),
  };
  const { context } = scriptedContext(scratch.path, {});
  return takeHostPlace(plan, { catalogue: scratch.join('catalogue') }, context, machine);
}

describe('a place on the host', () => {
  test('is a share that is held until it is given back', async () => {
    const place = await take(100 * GIB);
    expect(await claims()).toHaveLength(1);
    await place.release();
    expect(await claims()).toEqual([]);
  });

  test('is not held by a build that does not fit', async () => {
    await expect(take(0)).rejects.toMatchObject({ code: 'E_NO_SPACE' });
    expect(await claims()).toEqual([]);
  });
});
