import { describe, expect, test } from '@jest/globals';
import { alignedPieces, parseAllocationMap, type ByteRange } from '../../../src/disks/allocation-map.ts';
import { CLUSTER_BYTES } from '../../../src/disks/qcow2-layout.ts';
import { Qcow2Writer } from '../../../src/disks/qcow2-writer.ts';

const GIB = 1024 ** 3;

/** Everything the writer put into its file, sparse: offset to bytes. */
function filed(writer: Qcow2Writer): { header: Buffer; at: (offset: number) => Buffer } {
  const pieces = new Map(Array.from(writer.metadata(), ({ offset, data }) => [offset, data]));
  const at = (offset: number): Buffer => pieces.get(offset) ?? Buffer.alloc(0);
  return { header: at(0), at };
}

/** A 64 bit entry without its flag bits. */
const placeOf = (table: Buffer, index: number): number =>
  Number(table.readBigUInt64BE(index * 8) & 0xff_ffff_ffff_ffffn);

describe('Qcow2Writer', () => {
  test.each<['0.10' | '1.1', number, number, number, string]>([
    ['0.10', 2, 0, 0, 'version 2 ends after 72 bytes'],
    ['1.1', 3, 4, 104, 'version 3 states the width of refcounts and its own length'],
  ])('header of compat %s', (compat, version, order, length) => {
    const { header } = filed(new Qcow2Writer(5 * GIB, compat));
    expect(header.toString('latin1', 0, 4)).toBe('QFI\xfb');
    expect([header.readUInt32BE(4), header.readUInt32BE(96), header.readUInt32BE(100)]).toEqual([
      version,
      order,
      length,
    ]);
    expect(header.readBigUInt64BE(24)).toBe(BigInt(5 * GIB));
    expect(header.readUInt32BE(36)).toBe(10);
  });

  test('packs compressed clusters to the byte and counts each host cluster that they touch', () => {
    const writer = new Qcow2Writer(GIB, '1.1');
    writer.placeCompressed(0, 65_000);
    writer.placeCompressed(1, 1_000);
    writer.placeCompressed(9000, 10);
    expect(writer.end).toBe(CLUSTER_BYTES + 66_010);
    expect(writer.placePlain(5)).toBe(3 * CLUSTER_BYTES);
    const { header, at } = filed(writer);
    const l1 = at(Number(header.readBigUInt64BE(40)));
    const [low, high] = [at(placeOf(l1, 0)), at(placeOf(l1, 1))];
    const compressed = 1n << 62n;
    expect(low.readBigUInt64BE(0)).toBe(compressed | (126n << 54n) | 65_536n);
    // 1000 bytes from 130536 on touch the sectors 254 to 256: two more than the first.
    expect(low.readBigUInt64BE(8)).toBe(compressed | (2n << 54n) | 130_536n);
    expect(low.readBigUInt64BE(5 * 8)).toBe((1n << 63n) | BigInt(3 * CLUSTER_BYTES));
    expect(high.readBigUInt64BE((9000 - 8192) * 8)).toBe(compressed | 131_536n);
    const counts = at(placeOf(at(Number(header.readBigUInt64BE(48))), 0));
    expect(Array.from({ length: 5 }, (_, host) => counts.readUInt16BE(host * 2))).toEqual([1, 2, 2, 1, 1]);
  });

  test('keeps its order: plain clusters after compressed ones', () => {
    const writer = new Qcow2Writer(GIB, '1.1');
    writer.placePlain(1);
    expect(() => writer.placeCompressed(2, 5)).toThrow('comes first');
  });
});

describe('parseAllocationMap', () => {
  const entry = '"depth":0,"present":true,"zero":false';

  test('joins neighbours and drops holes', () => {
    const map = `[{"start":0,"length":4096,${entry},"data":true,"offset":0},
      {"start":4096,"length":4096,${entry},"data":true},
      {"start":8192,"length":100,${entry},"data":false},
      {"start":8292,"length":8,${entry},"data":true}]`;
    expect(parseAllocationMap(map)).toEqual([
      { offset: 0, length: 8192 },
      { offset: 8292, length: 8 },
    ]);
  });

  test.each([
    ['', /no JSON/],
    ['{}', /no list/],
    ['[{"start":-1,"length":1,"data":true}]', /no start, length and data/],
    ['[{"start":5,"length":5,"data":true},{"start":7,"length":5,"data":true}]', /overlap/],
  ])('refuses %j', (text, message) => {
    expect(() => parseAllocationMap(text)).toThrow(message);
  });
});

test.each<[string, ByteRange[], ByteRange[]]>([
  ['rounds outwards', [{ offset: 15, length: 10 }], [{ offset: 10, length: 20 }]],
  [
    'gives a shared unit once',
    [
      { offset: 0, length: 5 },
      { offset: 7, length: 8 },
    ],
    [
      { offset: 0, length: 10 },
      { offset: 10, length: 10 },
    ],
  ],
  [
    'gives nothing for a range inside a unit already given',
    [
      { offset: 0, length: 2 },
      { offset: 4, length: 2 },
    ],
    [{ offset: 0, length: 10 }],
  ],
  [
    'cuts long ranges',
    [{ offset: 20, length: 65 }],
    [
      { offset: 20, length: 30 },
      { offset: 50, length: 30 },
      { offset: 80, length: 10 },
    ],
  ],
])('alignedPieces %s', (_title, ranges, expected) => {
  expect(Array.from(alignedPieces(ranges, 10, 30))).toEqual(expected);
});
