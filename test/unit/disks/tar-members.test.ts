import { describe, expect, test } from '@jest/globals';
import { readTarFiles } from '../../../src/disks/tar-members.ts';
import { paddedTarSize, renderTarHeader, TAR_BLOCK_BYTES } from '../../../src/disks/ustar.ts';

/** A member whose header is changed before its sum is taken anew. */
function member(name: string, data: string, change: (header: Buffer) => void = () => undefined): Buffer {
  const header = renderTarHeader({
    name: name.replaceAll('/', '_'),
    sizeBytes: data.length,
    modifiedSeconds: 0,
  });
  header.fill(0, 0, 100);
  header.write(name.slice(0, 100), 0, 'latin1');
  change(header);
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const padded = Buffer.alloc(paddedTarSize(data.length));
  padded.write(data, 'latin1');
  return Buffer.concat([header, padded]);
}

const ofType = (type: string) => (header: Buffer) => void header.write(type, 156, 'latin1');
const END = Buffer.alloc(2 * TAR_BLOCK_BYTES);
const read = (...pieces: readonly Buffer[]): string[] =>
  Array.from(readTarFiles(Buffer.concat(pieces)), ({ name, data }) => `${name}=${data.toString()}`);

describe('readTarFiles', () => {
  test.each([
    { pieces: [END], files: [], because: 'an archive may be empty' },
    { pieces: [member('a/b', 'x'), member('c', ''), END], files: ['a/b=x', 'c='], because: 'in its order' },
    { pieces: [member('a', 'x'), END, member('b', 'y')], files: ['a=x'], because: 'zeros are the end' },
    {
      pieces: [member('a', '', ofType('2')), member('b', 'y'), END],
      files: ['b=y'],
      because: 'a link is no file',
    },
    { pieces: [member('d/', '', ofType('5')), END], files: [], because: 'neither is a directory' },
    {
      pieces: [
        member('././@LongLink', 'long/name\0', ofType('L')),
        member('short', 'x'),
        member('b', 'y'),
        END,
      ],
      files: ['long/name=x', 'b=y'],
      because: 'GNU tar has long names before their member',
    },
    {
      pieces: [member('pax', '17 path=long/pax\n', ofType('x')), member('short', 'x'), END],
      files: ['long/pax=x'],
      because: 'POSIX has them, too',
    },
    {
      pieces: [member('b', 'x', (header) => void header.write('dir', 345, 'latin1')), END],
      files: ['dir/b=x'],
      because: 'or in two parts',
    },
  ])('$because', ({ pieces, files }) => {
    expect(read(...pieces)).toEqual(files);
  });

  test.each([
    { archive: member('a', 'x').subarray(0, 300), because: 'it ends within a header' },
    { archive: member('a', 'xyz').subarray(0, 514), because: 'it ends within a member' },
    { archive: member('a', 'xyz'), because: 'it ends between two members' },
    { archive: Buffer.alloc(0), because: 'there is nothing at all' },
    { archive: Buffer.alloc(512, 0x41), because: 'that is no header' },
    {
      archive: member('a', 'x', (header) => void header.write('zzzz', 124, 'latin1')),
      because: 'that is no size',
    },
  ])('is damaged: $because', ({ archive }) => {
    expect(() => Array.from(readTarFiles(archive))).toThrow(
      expect.objectContaining({ code: 'E_TAR_DAMAGED' }),
    );
  });
});
