import { mkdir, utimes } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { GIB, MIB } from '../../../src/values/byte-size.ts';
import type { SpacePhase } from '../../../src/workflows/build-needs.ts';
import {
  checkPreflight,
  readNeeds,
  thisMachine,
  type BuildNeeds,
  type PreflightMachine,
} from '../../../src/workflows/preflight.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';
import { plantBase, samplePackage } from './sample-base.ts';
import { workDirectories } from '../../../src/workflows/work-directory.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { scriptedContext } from './scripted-runner.ts';

const WORK = workDirectories('cache');
const scratch = useScratchDirectory('preflight');
const KEY = 'a'.repeat(64);

const PHASES: readonly SpacePhase[] = [
  { cache: 3 * GIB, runs: 0, catalogue: 0 },
  { cache: 1 * GIB, runs: 2 * GIB, catalogue: 1 * GIB },
];
const NEEDS: BuildNeeds = {
  space: PHASES,
  leastMemoryBytes: 1.5 * GIB,
  share: { memoryBytes: 1.5 * GIB, cores: 2 },
  vmMemoryMiB: 1024,
};

/** A machine whose directories are on these disks: device and GiB that are free. */
function machine(
  disks: Readonly<Record<'cache' | 'state' | 'catalogue', readonly [device: number, freeGiB: number]>>,
  more: Partial<PreflightMachine> = {},
): PreflightMachine {
  return {
    readFreeSpace: async (directory) => {
      const name = directory.split('/').at(-1);
      const [device, freeGiB] = disks[name === 'cache' || name === 'state' ? name : 'catalogue'];
      return { device, freeBytes: freeGiB * GIB };
    },
    readAvailableMemory: async () => 4 * GIB,
    findPort: async ({ first }) => first,
    ...more,
  };
}
const one = (freeGiB: number) =>
  ({ cache: [1, freeGiB], state: [1, freeGiB], catalogue: [1, freeGiB] }) as const;

async function check(asked: PreflightMachine, needs = NEEDS): Promise<Failure | undefined> {
  const { context } = scriptedContext(scratch.path, {});
  try {
    await checkPreflight(needs, { catalogue: scratch.join('catalogue') }, context, asked);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

describe('space', () => {
  test.each([
    { disks: one(4), fails: undefined, because: 'the later part needs 4 GiB in all, the earlier one 3' },
    {
      disks: one(3.9),
      fails: /needs 4\.0 GiB of space, 3\.9 GiB are free/,
      because: 'places on one disk add up',
    },
    {
      disks: { cache: [1, 3], state: [2, 2], catalogue: [3, 1] } as const,
      fails: undefined,
      because: 'each has a disk of its own',
    },
    {
      disks: { cache: [1, 2.9], state: [2, 9], catalogue: [2, 9] } as const,
      fails: /needs 3\.0 GiB .*cache 3\.0 GiB in .*cache\)/,
      because: 'the cache is on the small one',
    },
    {
      disks: { cache: [1, 9], state: [2, 2.9], catalogue: [2, 2.9] } as const,
      fails: /needs 3\.0 GiB .*runs 2\.0 GiB in .*state, catalogue 1\.0 GiB in .*catalogue\)/,
      because: 'two of them are on the small one',
    },
    { disks: one(0), fails: /0 B are free/, because: 'full' },
  ])('$because', async ({ disks, fails }) => {
    const failure = await check(machine(disks));
    if (fails === undefined) return expect(failure).toBeUndefined();
    expect(failure).toMatchObject({
      kind: 'host',
      code: 'E_NO_SPACE',
      message: expect.stringMatching(fails),
    });
    expect(failure?.hint).toMatch(/make room/);
    return undefined;
  });

  test('two disks that are too small are two shortages', async () => {
    const failure = await check(machine({ cache: [1, 1], state: [2, 1], catalogue: [3, 9] }));
    expect(failure?.code).toBe('E_PREFLIGHT');
    expect(failure?.message).toContain('2 things');
  });

  test('what killed builds left in the cache is swept before refusing', async () => {
    await scratch.write(`${WORK}/dead/owner.json`, '{"pid":1}');
    await utimes(scratch.join(`${WORK}/dead`), 0, 0);
    let looked = 0;
    const swept = machine(one(9), {
      readFreeSpace: async () => ({ device: 1, freeBytes: (looked += 1) > 3 ? 9 * GIB : 0 }),
    });
    expect(await check(swept)).toBeUndefined();
    expect(looked).toBe(6);
  });

  test('a directory that cannot be asked is left to whoever writes there', async () => {
    const denied = machine(one(0), {
      readFreeSpace: async () => {
        throw Object.assign(new Error('denied'), { code: 'EACCES' });
      },
    });
    expect(await check(denied)).toBeUndefined();
  });
});

