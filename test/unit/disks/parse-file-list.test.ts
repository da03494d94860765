import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { renderFileList, type ListedFile } from '../../../src/disks/file-list.ts';
import { parseFileList } from '../../../src/disks/parse-file-list.ts';

const SHA = 'a'.repeat(64);

const unescaped = (escaped: string): string =>
  escaped.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

describe('parseFileList', () => {
  test('a line has type, mode, owner, size, digest, path and target', () => {
    const text = `d 0755 0 0 0 - /\nl 0777 0 0 7 - /lib -> usr/lib\nf 4755 1 2 3 ${SHA} /usr/bin/a\\x20b\n`;
    expect(parseFileList(text)).toEqual([
      { type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, path: '/' },
      { type: 'symlink', mode: 0o777, uid: 0, gid: 0, size: 7, path: '/lib', linkTarget: 'usr/lib' },
      { type: 'file', mode: 0o4755, uid: 1, gid: 2, size: 3, path: '/usr/bin/a\\x20b', sha256: SHA },
    ]);
  });

  test.each([
    { text: '', says: 'is empty', because: 'a system has at least its root' },
    { text: 'd 0755 0 0 0 - /\nf 0644 0 0 3 ', says: 'within line 2', because: 'it was cut in a line' },
    { text: 'd 0755 0 0 0 - /', says: 'within line 1', because: 'a path may go on' },
    { text: 'd 0755 0 0 0 - /\n\n', says: 'line 2', because: 'an empty line names nothing' },
    { text: 'x 0755 0 0 0 - /\n', says: 'line 1', because: 'there is no such type' },
    { text: `f 0644 0 0 3 ${SHA} etc/passwd\n`, says: 'line 1', because: 'the path is not absolute' },
    { text: 'f 0644 0 0 3 abc /a\n', says: 'line 1', because: 'that is no digest' },
    { text: 'd 0755 0 0 0 - /a b\n', says: 'line 1', because: 'a blank is escaped' },
  ])('$because', ({ text, says }) => {
    expect(() => parseFileList(text)).toThrow(
      expect.objectContaining({ code: 'E_FILE_LIST_INVALID', message: expect.stringContaining(says) }),
    );
  });

  test('what was written is read, and written again alike', () => {
    const name = fc.string({ minLength: 1, unit: 'binary' }).map((text) => `/${text.replaceAll('/', '')}`);
    const file = fc.record({
      path: name,
      type: fc.constant('file' as const),
      mode: fc.integer({ min: 0, max: 0o7777 }),
      uid: fc.nat(),
      gid: fc.nat(),
      size: fc.nat(),
      sha256: fc.constant(SHA),
    });
    const link = fc.tuple(file, name).map(([{ sha256: _none, ...rest }, linkTarget]): ListedFile => ({
      ...rest,
      type: 'symlink',
      linkTarget,
    }));
    fc.assert(
      fc.property(fc.array(fc.oneof(file, link), { minLength: 1 }), (files) => {
        const text = renderFileList(files);
        const read = parseFileList(text);
        expect(read).toHaveLength(files.length);
        const restored = read.map((each) => ({
          ...each,
          path: unescaped(each.path),
          ...(each.linkTarget === undefined ? {} : { linkTarget: unescaped(each.linkTarget) }),
        }));
        expect(renderFileList(restored)).toBe(text);
      }),
    );
  });
});
