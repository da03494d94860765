import { describe, expect, test } from '@jest/globals';
import {
  chooseMirrors,
  DEBIAN_KEYRING,
  isPrivateMirror,
  parseHostMirrors,
  planExtraSources,
  planSources,
  renderGuestSources,
  renderSourcesList,
} from '../../../src/bases/apt-sources.ts';

describe('parseHostMirrors', () => {
  test.each([
    {
      lines: [
        'http://mirror.example/debian/ bookworm main Debian',
        'http://mirror.example/debian-security/ bookworm-security main Debian',
      ],
      mirrors: { main: 'http://mirror.example/debian', security: 'http://mirror.example/debian-security' },
      because: 'an ordinary Debian names both archives',
    },
    {
      lines: ['http://mirror.example/debian/ bookworm main '],
      mirrors: { main: 'http://mirror.example/debian' },
      because: 'a fresh container has no indices yet, so no origin is known',
    },
    {
      lines: [
        'https://vendor.example/linux/debian bookworm stable Vendor',
        'http://mirror.example/debian bookworm main Debian',
      ],
      mirrors: { main: 'http://mirror.example/debian' },
      because: 'a vendor whose path ends in /debian is no Debian mirror',
    },
    {
      lines: [
        'https://vendor.example/linux/debian bookworm stable ',
        'http://mirror.example/debian bookworm main ',
      ],
      mirrors: { main: 'http://mirror.example/debian' },
      because: 'vendors name their component otherwise, which helps before the first update',
    },
    {
      lines: [
        'https://boards.example/debian/ bookworm main Boards Foundation',
        'http://mirror.example/debian bookworm main Debian',
      ],
      mirrors: { main: 'http://mirror.example/debian' },
      because: 'a derivative has an origin of its own, with spaces in it',
    },
    {
      lines: ['http://proxy.example/repository/deb-remote/ trixie main Debian'],
      mirrors: { main: 'http://proxy.example/repository/deb-remote' },
      because: 'a repository manager may call its copy of Debian what it likes',
    },
    {
      lines: [
        'http://one.example/debian bookworm main Debian',
        'http://two.example/debian bookworm main Debian',
      ],
      mirrors: { main: 'http://one.example/debian' },
      because: 'the first source wins, as in apt',
    },
    {
      lines: [
        'http://mirror.example/debian bookworm-updates main Debian',
        'http://mirror.example/debian bookworm-backports main Debian',
      ],
      mirrors: {},
      because: 'updates and backports alone are no archive',
    },
    {
      lines: [
        'http://mirror.example/ubuntu jammy main Ubuntu',
        'http://mirror.example/ubuntu jammy-security main Ubuntu',
      ],
      mirrors: {},
      because: 'a host that is not Debian has no usable mirror',
    },
    { lines: [''], mirrors: {}, because: 'a host may have no sources at all' },
  ])('$because', ({ lines, mirrors }) => {
    expect(parseHostMirrors(`${lines.join('\n')}\n`)).toEqual(mirrors);
  });
});

describe('chooseMirrors', () => {
  const host = { main: 'http://host.example/debian', security: 'http://host.example/debian-security' };
  test.each([
    { named: undefined, host, chosen: host, because: 'without a name the host decides' },
    { named: undefined, host: {}, chosen: undefined, because: 'nobody names one' },
    {
      named: undefined,
      host: { main: 'http://a.example/debian' },
      chosen: { main: 'http://a.example/debian' },
      because: 'security may be unknown',
    },
    {
      named: 'http://named.example/debian/',
      host,
      chosen: { main: 'http://named.example/debian', security: 'http://named.example/debian-security' },
      because: 'a named one wins wholly, its security archive lies beside it',
    },
    {
      named: 'http://named.example/snapshot/20261121',
      host,
      chosen: { main: 'http://named.example/snapshot/20261121' },
      because: 'no guess is made for another path',
    },
  ])('$because', ({ named, host: ofHost, chosen }) => {
    expect(chooseMirrors(named, ofHost)).toEqual(chosen);
  });
});

describe('planned sources', () => {
  const os = { suite: 'trixie', components: ['main', 'contrib'] } as const;
  const mirrors = { main: 'http://mirror.example/debian', security: 'http://mirror.example/debian-security' };

  test('the suite, its updates and its security archive, in apt’s one-line form', () => {
    expect(renderSourcesList(planSources(os, mirrors))).toBe(
      [
        `deb [signed-by=${DEBIAN_KEYRING}] http://mirror.example/debian trixie main contrib`,
        `deb [signed-by=${DEBIAN_KEYRING}] http://mirror.example/debian trixie-updates main contrib`,
        `deb [signed-by=${DEBIAN_KEYRING}] http://mirror.example/debian-security trixie-security main contrib`,
        '',
      ].join('\n'),
    );
  });

  test('no security source without a security archive', () => {
    expect(planSources(os, { main: mirrors.main }).map(({ suite }) => suite)).toEqual([
      'trixie',
      'trixie-updates',
    ]);
  });

  test('the guest’s sources are deb822 paragraphs with their key', () => {
    const extra = planExtraSources(
      [
        {
          name: 'tools',
          uri: 'https://vendor.example/apt',
          suites: ['stable', './'],
          components: [],
          key: { sha256: '' },
        },
      ],
      '/etc/apt/keyrings',
    );
    expect(renderGuestSources(extra)).toBe(
      [
        'Types: deb',
        'URIs: https://vendor.example/apt',
        'Suites: stable',
        'Signed-By: /etc/apt/keyrings/tools.asc',
        '',
        'Types: deb',
        'URIs: https://vendor.example/apt',
        'Suites: ./',
        'Signed-By: /etc/apt/keyrings/tools.asc',
        '',
      ].join('\n'),
    );
  });
});

describe('isPrivateMirror', () => {
  test.each([
    { uri: 'http://mirror.example/debian', isPrivate: false, because: 'a public name' },
    { uri: 'http://203.0.113.7/debian', isPrivate: false, because: 'a public address' },
    { uri: 'http://localhost:3142/debian', isPrivate: true, because: 'the build host itself' },
    { uri: 'http://127.0.0.1:3142/debian', isPrivate: true, because: 'the build host by its address' },
    { uri: 'http://127.1/debian', isPrivate: true, because: 'addresses have short forms' },
    { uri: 'http://0.0.0.0/debian', isPrivate: true, because: 'this host, whichever it is' },
    { uri: 'http://10.0.0.8/debian', isPrivate: true, because: 'a private network' },
    { uri: 'http://172.20.1.1/debian', isPrivate: true, because: 'a private network' },
    { uri: 'http://172.32.1.1/debian', isPrivate: false, because: 'just outside the private network' },
    { uri: 'http://192.168.1.1/debian', isPrivate: true, because: 'a private network' },
    { uri: 'http://169.254.1.1/debian', isPrivate: true, because: 'this link only' },
    { uri: 'http://[::1]/debian', isPrivate: true, because: 'IPv6 loopback' },
    { uri: 'http://[fd00::1]/debian', isPrivate: true, because: 'IPv6 unique local' },
    { uri: 'http://[2001:db8::1]/debian', isPrivate: false, because: 'any other IPv6 address' },
    { uri: 'file:/srv/debian', isPrivate: true, because: 'a directory of the build host' },
    { uri: 'nonsense', isPrivate: true, because: 'nobody can reach what is no address' },
  ])('$uri: $because', ({ uri, isPrivate }) => {
    expect(isPrivateMirror(uri)).toBe(isPrivate);
  });
});
