import { describe, expect, test } from '@jest/globals';
import {
  checksumOf,
  geometryOf,
  HYPERV_CREATOR,
  renderBatmapHeader,
  renderDynamicHeader,
  renderFooter,
  setBit,
  XENSERVER_CREATOR,
} from '../../../src/disks/vhd-layout.ts';
import { checkVhdSize, vhdTimestamp } from '../../../src/disks/vhd-limits.ts';
import { GIB, MIB } from '../../../src/values/byte-size.ts';

const SECTOR = 512;

test.each<[number, readonly [number, number, number], string]>([
  [MIB, [30, 4, 17], 'there are never fewer than 4 heads'],
  [33 * MIB, [993, 4, 17], '3975 tracks of 17 are less than 4 times 1024'],
  [34 * MIB, [140, 16, 31], '4096 tracks of 17 are 4 times 1024: longer tracks and 16 heads at once'],
  [40 * MIB, [963, 5, 17], '4818 tracks of 17 need a fifth head'],
  [135 * MIB, [1016, 16, 17], '16263 tracks of 17 are the most for 16 heads'],
  [136 * MIB, [561, 16, 31], '16384 tracks of 17 reach 1024 cylinders'],
  [247 * MIB, [1019, 16, 31], '16317 tracks of 31 are less than 16384'],
  [248 * MIB, [503, 16, 63], '16384 tracks of 31 reach 1024 cylinders'],
  [
    5000 * MIB,
    [10_158, 16, 63],
    'rounded down: 10159 cylinders would be 139264 bytes more than the disk has',
  ],
  [(65_535 * 16 * 63 - 1) * SECTOR, [65_534, 16, 63], 'one sector below the largest disk with tracks of 63'],
  [65_535 * 16 * 63 * SECTOR, [16_191, 16, 255], 'that disk has tracks of 255 already'],
  [127 * GIB, [65_278, 16, 255], 'the largest whole GiB that a geometry can state'],
  [65_535 * 16 * 255 * SECTOR, [65_535, 16, 255], 'the largest geometry'],
  [200 * GIB, [65_535, 16, 255], 'larger disks state the largest geometry'],
  [2040 * GIB, [65_535, 16, 255], 'and so does the largest dynamic disk'],
])('a disk of %d bytes has the geometry %j: %s', (bytes, [cylinders, heads, sectorsPerTrack], _because) => {
  expect(geometryOf(bytes)).toEqual({ cylinders, heads, sectorsPerTrack });
});

const uuid = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const described = { virtualSizeBytes: 40 * MIB, timestamp: 0x12345678, uuid };

/** Hexadecimal digits with the spaces that show the fields taken out, filled up with zeros. */
const record = (fields: string, bytes: number): string => fields.replaceAll(/\s/g, '').padEnd(bytes * 2, '0');

describe('records, by hand from the specification', () => {
  test('footer of a dynamic disk for XenServer', () => {
    const footer = renderFooter({ ...described, kind: 'dynamic', creator: XENSERVER_CREATOR });
    // The bytes add up to 861 + 2 + 1 + 2 + 276 + 325 + 4 + 0 + 2 * 130 + 220 + 3 + 120 = 0x81a.
    const fields = `636f6e6563746978 00000002 00010000 0000000000000200 12345678 74617000 00010003 00000000
      0000000002800000 0000000002800000 03c30511 00000003 fffff7e5 000102030405060708090a0b0c0d0e0f`;
    expect(footer.toString('hex')).toBe(record(fields, 512));
  });

  test('footer of a fixed disk', () => {
    const footer = renderFooter({ ...described, kind: 'fixed', creator: HYPERV_CREATOR });
    // 861 + 2 + 1 + 8 * 255 + 276 + 366 + 10 + 349 + 2 * 130 + 220 + 2 + 120 = 0x119b.
    const fields = `636f6e6563746978 00000002 00010000 ffffffffffffffff 12345678 77696e20 000a0000 5769326b
      0000000002800000 0000000002800000 03c30511 00000002 ffffee64 000102030405060708090a0b0c0d0e0f`;
    expect(footer.toString('hex')).toBe(record(fields, 512));
  });

  test('header of a dynamic disk', () => {
    // 873 + 8 * 255 + 6 + 1 + 20 + 32 = 0xb9c.
    const fields = '6378737061727365 ffffffffffffffff 0000000000000600 00010000 00000014 00200000 fffff463';
    expect(renderDynamicHeader(20).toString('hex')).toBe(record(fields, 1024));
  });

  test('header of a batmap, whose checksum is that of the map', () => {
    const map = Buffer.alloc(1024);
    map.fill(0xff, 0, 3);
    const fields = '74646261746d6170 0000000000000a00 00000002 00010002 fffffd02';
    expect(renderBatmapHeader(2560, map).toString('hex')).toBe(record(fields, 512));
  });
});

