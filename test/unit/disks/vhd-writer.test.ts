import { describe, expect, test } from '@jest/globals';
import type { FilePiece } from '../../../src/disks/file-piece.ts';
import { BLOCK_BYTES, HYPERV_CREATOR, XENSERVER_CREATOR } from '../../../src/disks/vhd-layout.ts';
import { DynamicVhdWriter, fixedVhdWriter, type VhdWriter } from '../../../src/disks/vhd-writer.ts';
import { dataRuns } from '../../../src/disks/zero-units.ts';
import { GIB, MIB } from '../../../src/values/byte-size.ts';

const KIB = 1024;
const described = { timestamp: 1, uuid: Buffer.alloc(16, 7), creator: XENSERVER_CREATOR };
const full = Buffer.alloc(BLOCK_BYTES, 1);

const dynamic = (virtualSizeBytes: number, batmap = true): DynamicVhdWriter =>
  new DynamicVhdWriter({ ...described, virtualSizeBytes, batmap });

/** The places and lengths of pieces; their bytes must be copied before the next call. */
const shape = (pieces: Iterable<FilePiece>): [number, number][] =>
  Array.from(pieces, ({ offset, data }) => [offset, data.length]);

/** A block with bytes that are not zero at some places. */
function block(...places: readonly number[]): Buffer {
  const data = Buffer.alloc(BLOCK_BYTES);
  for (const place of places) data[place] = 1;
  return data;
}

/** The piece of the metadata at a place. */
function metadataAt(writer: VhdWriter, offset: number): Buffer {
  const found = Array.from(writer.metadata()).find((piece) => piece.offset === offset);
  if (!found) throw new Error(`nothing stands at ${offset}`);
  return found.data;
}

