import { describe, expect, test } from '@jest/globals';
import { canonicalPaths, isKeptText, LARGEST_KEPT_TEXT } from '../../../src/guest/guest-file.ts';
import { matchesPath } from '../../../src/guest/hygiene-facts.ts';
import { fileOf } from './sample-hygiene.ts';

const canonical = canonicalPaths(
  [
    { path: '/bin', linkTarget: 'usr/bin' },
    { path: '/lib', linkTarget: '/usr/lib' },
    { path: '/usr/lib/alias', linkTarget: '../share/./real' },
    { path: '/loop', linkTarget: 'loop' },
    { path: '/usr/bin/vi', linkTarget: '/etc/alternatives/vi' },
  ].map(fileOf),
);

describe('canonicalPaths', () => {
  test.each([
    ['/bin/sh', '/usr/bin/sh', 'usr-merge'],
    ['/lib/alias/x', '/usr/share/real/x', 'a link behind a link'],
    ['/bin', '/bin', 'the last name is not followed'],
    ['/bin/vi', '/usr/bin/vi', 'neither when it is a link'],
    ['/loop/x', '/loop/x', 'a loop ends'],
    ['/etc/passwd', '/etc/passwd', 'no link'],
    ['/', '/', 'the root'],
  ])('%s is %s: %s', (path, expected) => {
    expect(canonical(path)).toBe(expected);
  });
});

describe('isKeptText', () => {
  test.each<[path: string, size: number, expected: boolean]>([
    ['/etc/apt/apt.conf.d/x', 10, true],
    ['/etc/huge', LARGEST_KEPT_TEXT + 1, false],
    ['/etc/empty', 0, false],
    ['/root/.ssh/authorized_keys', 10, true],
    ['/var/lib/git/.ssh/authorized_keys', 10, true],
    ['/usr/bin/sh', 10, false],
  ])('%s of %i bytes: %s', (path, size, expected) => {
    expect(isKeptText({ path, size, type: 'file' })).toBe(expected);
  });
});

describe('matchesPath', () => {
  test.each<[pattern: string, path: string, expected: boolean]>([
    ['/opt/app', '/opt/app', true],
    ['/opt/app', '/opt/app/a/b', true],
    ['/opt/app', '/opt/apple', false],
    ['/usr/lib/*/x.so', '/usr/lib/amd64/x.so', true],
    ['/usr/lib/*/x.so', '/usr/lib/a/b/x.so', false],
    ['/etc/a.b', '/etc/aXb', false],
    ['/', '/etc', true],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(matchesPath(pattern, path)).toBe(expected);
  });
});
