import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { XENSERVER_CREATOR, HYPERV_CREATOR } from '../../src/disks/vhd-layout.ts';
import { DynamicVhdWriter } from '../../src/disks/vhd-writer.ts';

const MIB = 1024 * 1024;
const BLOCK = 2 * MIB;

/** A disk with bytes that are not zero at some places. */
const disks = fc
  .record({
    sizeMiB: fc.integer({ min: 1, max: 11 }),
    batmap: fc.boolean(),
    places: fc.array(
      fc.record({ at: fc.nat(999_999), length: fc.integer({ min: 1, max: 700_000 }), byte: fc.nat(255) }),
      { maxLength: 6 },
    ),
  })
  .map(({ sizeMiB, batmap, places }) => {
    const disk = Buffer.alloc(sizeMiB * MIB);
    for (const { at, length, byte } of places) {
      const start = Math.floor((at / 1_000_000) * disk.length);
      disk.fill(byte, start, Math.min(disk.length, start + length));
    }
    return { disk, batmap };
  });

function writeInMemory(disk: Buffer, batmap: boolean): Buffer {
  const writer = new DynamicVhdWriter({
    virtualSizeBytes: disk.length,
    batmap,
    creator: batmap ? XENSERVER_CREATOR : HYPERV_CREATOR,
    timestamp: 5,
    uuid: Buffer.alloc(16, 1),
  });
  const file = Buffer.alloc(disk.length + 2 * MIB);
  let end = 0;
  const put = ({ offset, data }: { offset: number; data: Buffer }): void => {
    data.copy(file, offset);
    end = offset + data.length;
  };
  for (let block = 0; block * BLOCK < disk.length; block += 1) {
    const data = Buffer.alloc(BLOCK);
    disk.copy(data, 0, block * BLOCK, (block + 1) * BLOCK);
    for (const piece of writer.addBlock(block, data)) put(piece);
  }
  for (const piece of writer.metadata()) put(piece);
  return file.subarray(0, end);
}

/** What a reader that honours the maps of sectors finds, and which parts of the file it used. */
function readBack(file: Buffer): { disk: Buffer; used: [number, number][]; full: boolean[] } {
  const disk = Buffer.alloc(Number(file.readBigUInt64BE(48)));
  const used: [number, number][] = [];
  const full: boolean[] = [];
  const entries = file.readUInt32BE(512 + 28);
  for (let block = 0; block < entries; block += 1) {
    const entry = file.readUInt32BE(1536 + block * 4);
    full.push(entry !== 0xffffffff);
    if (entry === 0xffffffff) continue;
    const data = entry * 512 + 512;
    used.push([entry * 512, data + BLOCK]);
    for (let sector = 0; sector < 4096; sector += 1) {
      const marked = ((file[entry * 512 + (sector >> 3)] ?? 0) & (0x80 >> (sector & 7))) !== 0;
      full[block] &&= marked;
      if (marked)
        file.copy(disk, block * BLOCK + sector * 512, data + sector * 512, data + sector * 512 + 512);
    }
  }
  return { disk, used, full };
}

const bit = (map: Buffer, index: number): boolean => ((map[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;

describe('a dynamic VHD of any disk', () => {
  test('reads back as the disk, and no two parts of it overlap', () => {
    fc.assert(
      fc.property(disks, ({ disk, batmap }) => {
        const file = writeInMemory(disk, batmap);
        const found = readBack(file);
        expect(found.disk.equals(disk)).toBe(true);
        const headers = batmap ? 1536 + 3 * 512 : 1536 + 512;
        const parts = [[0, headers], ...found.used, [file.length - 512, file.length]];
        for (const [index, [, end = 0]] of parts.entries()) {
          expect(parts[index + 1]?.[0] ?? end).toBeGreaterThanOrEqual(end);
        }
        expect(file.subarray(-512).equals(file.subarray(0, 512))).toBe(true);
        if (batmap) {
          const map = file.subarray(2560, 3072);
          expect(found.full.map((_, block) => bit(map, block))).toEqual(found.full);
        }
      }),
      { numRuns: 40 },
    );
  });
});
