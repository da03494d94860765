import { describe, expect, test } from '@jest/globals';
import {
  isDatabaseFile,
  parseDiversions,
  parseFileList,
  parseMd5sums,
  parsePackageDatabase,
  parseStatOverrides,
} from '../../../src/packages/package-database.ts';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const STATUS = `Package: vim
Status: install ok installed
Conffiles:
 /etc/vim/vimrc ${MD5}
 /etc/vim/old ${MD5} obsolete
 /etc/vim/new newconffile

Package: gone
Status: deinstall ok config-files
Conffiles:
 /etc/gone ${MD5}
`;

const merged = (path: string): string => path.replace(/^\/(bin|lib)\//, '/usr/$1/');

describe('parsePackageDatabase', () => {
  const database = parsePackageDatabase(
    new Map([
      ['/var/lib/dpkg/info/dash.list', '/.\n/bin\n/bin/sh\n'],
      ['/var/lib/dpkg/info/dash.md5sums', `${MD5}  bin/sh\n`],
      ['/var/lib/dpkg/info/libc6:amd64.list', '/lib/x.so\n/usr/bin/which\n'],
      ['/var/lib/dpkg/info/libc6:amd64.md5sums', `${MD5}  lib/x.so\n`],
      ['/var/lib/dpkg/info/own.list', '/usr/bin/which\n'],
      ['/var/lib/dpkg/diversions', '/usr/bin/which\n/usr/bin/which.real\nown\n'],
      ['/var/lib/dpkg/statoverride', 'root adm 4750 /bin/su\n'],
      ['/var/lib/dpkg/status', STATUS],
    ]),
    merged,
  );

  test('who owns what, where it really is', () => {
    expect(Object.fromEntries(database.owners)).toEqual({
      '/': 'dash',
      '/bin': 'dash',
      '/usr/bin/sh': 'dash',
      '/usr/lib/x.so': 'libc6',
      '/usr/bin/which': 'own',
      '/usr/bin/which.real': 'libc6',
    });
  });

  test('digests, configuration of what is installed, and overrides', () => {
    expect([...database.md5sums.keys()]).toEqual(['/usr/bin/sh', '/usr/lib/x.so']);
    expect([...database.conffiles]).toEqual([['/etc/vim/vimrc', MD5]]);
    expect([...database.statOverrides]).toEqual(['/usr/bin/su']);
  });

  test('a disk without dpkg has no packages', () => {
    expect(parsePackageDatabase(new Map(), merged).owners.size).toBe(0);
  });
});

describe('files of the database', () => {
  test('lists, digests, diversions and overrides', () => {
    expect(parseFileList('/.\n/usr\n\n')).toEqual(['/', '/usr']);
    expect(parseMd5sums(`${MD5}  usr/a b\nno digest\n`)).toEqual([['/usr/a b', MD5]]);
    expect(parseDiversions('/a\n/a.real\n:\n/b\n/b.x\npkg\n/half\n')).toEqual([
      { from: '/a', to: '/a.real' },
      { from: '/b', to: '/b.x', by: 'pkg' },
    ]);
    expect(parseStatOverrides('root root 0755 /a b\nnonsense\n')).toEqual(['/a b']);
  });

  test.each<[path: string, expected: boolean]>([
    ['/var/lib/dpkg/info/a.list', true],
    ['/var/lib/dpkg/info/a:amd64.md5sums', true],
    ['/var/lib/dpkg/status', true],
    ['/var/lib/dpkg/info/a.postinst', false],
    ['/srv/var/lib/dpkg/status', false],
  ])('%s is read: %s', (path, expected) => {
    expect(isDatabaseFile(path)).toBe(expected);
  });
});
