import { describe, expect, test } from '@jest/globals';
import { debianPackageUrl, isOwnSource } from '../../../src/packages/package-url.ts';

const debian = { id: 'debian', version: '12' };

function entryOf(text: string) {
  const [name = '', version = '', architecture = 'amd64', source = name, sourceVersion = version] =
    text.split(' ');
  return { name, version, architecture, source, sourceVersion, installedSizeKiB: 1 };
}

describe('debianPackageUrl', () => {
  test.each([
    {
      entry: 'adduser 3.134 all',
      url: 'pkg:deb/debian/adduser@3.134?arch=all&distro=debian-12',
      because: 'the source has the same name and version, so that nothing is to be said of it',
    },
    {
      entry: 'libssl3 3.0.17-1~deb12u2 amd64 openssl',
      url: 'pkg:deb/debian/libssl3@3.0.17-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl',
      because: 'a tilde stays, and scanners look for the source',
    },
    {
      entry: 'attr 1:2.4.47-2+b1 amd64 attr 1:2.4.47-2',
      url: 'pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=debian-12&upstream=attr%401:2.4.47-2',
      because: 'a plus is encoded and a colon is not; a rebuild has another version than its source',
    },
    {
      entry: 'bsdutils 1:2.38.1-5+deb12u3 amd64 util-linux 2.38.1-5+deb12u3',
      url: 'pkg:deb/debian/bsdutils@1:2.38.1-5%2Bdeb12u3?arch=amd64&distro=debian-12&upstream=util-linux%402.38.1-5%2Bdeb12u3',
      because: 'an epoch may be the binary package’s alone',
    },
    {
      entry: 'libstdc++6 12.2.0-14+deb12u1 amd64 gcc-12',
      url: 'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=gcc-12',
      because: 'names have a plus, too',
    },
    {
      entry: 'g++ 4:12.2.0-3 amd64 gcc-defaults 1.203',
      url: 'pkg:deb/debian/g%2B%2B@4:12.2.0-3?arch=amd64&distro=debian-12&upstream=gcc-defaults%401.203',
      because: 'the source may be numbered in another way altogether',
    },
    {
      entry: "odd 1%2(b)*!' amd64",
      url: 'pkg:deb/debian/odd@1%252%28b%29%2A%21%27?arch=amd64&distro=debian-12',
      because: 'what dpkg would refuse still gives an address that can be read back',
    },
  ])('$entry: $because', ({ entry, url }) => {
    expect(debianPackageUrl(entryOf(entry), debian)).toBe(url);
  });

  test('a distribution without versions is not named', () => {
    const url = debianPackageUrl(entryOf('apt 3.1 amd64'), { id: 'Debian', version: '' });
    expect(url).toBe('pkg:deb/debian/apt@3.1?arch=amd64');
  });

  test.each([
    { entry: 'apt 1 amd64', isOwn: true, because: 'both are equal' },
    { entry: 'apt 1 amd64 apt-utils', isOwn: false, because: 'the name differs' },
    { entry: 'apt 1+b1 amd64 apt 1', isOwn: false, because: 'the version differs' },
  ])('$entry has a source of its own: $isOwn, because $because', ({ entry, isOwn }) => {
    expect(isOwnSource(entryOf(entry))).toBe(isOwn);
  });
});
