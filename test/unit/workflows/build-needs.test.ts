import { describe, expect, test } from '@jest/globals';
import { MIB } from '../../../src/values/byte-size.ts';
import {
  bootstrapMemoryBytes,
  machineMemoryBytes,
  peakBytes,
  planSpace,
  type DiskFacts,
  type Place,
} from '../../../src/workflows/build-needs.ts';

const SERVER: DiskFacts = {
  missingDebBytes: 107 * MIB,
  installedBytes: 316 * MIB,
  scratch: 'memory',
  disk: { layout: 'bios', sizeMiB: 4096 },
  sparsify: 'in-place',
  outputs: [{ compression: 'zlib', outer: 'none' }],
};
const SYSTEM_VM: DiskFacts = {
  ...SERVER,
  missingDebBytes: 249 * MIB,
  installedBytes: 1096 * MIB,
  disk: { layout: 'bios', sizeMiB: 5000 },
};
const ALL: readonly Place[] = ['cache', 'runs', 'catalogue'];
const peakMiB = (facts: DiskFacts, ...places: Place[]): number =>
  Math.round(peakBytes(planSpace(facts), places) / MIB);

describe('the space for a build', () => {
  // What a build really took when it was measured, see build-needs.ts.
  test.each([
    { facts: SERVER, place: 'cache', measured: 906, because: 'server, tree in memory' },
    { facts: SERVER, place: 'runs', measured: 687, because: 'server' },
    { facts: SERVER, place: 'catalogue', measured: 155, because: 'server' },
    {
      facts: { ...SYSTEM_VM, scratch: 'disk' },
      place: 'cache',
      measured: 3768,
      because: 'system VM, tree on disk',
    },
    { facts: SYSTEM_VM, place: 'runs', measured: 2266, because: 'system VM' },
    {
      facts: { ...SYSTEM_VM, sparsify: 'copy' },
      place: 'runs',
      measured: 3401,
      because: 'system VM, copied',
    },
    { facts: SYSTEM_VM, place: 'catalogue', measured: 412, because: 'system VM' },
  ] as const)(
    '$because: $place has room for $measured MiB and not for twice that',
    ({ facts, place, measured }) => {
      expect(peakMiB(facts, place)).toBeGreaterThan(measured * 1.1);
      expect(peakMiB(facts, place)).toBeLessThan(measured * 2.3);
    },
  );

  test('on one disk is less than the sum: the tree is gone when the disk is finished', () => {
    const facts = { ...SYSTEM_VM, scratch: 'disk' } as const;
    const sum = ALL.map((place) => peakMiB(facts, place)).reduce((a, b) => a + b);
    expect(peakMiB(facts, ...ALL)).toBeLessThan(sum);
    expect(peakMiB(facts, ...ALL)).toBeGreaterThan(251 + 1143 + 2266 + 412);
  });

  const copied = { ...SYSTEM_VM, sparsify: 'copy' } as const;
  test.each([
    {
      less: SYSTEM_VM,
      more: copied,
      places: ['runs'],
      because: 'a copying virt-sparsify needs the disk once more',
    },
    {
      less: SYSTEM_VM,
      more: { ...SYSTEM_VM, scratch: 'disk' },
      places: ['cache'],
      because: 'the tree has to lie somewhere',
    },
    {
      less: SYSTEM_VM,
      more: { ...SYSTEM_VM, outputs: [...SYSTEM_VM.outputs, { compression: 'none', outer: 'none' }] },
      places: ['catalogue'],
      because: 'every target is a file of its own',
    },
    {
      less: SYSTEM_VM,
      more: { ...SYSTEM_VM, outputs: [{ compression: 'none', outer: 'xz' }] },
      places: ['runs'],
      because: 'a plain image stands beside what it is packed into',
    },
    {
      less: { ...SYSTEM_VM, cachedBaseBytes: 1143 * MIB },
      more: SYSTEM_VM,
      places: ALL,
      because: 'the base is cached',
    },
    {
      less: { ...SYSTEM_VM, missingDebBytes: 0 },
      more: SYSTEM_VM,
      places: ['cache'],
      because: 'so are packages',
    },
    {
      less: SYSTEM_VM,
      more: { ...SYSTEM_VM, disk: { ...SYSTEM_VM.disk, layout: 'uefi' } },
      places: ['runs'],
      because: 'UEFI machines boot from a partition with files of its own',
    },
  ] as const)('$because', ({ less, more, places }) => {
    expect(peakMiB(less, ...places)).toBeLessThan(peakMiB(more, ...places));
  });

  test('a cached base needs nothing more of the cache', () => {
    expect(peakMiB({ ...SYSTEM_VM, cachedBaseBytes: 1143 * MIB }, 'cache')).toBe(0);
  });

  test('is bounded by the size of the disk, whatever packages say', () => {
    const facts = { ...SERVER, installedBytes: 2 ** 50, disk: { ...SERVER.disk, sizeMiB: 1000 } };
    // Base and finished disk, and the overlay between them.
    expect(peakMiB(facts, 'runs')).toBeLessThan(3 * 1000);
    expect(peakMiB(facts, 'catalogue')).toBeLessThan(1000);
  });

  test('for no place at all is none', () => {
    expect(peakMiB(SERVER)).toBe(0);
  });
});

describe('the memory for a build', () => {
  test.each([
    { memoryMiB: 1024, least: 1223, because: 'measured with a guest of 1024' },
    { memoryMiB: 256, least: 697, because: 'virt-sparsify takes its own, however small the guest is' },
  ])('$memoryMiB MiB: $because', ({ memoryMiB, least }) => {
    const mib = machineMemoryBytes({ memoryMiB }) / MIB;
    expect(mib).toBeGreaterThan(least);
    expect(mib).toBeLessThan(least * 1.3);
  });

  test('a tree in memory counts, one on disk does not', () => {
    expect(bootstrapMemoryBytes({ ...SERVER, scratch: 'memory' }) / MIB).toBeGreaterThan(642);
    expect(bootstrapMemoryBytes({ ...SERVER, scratch: 'disk' }) / MIB).toBeLessThan(300);
  });
});
