import { expect, test } from '@jest/globals';
import { renderFileList, type ListedFile } from '../../../src/disks/file-list.ts';

const file = (path: string, more: Partial<ListedFile> = {}): ListedFile => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 3,
  sha256: 'abc',
  ...more,
});

test('files are sorted by path, with what is content and nothing else', () => {
  const list = renderFileList([
    file('/usr/bin/sudo', { mode: 0o4755, uid: 1, gid: 2 }),
    file('/lib', { type: 'symlink', mode: 0o777, size: 7, sha256: undefined, linkTarget: 'usr/lib' }),
    file('/', { type: 'directory', mode: 0o755, size: 4096, sha256: undefined }),
    file('/dev/x', { type: 'fifo', mode: 0, size: 0, sha256: undefined }),
  ]);
  expect(list).toBe(
    'd 0755 0 0 0 - /\np 0000 0 0 0 - /dev/x\nl 0777 0 0 7 - /lib -> usr/lib\nf 4755 1 2 3 abc /usr/bin/sudo\n',
  );
});

test.each([
  ['/a b\n', '/a\\x20b\\x0a', 'blanks and line ends would end the field'],
  ['/a\\x20', '/a\\x5cx20', 'the sign of escaping itself'],
  ['/\udce9\udcff', '/\\xe9\\xff', 'bytes that are no UTF-8'],
  ['/ü☃🥝', '/ü☃🥝', 'a surrogate pair is a character'],
])('the name %j is written %s: %s', (path, expected) => {
  expect(renderFileList([file(path)])).toBe(`f 0644 0 0 3 abc ${expected}\n`);
});
