import { deflateSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { VmdkWriter } from '../../src/disks/vmdk-writer.ts';
import { walkVmdk } from '../unit/disks/walk-vmdk.ts';

const GRAIN = 65536;
const deflated = new Map<number, Buffer>();

/** A grain of one byte repeated; many are equal, so they are deflated once. */
function deflateGrain(byte: number): Buffer {
  const known = deflated.get(byte) ?? (byte === 0 ? Buffer.alloc(0) : deflateSync(Buffer.alloc(GRAIN, byte)));
  deflated.set(byte, known);
  return known;
}

/** Disks of up to 64 MiB: their size in sectors, and a byte for each of some grains; 0 is a grain of zeros. */
const disks = fc.integer({ min: 1, max: 1024 * 128 }).chain((sectors) =>
  fc.record({
    sectors: fc.constant(sectors),
    grains: fc.uniqueArray(fc.tuple(fc.nat(Math.ceil(sectors / 128) - 1), fc.nat(255)), {
      maxLength: 60,
      selector: ([grain]) => grain,
    }),
    pieceGrains: fc.integer({ min: 1, max: 20 }),
  }),
);

/** Runs of neighbours, none longer than a piece. */
function piecesOf(grains: readonly (readonly [number, number])[], most: number): [number, number[]][] {
  const pieces: [number, number[]][] = [];
  for (const [grain, byte] of grains.toSorted(([a], [b]) => a - b)) {
    const last = pieces.at(-1);
    if (last && last[0] + last[1].length === grain && last[1].length < most) last[1].push(byte);
    else pieces.push([grain, [byte]]);
  }
  return pieces;
}

test('whatever the disk, stream and tables tell the same, and the stream ends where the file ends', () => {
  fc.assert(
    fc.property(disks, ({ sectors, grains, pieceGrains }) => {
      const writer = new VmdkWriter(sectors * 512);
      const written: { offset: number; data: Buffer }[] = [];
      for (const [first, bytes] of piecesOf(grains, pieceGrains)) {
        const parts = bytes.map(deflateGrain);
        const offset = writer.end;
        const sizes = parts.map(({ length }) => length);
        written.push({
          offset,
          data: Buffer.from(writer.pack({ first, sizes, data: Buffer.concat(parts) })),
        });
      }
      written.push(...writer.metadata('text'));
      const file = Buffer.alloc(Math.max(...written.map(({ offset, data }) => offset + data.length)));
      for (const { offset, data } of written) file.set(data, offset);

      const walked = walkVmdk(file);
      const expected = grains.filter(([, byte]) => byte !== 0).toSorted(([a], [b]) => a - b);
      expect(walked.grains.map(({ number, data }) => [number, data[0]])).toEqual(expected);
      expect(walked.grains.every(({ data }) => data.equals(Buffer.alloc(GRAIN, data[0])))).toBe(true);
      expect([...walked.sectors]).toEqual(walked.grains.map(({ number, sector }) => [number, sector]));
      expect([walked.bytesAfterEnd, walked.capacitySectors]).toEqual([0, sectors]);
      expect(writer.populatedBytes).toBe(
        expected.reduce((sum, [grain]) => sum + Math.min(GRAIN, sectors * 512 - grain * GRAIN), 0),
      );
    }),
    { numRuns: 150 },
  );
});
