import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import {
  ContainerFault,
  readGzipMember,
  readZipMember,
  type FileEnds,
} from '../../../src/disks/read-single-member.ts';
import { planZipArchive } from '../../../src/disks/zip-archive.ts';

const ends = (file: Buffer): FileEnds => ({ sizeBytes: file.length, head: file, tail: file });
const deflated = { crc32: 7, sizeBytes: 9, deflatedBytes: 50 };

function zip(): Buffer {
  const archive = planZipArchive('disk.vhd', deflated.sizeBytes, 50);
  return Buffer.concat([archive.head(deflated), Buffer.alloc(50), archive.tail(deflated)]);
}

/** The same file after a change. */
function changed(file: Buffer, change: (bytes: Buffer) => Buffer | void): Buffer {
  const copy = Buffer.from(file);
  return change(copy) ?? copy;
}

describe('readZipMember', () => {
  test('finds the member', () => {
    expect(readZipMember(ends(zip()))).toMatchObject({ ...deflated, name: 'disk.vhd', dataOffset: 38 });
  });

  test('finds a member past 4 GiB', () => {
    const large = { crc32: 1, sizeBytes: 2 ** 40, deflatedBytes: 2 ** 34 };
    const archive = planZipArchive('a', large.sizeBytes, large.deflatedBytes);
    const [head, tail] = [archive.head(large), archive.tail(large)].map((part) => Buffer.from(part));
    if (!head || !tail) throw new Error('no parts');
    const sizeBytes = head.length + large.deflatedBytes + tail.length;
    expect(readZipMember({ sizeBytes, head, tail })).toMatchObject(large);
  });

  test.each<[string, (bytes: Buffer) => Buffer | void]>([
    ['it does not end with an end record', (bytes) => bytes.subarray(0, -1)],
    ['it does not end with an end record', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['it does not end with an end record', () => Buffer.alloc(3)],
    ['the number of members is 2, not 1', (bytes) => void bytes.writeUInt16LE(2, bytes.length - 12)],
    ['it has no directory of 9999 bytes', (bytes) => void bytes.writeUInt32LE(9999, bytes.length - 10)],
    ['the place of the directory is 5, not 88', (bytes) => void bytes.writeUInt32LE(5, bytes.length - 6)],
    [
      'it has no Zip64 end record|no directory',
      (bytes) => void bytes.fill(0xff, bytes.length - 6, bytes.length - 2),
    ],
    ['it does not begin with a local header', (bytes) => void bytes.fill(0, 0, 4)],
    ['flags is 8, not 0', (bytes) => void bytes.writeUInt16LE(8, 6)],
    ['method is 0, not 8', (bytes) => void bytes.writeUInt16LE(0, 8)],
    ['the end of the member is 89, not 88', (bytes) => void bytes.writeUInt32LE(51, 18)],
    ['its directory and its local header differ', (bytes) => void bytes.writeUInt32LE(8, 14)],
    ['its deflate stream has 1 bytes', (bytes) => void bytes.writeUInt32LE(1, 18)],
    ['the length of the extra field is 4, not 0', (bytes) => void bytes.writeUInt16LE(4, 28)],
    ['its name has 65535 bytes', (bytes) => void bytes.writeUInt16LE(65535, 26)],
  ])('refuses: %s', (message, change) => {
    const broken = (): unknown => readZipMember(ends(changed(zip(), change)));
    expect(broken).toThrow(ContainerFault);
    expect(broken).toThrow(new RegExp(message));
  });
});

describe('readGzipMember', () => {
  test('finds the member', () => {
    const file = gzipSync('content');
    expect(readGzipMember(ends(file))).toMatchObject({ dataOffset: 10, sizeBytes: 7 });
  });

  test.each<[string, (bytes: Buffer) => Buffer | void]>([
    ['fewer than an empty gzip', (bytes) => bytes.subarray(0, 19)],
    ['byte 1 is 0, not 139', (bytes) => void bytes.writeUInt8(0, 1)],
    ['byte 3 is 8, not 0', (bytes) => void bytes.writeUInt8(8, 3)],
    ['byte 4 is 1, not 0', (bytes) => void bytes.writeUInt8(1, 4)],
  ])('refuses: %s', (message, change) => {
    const file = changed(gzipSync('content'), change);
    expect(() => readGzipMember(ends(file))).toThrow(message);
  });
});
