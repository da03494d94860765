import { describe, expect, test } from '@jest/globals';
import { parseDpkgStatus } from '../../../src/packages/dpkg-status.ts';
import { packagesDigest, parsePackageList, renderPackageList } from '../../../src/packages/package-list.ts';

const STATUS = `Package: zlib1g
Status: install ok installed
Installed-Size: 168
Architecture: amd64
Multi-Arch: same
Source: zlib
Version: 1:1.2.13.dfsg-1
Description: compression library
 More text.

Package: bsdutils
Status: hold ok installed
Architecture: amd64
Source: util-linux (2.38.1-5+deb12u3)
Version: 1:2.38.1-5+deb12u3

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: broken
Status: install ok half-configured
Architecture: all
Version: 1
`;

const zlib = {
  name: 'zlib1g',
  version: '1:1.2.13.dfsg-1',
  architecture: 'amd64',
  source: 'zlib',
  sourceVersion: '1:1.2.13.dfsg-1',
  installedSizeKiB: 168,
};
const bsdutils = {
  name: 'bsdutils',
  version: '1:2.38.1-5+deb12u3',
  architecture: 'amd64',
  source: 'util-linux',
  sourceVersion: '2.38.1-5+deb12u3',
  installedSizeKiB: 0,
};

describe('parseDpkgStatus', () => {
  test('lists what is installed, with its source, and what is half way', () => {
    const status = parseDpkgStatus(STATUS);
    expect(status.installed).toEqual([zlib, bsdutils]);
    expect(status.unfinished).toEqual(['broken (half-configured)']);
  });

  test('names the package that lacks a field', () => {
    expect(() => parseDpkgStatus('Package: a\nStatus: install ok installed\nVersion: 1\n')).toThrow(
      'dpkg status file: package a has no Architecture',
    );
  });
});

describe('package list', () => {
  test('is sorted, tab separated, and reads back', () => {
    const text = renderPackageList(parseDpkgStatus(STATUS).installed);
    expect(text).toBe(
      'bsdutils\t1:2.38.1-5+deb12u3\tamd64\tutil-linux\t2.38.1-5+deb12u3\t0\n' +
        'zlib1g\t1:1.2.13.dfsg-1\tamd64\tzlib\t1:1.2.13.dfsg-1\t168\n',
    );
    expect(parsePackageList(text)).toEqual([bsdutils, zlib]);
    expect(parsePackageList('')).toEqual([]);
  });

  test('has one digest for one set, whatever its order', () => {
    expect(packagesDigest([zlib, bsdutils])).toBe(packagesDigest([bsdutils, zlib]));
  });

  test.each(['a\tb\n', 'a\t1\tall\ta\t1\tmuch\n', '\n'])('refuses %j with the line', (text) => {
    expect(() => parsePackageList(text)).toThrow(/packages\.txt: line 1 /);
  });
});
