import { describe, expect, test } from '@jest/globals';
import { comparePackages } from '../../../src/packages/compare-packages.ts';
import type { InstalledPackage } from '../../../src/packages/dpkg-status.ts';

function installed(name: string, version = '1', more: Partial<InstalledPackage> = {}): InstalledPackage {
  return {
    name,
    version,
    architecture: 'amd64',
    source: name,
    sourceVersion: version,
    installedSizeKiB: 1,
    ...more,
  };
}

const render = ({ name, version, architecture }: InstalledPackage): string =>
  `${name} ${version} ${architecture}`;

describe('comparePackages', () => {
  test.each([
    { from: '1.9', to: '1.10', move: 'upgraded', because: 'numbers are compared as numbers' },
    { from: '1.0', to: '1.0~rc1', move: 'downgraded', because: 'a tilde is before the end' },
    { from: '9', to: '1:1', move: 'upgraded', because: 'an epoch is above all' },
    { from: '1.0-1', to: '1.0-1+deb12u1', move: 'upgraded', because: 'so security updates are numbered' },
    { from: '1.0', to: '1.00', move: 'changed', because: 'of equal order, and another text' },
    { from: '1.0', to: '1.0', move: undefined, because: 'it is the same' },
  ])('$from to $to is $move: $because', ({ from, to, move }) => {
    const { pairs, added, removed } = comparePackages([installed('a', from)], [installed('a', to)]);
    expect({ moves: pairs.map((pair) => pair.move), added, removed }).toEqual({
      moves: move === undefined ? [] : [move],
      added: [],
      removed: [],
    });
  });

  test.each([
    { more: { installedSizeKiB: 2 }, because: 'it was built again' },
    { more: { architecture: 'all' }, because: 'it is for all machines now' },
    { more: { source: 'b' }, because: 'another source has it' },
    { more: { sourceVersion: '2' }, because: 'the source is another' },
  ])('a package of the same version may differ: $because', ({ more }) => {
    const { pairs } = comparePackages([installed('a')], [installed('a', '1', more)]);
    expect(pairs.map(({ move }) => move)).toEqual(['changed']);
  });

  test('what comes and goes is in the order of names', () => {
    const { added, removed } = comparePackages(
      ['d', 'b', 'same'].map((name) => installed(name)),
      ['same', 'c', 'a'].map((name) => installed(name)),
    );
    expect(added.map(({ added: { name } }) => name)).toEqual(['a', 'c']);
    expect(removed.map(({ name }) => name)).toEqual(['b', 'd']);
  });

  test('packages of one name are told apart by architecture', () => {
    const foreign = { architecture: 'i386' };
    const { added, pairs } = comparePackages(
      [installed('libc6', '1')],
      [installed('libc6', '2', foreign), installed('libc6', '2')],
    );
    expect(added.map((each) => render(each.added))).toEqual(['libc6 2 i386']);
    expect(pairs.map(({ from, to }) => [render(from), render(to)])).toEqual([
      ['libc6 1 amd64', 'libc6 2 amd64'],
    ]);
  });

  test.each([
    {
      added: 'linux-image-6.12.57-amd64',
      replaces: 'linux-image-6.12.48-amd64',
      because: 'a new ABI of the kernel',
    },
    {
      added: 'linux-headers-6.12.57-amd64',
      replaces: undefined,
      because: 'the name says more than a number',
    },
  ])('$added replaces $replaces: $because', ({ added: name, replaces }) => {
    const source = 'linux';
    const { added } = comparePackages(
      [installed('linux-image-6.12.48-amd64', '6.12.48-1', { source }), installed('libx1', '1')],
      [installed(name, '6.12.57-1', { source })],
    );
    expect(added.map((each) => each.replaces?.name)).toEqual([replaces]);
  });
});