describe('memory', () => {
  test.each([
    { availableGiB: 1.5, fails: undefined, because: 'just enough' },
    {
      availableGiB: 1.4,
      fails: 'end other programs, or give the guest less with --set vm.memoryMiB=896',
      because: 'short',
    },
    { availableGiB: 0.2, fails: 'end other programs', because: 'no guest would fit' },
  ])('$because', async ({ availableGiB, fails }) => {
    const failure = await check(machine(one(9), { readAvailableMemory: async () => availableGiB * GIB }));
    if (fails === undefined) return expect(failure).toBeUndefined();
    expect(failure).toMatchObject({ kind: 'host', code: 'E_NO_MEMORY', hint: fails });
    expect(failure?.message).toContain('1024 MiB of it for the build');
    return undefined;
  });
});

describe('ports', () => {
  test.each(['EADDRNOTAVAIL', 'EADDRINUSE'])('none: %s', async (code) => {
    const findPort = async (): Promise<number> => {
      throw Object.assign(new Error(`listen ${code}`), { code });
    };
    const failure = await check(machine(one(9), { findPort }));
    expect(failure).toMatchObject({
      code: 'E_NO_PORT',
      message: expect.stringContaining('between 22000 and 30000'),
    });
    expect(failure?.message).toContain(code);
  });
});

test('several shortages are told at once, each with what to do', async () => {
  const asked = machine(one(1), {
    readAvailableMemory: async () => 0,
    findPort: () => Promise.reject(new Error('no lo')),
  });
  const failure = await check(asked);
  expect(failure).toMatchObject({
    kind: 'host',
    code: 'E_PREFLIGHT',
    message: 'this machine lacks 3 things that the build needs',
  });
  expect(failure?.details.filter((line) => line.startsWith('  remedy: '))).toHaveLength(3);
  expect(failure?.evidence).toMatchObject({
    shortages: [
      {
        code: 'E_NO_SPACE',
        wanted: 4 * GIB,
        found: 1 * GIB,
        where: [expect.any(String), expect.any(String), expect.any(String)],
      },
      { code: 'E_NO_MEMORY', wanted: 1.5 * GIB, found: 0 },
      { code: 'E_NO_PORT', where: ['127.0.0.1'] },
    ],
  });
});

const most = (found: BuildNeeds): number => Math.max(...found.space.map(({ cache }) => cache));

describe('the needs of a plan', () => {
  const packages = [samplePackage('one'), { ...samplePackage('two'), sizeBytes: 100 * MIB }];
  const busybox = samplePackage('busybox-static');
  const index = 'Package: one\nInstalled-Size: 204800\n\nPackage: two\nInstalled-Size: 102400\n';
  const plan = () => ({
    profile: resolveBuiltIn('server').profile,
    closure: {
      packages,
      busybox,
      index,
      mirrors: [],
      aptConfig: '',
      sources: [],
      chosenMirrors: { main: '' },
    },
    baseDigest: KEY,
  });
  const needs = (availableGiB = 8): Promise<BuildNeeds> =>
    readNeeds(
      plan(),
      scriptedContext(scratch.path, {}).context,
      machine(one(9), { readAvailableMemory: async () => availableGiB * GIB }),
    );

  test('of an empty cache', async () => {
    const found = await needs();
    expect(found.space).toHaveLength(3);
    expect(found).toMatchObject({ vmMemoryMiB: 1024, leastMemoryBytes: 1408 * MIB });
    expect(found.share).toMatchObject({ memoryBytes: 1408 * MIB, cores: 2 });
  });

  test('packages that are stored need not be stored again', async () => {
    const before = most(await needs());
    await scratch.write(`cache/debs/${packages[1]?.sha256}`, 'deb');
    expect(before - most(await needs())).toBe(100 * MIB);
  });

  test('where memory is short the tree is made on disk', async () => {
    expect(most(await needs(1.5))).toBeGreaterThan(most(await needs()) + 300 * MIB);
  });

  test('a large tree in memory is part of the share, not of what the build cannot do without', async () => {
    const large = plan();
    const closure = { ...large.closure, index: 'Package: one\nInstalled-Size: 2097152\n' };
    const found = await readNeeds(
      { ...large, closure },
      scriptedContext(scratch.path, {}).context,
      machine(one(9), { readAvailableMemory: async () => 64 * GIB }),
    );
    expect(found.share.memoryBytes).toBeGreaterThan(2 * GIB);
    expect(found.leastMemoryBytes).toBe(1408 * MIB);
  });

  test('a cached base is known to the byte', async () => {
    await mkdir(scratch.join('cache'), { recursive: true });
    await plantBase(scratch.join('cache'), KEY);
    const found = await needs();
    expect(found.space).toHaveLength(2);
    expect(most(found)).toBe(0);
  });

  test('packages without a size count as none', async () => {
    const odd = plan();
    const closure = { ...odd.closure, index: 'Package: one\n' };
    const found = await readNeeds({ ...odd, closure }, scriptedContext(scratch.path, {}).context);
    for (const phase of found.space) for (const bytes of Object.values(phase)) expect(bytes).not.toBeNaN();
  });

  test('this machine is asked in a moment', async () => {
    const { context } = scriptedContext(scratch.path, {});
    const began = performance.now();
    const found = await readNeeds(plan(), context);
    await checkPreflight(
      { ...found, space: [], leastMemoryBytes: 0 },
      { catalogue: scratch.path },
      context,
      thisMachine,
    );
    expect(performance.now() - began).toBeLessThan(500);
  });
});