test('a checksum is 32 bits without a sign', () => {
  expect(checksumOf(Buffer.alloc(0))).toBe(0xffffffff);
  expect(checksumOf(Buffer.from([0xff, 1]))).toBe(0xfffffeff);
});

test('the first bit of a map is the highest of its first byte', () => {
  const map = Buffer.alloc(2);
  for (const index of [0, 7, 9]) setBit(map, index);
  expect(map.toString('hex')).toBe('8140');
});

describe('checkVhdSize', () => {
  test.each<['dynamic' | 'fixed', number, string]>([
    ['dynamic', MIB, 'the smallest'],
    ['dynamic', 2040 * GIB, 'the largest that QEMU and Hyper-V open'],
    ['fixed', 5001 * MIB, 'no multiple of a block of 2 MiB is asked for'],
    ['fixed', 32 * 1024 * GIB, "Azure's largest"],
  ])('takes a %s disk of %d bytes: %s', (kind, bytes, _because) => {
    expect(() => checkVhdSize(kind, bytes)).not.toThrow();
  });

  test.each<['dynamic' | 'fixed', number, RegExp]>([
    ['dynamic', 0, /a disk of 0 bytes: it is empty/],
    ['dynamic', 512, /a disk of 512 bytes: its size is no whole MiB/],
    ['fixed', 5000 * MIB + 512, /a disk of 5242880512 bytes: its size is no whole MiB/],
    ['dynamic', 2040 * GIB + MIB, /a disk of 2190434369536 bytes: the limit is 2190433320960 bytes/],
    ['fixed', 32 * 1024 * GIB + MIB, /the limit is 35184372088832 bytes/],
  ])('refuses a %s disk of %d bytes', (kind, bytes, message) => {
    expect(() => checkVhdSize(kind, bytes)).toThrow(message);
    expect(() => checkVhdSize(kind, bytes)).toThrow(
      expect.objectContaining({ code: 'E_IMAGE_SIZE_UNSUPPORTED' }),
    );
  });

  test('says how to make the size whole', () => {
    expect(() => checkVhdSize('dynamic', 5 * MIB + 512)).toThrow(
      expect.objectContaining({ hint: 'enlarge it to 6 MiB: qemu-img resize -f raw FILE 6M' }),
    );
  });
});

describe('vhdTimestamp', () => {
  test.each<[number, number, string]>([
    [946_684_800, 0, 'the format counts from 2000-01-01T00:00:00Z'],
    [1_262_304_000.9, 315_619_200, 'parts of a second are dropped'],
    [5_241_652_095, 0xffffffff, 'the last second of 32 bits'],
  ])('%d is %d: %s', (createdSeconds, timestamp, _because) => {
    expect(vhdTimestamp(createdSeconds)).toBe(timestamp);
  });

  test.each([0, 946_684_799, 5_241_652_096, Number.NaN])('refuses %d', (createdSeconds) => {
    expect(() => vhdTimestamp(createdSeconds)).toThrow(
      expect.objectContaining({ code: 'E_IMAGE_TIME_UNSUPPORTED' }),
    );
  });
});
