import { describe, expect, test } from '@jest/globals';
import { isFileName, isLineName } from '../../../src/manifests/safe-names.ts';

describe('isLineName', () => {
  const rows: readonly { text: string; is: boolean; because: string }[] = [
    { text: 'cosmic-systemvm', is: true, because: 'the usual kind' },
    { text: 'k8s-1.31', is: true, because: 'dots separate product versions' },
    { text: 'a'.repeat(63), is: true, because: 'the longest' },
    { text: 'a'.repeat(64), is: false, because: 'host names end at 63' },
    { text: '', is: false, because: 'nothing is no name' },
    { text: '.', is: false, because: 'it is the directory itself' },
    { text: '..', is: false, because: 'it leads out of the catalogue' },
    { text: '../x', is: false, because: 'so does this' },
    { text: 'a/b', is: false, because: 'a line is one path segment' },
    { text: 'a b', is: false, because: 'spaces break shell lines' },
    { text: 'Server', is: false, because: 'OCI repositories are lower case' },
    { text: 'server\n', is: false, because: 'a newline at the end is easily missed' },
    { text: '-server', is: false, because: 'it would read as an option' },
    { text: 'sërver', is: false, because: 'only ASCII is the same everywhere' },
    { text: 'a\0b', is: false, because: 'NUL ends names in the kernel' },
  ];
  test.each(rows)('$text: $because', ({ text, is }) => {
    expect(isLineName(text)).toBe(is);
  });
});

describe('isFileName', () => {
  const rows: readonly { text: string; is: boolean; because: string }[] = [
    { text: 'server_26.11.21-2.57_x86_64-kvm.qcow2', is: true, because: 'an artifact' },
    { text: 'SHA256SUMS', is: true, because: 'capitals are fine' },
    { text: '.hidden', is: false, because: 'hidden names are ours' },
    { text: '..', is: false, because: 'it is the parent' },
    { text: 'a/b', is: false, because: 'one segment' },
    { text: 'a\nb', is: false, because: 'lists of checksums would need escapes' },
    {
      text: 'a'.repeat(201),
      is: false,
      because: 'room is left for suffixes below the 255 bytes of file systems',
    },
  ];
  test.each(rows)('$text: $because', ({ text, is }) => {
    expect(isFileName(text)).toBe(is);
  });
});
