import { describe, expect, test } from '@jest/globals';
import { compareDebianVersions, parseDebianVersion } from '../../../src/packages/debian-version.ts';

describe('compareDebianVersions', () => {
  test.each([
    ['1.2.3', '1.2.3-0ubuntu1', -1, 'a revision that begins with 0 is still more than none'],
    ['1.2.3', '1.2.3-0', 0, 'no revision and revision 0 are the same version'],
    ['1.0', '1.0~rc1', 1, 'a tilde sorts before the end'],
    ['1.0~~', '1.0~', -1, 'and before another tilde'],
    ['1:0.1', '2.0', 1, 'the epoch decides first'],
    ['0:1.0', '1.0', 0, 'epoch 0 is no epoch'],
    ['1.10', '1.9', 1, 'digits compare by value'],
    ['1.010', '1.10', 0, 'leading zeros do not count'],
    ['1.0a', '1.0+', -1, 'letters sort before other signs'],
    ['1.0-1+b1', '1.0-1', 1, 'a binary rebuild is newer'],
    ['1.10.1-3', '1.10.1-3+deb12u1', -1, 'a stable update is newer'],
    ['6.1.158-1', '6.1.99999999999999999999-1', -1, 'numbers longer than a double are exact'],
    ['1-2-3', '1-2-4', -1, 'only the last hyphen starts the revision'],
    ['2:1:3-1', '2:1:3-1', 0, 'an upstream version may hold colons when there is an epoch'],
  ])('%s against %s gives %i: %s', (a, b, expected) => {
    expect(Math.sign(compareDebianVersions(a, b))).toBe(expected);
    expect(Math.sign(compareDebianVersions(b, a))).toBe(0 - expected);
  });
});

describe('parseDebianVersion', () => {
  test.each([
    ['1:2.3-4', { epoch: '1', upstream: '2.3', revision: '4' }],
    ['2.3', { epoch: '0', upstream: '2.3', revision: '' }],
    ['a1', undefined],
    ['', undefined],
    ['1.0-', undefined],
    ['x:1.0', undefined],
    ['1.0 1', undefined],
  ])('%s', (text, expected) => {
    expect(parseDebianVersion(text)).toEqual(expected);
  });
});