describe('DynamicVhdWriter', () => {
  test('lays out a disk of 40 MiB: every block ends a page, and its map stands before it', () => {
    const writer = dynamic(40 * MIB);
    // 1536 and a table of one sector, batmap header and batmap: data can begin at 4096, its map is 512 before.
    expect(shape(writer.addBlock(3, block(0)))).toEqual([
      [4096, 64 * KIB],
      [3584, 512],
    ]);
    expect(shape(writer.addBlock(19, full))).toEqual([
      [4096 + BLOCK_BYTES + 4096, BLOCK_BYTES],
      [4096 + BLOCK_BYTES + 3584, 512],
    ]);
    expect(shape(writer.metadata())).toEqual([
      [1536, 512],
      [2048, 512],
      [2560, 512],
      [512, 1024],
      [0, 512],
      [4096 + BLOCK_BYTES + 4096 + BLOCK_BYTES, 512],
    ]);
    const table = metadataAt(writer, 1536);
    const unused = 'ff'.repeat(4);
    expect(table.subarray(0, 80).toString('hex')).toBe(
      `${unused.repeat(3)}00000007${unused.repeat(15)}0000100f`,
    );
    expect(table.subarray(80).every((byte) => byte === 0xff)).toBe(true);
    expect(metadataAt(writer, 2560).toString('hex', 0, 4)).toBe('00001000');
  });

  test('sets the bits of sectors that hold data, in units of 64 KiB', () => {
    const pieces = Array.from(
      dynamic(40 * MIB).addBlock(0, block(0, 65_535, 200_000, BLOCK_BYTES - 1)),
      ({ offset, data }) => [offset, data.toString('hex')],
    );
    // 16 bytes of map are 128 sectors.
    const [on, off] = ['ff'.repeat(16), '00'.repeat(16)];
    const bitmap = [on, off, off, on, ...Array<string>(27).fill(off), on].join('');
    expect(pieces.at(-1)).toEqual([3584, bitmap]);
    expect(pieces.slice(0, -1).map(([offset]) => offset)).toEqual([
      4096,
      4096 + 3 * 64 * KIB,
      4096 + 31 * 64 * KIB,
    ]);
  });

  test('takes no place for a block of zeros', () => {
    const writer = dynamic(40 * MIB);
    expect(shape(writer.addBlock(1, block()))).toEqual([]);
    expect(shape(writer.addBlock(2, full))[0]?.[0]).toBe(4096);
    expect(metadataAt(writer, 1536).readUInt32BE(4)).toBe(0xffffffff);
  });

  test.each<[number, boolean, number, string]>([
    [40 * MIB, true, 3072, 'one sector each for the table, the batmap and its header'],
    [40 * MIB, false, 2048, 'one sector for the table'],
    [256 * MIB, false, 2048, '128 entries fill a sector'],
    [257 * MIB, false, 2560, 'a part of a block needs an entry'],
    [2040 * GIB, true, 1536 + 4 * 1_044_480 + 512 + 130_560, '1044480 entries of 4 bytes and as many bits'],
  ])('a disk of %d bytes without data (batmap: %s) ends at %d: %s', (size, batmap, end, _because) => {
    expect(shape(dynamic(size, batmap).metadata()).at(-1)).toEqual([end, 512]);
  });

  test('without a batmap nothing stands between the table and the blocks', () => {
    const writer = new DynamicVhdWriter({
      ...described,
      virtualSizeBytes: 40 * MIB,
      creator: HYPERV_CREATOR,
      batmap: false,
    });
    expect(shape(writer.addBlock(0, full))[0]).toEqual([4096, BLOCK_BYTES]);
    expect(shape(writer.metadata())).toHaveLength(4);
  });

  // libvhd's checksum covers ceil(floor(size / 16 MiB) / 512) sectors of the map, and one at least.
  test.each<[number, number, boolean, string]>([
    [8 * GIB, 4095, true, 'the last bit of the first sector'],
    [8 * GIB + 2 * MIB, 4096, false, 'a bit in a sector of which libvhd does not know'],
    [8 * GIB + 16 * MIB, 4096, true, 'eight more blocks make libvhd see the sector'],
    [40 * MIB, 19, true, 'one sector is always covered'],
  ])('a disk of %d bytes: block %d is entered as full: %s, %s', (size, number, entered, _because) => {
    const writer = dynamic(size);
    Array.from(writer.addBlock(number, full));
    const blocks = Math.ceil(size / BLOCK_BYTES);
    const headerAt = 1536 + Math.ceil((blocks * 4) / 512) * 512;
    const header = metadataAt(writer, headerAt);
    const map = metadataAt(writer, headerAt + 512);
    expect(((map[number >> 3] ?? 0) & (0x80 >> (number & 7))) !== 0).toBe(entered);
    const covered = map.subarray(0, 512 * Math.max(1, Math.ceil(Math.floor(size / 16 / MIB) / 512)));
    const sum = covered.reduce((total, byte) => total + byte, 0);
    expect(header.readUInt32BE(24)).toBe(0xffffffff - sum);
  });

  test.each<[string, number, Buffer]>([
    ['a block that was passed', 4, full],
    ['the same block twice', 5, full],
    ['a block past the end', 20, full],
    ['half a block', 6, full.subarray(MIB)],
  ])('stops at a caller that gives %s', (_title, number, data) => {
    const writer = dynamic(40 * MIB);
    Array.from(writer.addBlock(5, full));
    expect(() => Array.from(writer.addBlock(number, data))).toThrow('ascending order');
  });
});

test('a fixed disk is the raw disk with a footer', () => {
  const writer = fixedVhdWriter({ ...described, virtualSizeBytes: 5 * MIB });
  expect(shape(writer.addBlock(2, block(70_000)))).toEqual([[4 * MIB + 64 * KIB, 64 * KIB]]);
  expect(shape(writer.metadata())).toEqual([[5 * MIB, 512]]);
});

test.each<[string, Buffer, [number, number][]]>([
  ['zeros', Buffer.alloc(200 * KIB), []],
  [
    'data at both ends',
    Buffer.concat([full.subarray(0, 1), Buffer.alloc(191 * KIB), full.subarray(0, KIB)]),
    [
      [0, 64 * KIB],
      [128 * KIB, 192 * KIB + 1],
    ],
  ],
  ['a last unit that is short', Buffer.alloc(100 * KIB, 1), [[0, 100 * KIB]]],
  ['a short unit of zeros', Buffer.concat([full.subarray(0, 64 * KIB), Buffer.alloc(10)]), [[0, 64 * KIB]]],
])('dataRuns finds %s', (_title, data, expected) => {
  expect(Array.from(dataRuns(data), ({ start, end }) => [start, end])).toEqual(expected);
});
