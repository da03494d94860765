import { describe, expect, test } from '@jest/globals';
import { planZipArchive } from '../../../src/disks/zip-archive.ts';

const file = { crc32: 0x01020304, sizeBytes: 0x0a0b, deflatedBytes: 0x0c0d };
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

describe('planZipArchive', () => {
  test('byte for byte', () => {
    const archive = planZipArchive('d.vhd', file.sizeBytes, 0x0fff);
    // Version 2.0, no flags, deflate, midnight, 1980-01-01, CRC-32, both sizes, length of name and extra field.
    const common = '1400 0000 0800 0000 2100 04030201 0d0c0000 0b0a0000 0500 0000'.replaceAll(' ', '');
    const name = hex(Buffer.from('d.vhd'));
    expect(hex(archive.head(file))).toBe(`504b0304${common}${name}`);
    expect(archive.dataOffset).toBe(35);
    // No comment, first disk, no internal attributes; a regular file with mode 0644 that begins at 0.
    const central = `504b01021403${common}${'0000'.repeat(3)}0000a48100000000${name}`;
    expect(hex(archive.tail(file))).toBe(`${central}504b0506${'0000'.repeat(2)}0100010033000000300c00000000`);
  });

  test.each([
    { name: 'plain-1.2.vhd', flags: 0, because: 'ASCII is the same everywhere' },
    { name: 'größe.vhd', flags: 0x0800, because: 'other names are said to be UTF-8' },
  ])('flags of $name: $because', ({ name, flags }) => {
    const archive = planZipArchive(name, 1, 1);
    expect(Buffer.from(archive.head(file)).readUInt16LE(6)).toBe(flags);
    expect(archive.dataOffset).toBe(30 + Buffer.byteLength(name));
  });

  test.each([
    { sizeBytes: 0xfffffffe, bound: 0xffffffdf, isLarge: false, because: 'all fits' },
    { sizeBytes: 0xfffffffe, bound: 0xffffffe0, isLarge: true, because: 'the directory may begin too late' },
    { sizeBytes: 0xffffffff, bound: 100, isLarge: true, because: 'all ones mean something else' },
    { sizeBytes: 0xfffffff0, bound: 0x100000000, isLarge: true, because: 'it may grow' },
  ])('Zip64 at $sizeBytes bytes: $isLarge, because $because', ({ sizeBytes, bound, isLarge }) => {
    const archive = planZipArchive('a', sizeBytes, bound);
    const head = Buffer.from(archive.head({ ...file, sizeBytes }));
    expect(head.length).toBe(archive.dataOffset);
    expect(head.readUInt16LE(4)).toBe(isLarge ? 45 : 20);
    expect(head.readUInt32LE(22)).toBe(isLarge ? 0xffffffff : sizeBytes);
    expect(Buffer.from(archive.tail(file)).includes('PK\x06\x06')).toBe(isLarge);
    if (isLarge) expect(head.readBigUInt64LE(31 + 4)).toBe(BigInt(sizeBytes));
  });

  test('sizes past 32 bits stand in the Zip64 fields, and the directory is found', () => {
    const archive = planZipArchive('a', 2 ** 41, 2 ** 41);
    const large = { crc32: 1, sizeBytes: 2 ** 41, deflatedBytes: 2 ** 33 };
    const tail = Buffer.from(archive.tail(large));
    const end = tail.indexOf('PK\x06\x06');
    expect(tail.readBigUInt64LE(end + 48)).toBe(BigInt(archive.dataOffset + 2 ** 33));
    expect(tail.readBigUInt64LE(end + 40)).toBe(BigInt(end));
    expect(tail.readBigUInt64LE(end + 56 + 8)).toBe(BigInt(archive.dataOffset + 2 ** 33 + end));
    expect(tail.readUInt32LE(tail.length - 6)).toBe(0xffffffff);
  });

  test.each(['', '..', 'a/b', 'a\\b', 'a\0'])('refuses the name %j', (name) => {
    expect(() => planZipArchive(name, 1, 1)).toThrow('plain file name');
  });

  test('does not hide a stream that grew past what was planned', () => {
    const archive = planZipArchive('a', 1, 1);
    expect(() => archive.head({ ...file, deflatedBytes: 2 ** 33 })).toThrow('out of range');
  });
});
