import { describe, expect, test } from '@jest/globals';
import {
  parseMbr,
  planMbr,
  renderMbr,
  rootPartitionOffset,
  type MbrPartition,
} from '../../../src/disks/mbr.ts';

const MIB = 1024 * 1024;
const sectorWith = (tail: Buffer): Buffer => Buffer.concat([Buffer.alloc(512 - tail.length, 0xeb), tail]);
const partition = (startSector: number, sectorCount: number): MbrPartition => ({
  bootable: false,
  type: 0x83,
  startSector,
  sectorCount,
});

describe('planMbr', () => {
  test.each([
    [0, [[0x83, true, 2048, 8386560]], 'root alone, from 1 MiB to the end'],
    [
      256 * MIB,
      [
        [0x82, false, 2048, 524288],
        [0x83, true, 526336, 7862272],
      ],
      'swap comes first, so that root can grow',
    ],
    [
      1,
      [
        [0x82, false, 2048, 2048],
        [0x83, true, 4096, 8384512],
      ],
      'places are whole MiB',
    ],
  ])('with %i bytes of swap', (swapSizeBytes, expected) => {
    const table = planMbr({ diskSizeBytes: 4096 * MIB, swapSizeBytes, diskSignature: 0xfeedc0de });
    const rows = table.partitions.map((entry) => [
      entry.type,
      entry.bootable,
      entry.startSector,
      entry.sectorCount,
    ]);
    expect(rows).toEqual(expected);
    const sector = sectorWith(renderMbr(table));
    expect(parseMbr(sector)).toEqual(table);
    expect(sector.subarray(0, 440).every((byte) => byte === 0xeb)).toBe(true);
    expect(rootPartitionOffset(table)).toBe((table.partitions.at(-1)?.startSector ?? 0) * 512);
  });

  test.each([
    [MIB, 0, 'only the first MiB'],
    [64 * MIB, 63 * MIB, 'swap takes all'],
    [4 * 1024 * 1024 * MIB, 0, 'past what 32 bits of sectors reach'],
  ])('refuses %i bytes with %i of swap: %s', (diskSizeBytes, swapSizeBytes) => {
    expect(() => planMbr({ diskSizeBytes, swapSizeBytes, diskSignature: 1 })).toThrow(
      expect.objectContaining({ code: 'E_MBR_INVALID' }),
    );
  });
});

describe('renderMbr', () => {
  test.each<[string, MbrPartition[], RegExp]>([
    ['five', [1, 2, 3, 4, 5].map((start) => partition(start * 10, 5)), /holds four/],
    ['overlapping', [partition(100, 50), partition(50, 51)], /sectors 100 to 149 overlaps/],
    ['on the table itself', [partition(0, 5)], /sectors 0 to 4/],
    ['empty', [partition(10, 0)], /sectors 10 to 9/],
  ])('refuses partitions that are %s', (_title, partitions, message) => {
    expect(() => renderMbr({ diskSignature: 1, partitions })).toThrow(message);
  });
});

describe('parseMbr', () => {
  test.each<[string, (sector: Buffer) => void, RegExp]>([
    ['no signature', (sector) => sector.writeUInt16LE(0, 510), /no boot signature at byte 510/],
    ['an odd flag', (sector) => sector.writeUInt8(3, 446), /entry at byte 446 has the flag 3/],
    ['a GPT', (sector) => sector.writeUInt8(0xee, 450), /has a GPT/],
    ['no Linux', (sector) => sector.writeUInt8(7, 450), /no Linux partition/],
  ])('refuses a disk with %s', (_title, hurt, message) => {
    const sector = sectorWith(renderMbr({ diskSignature: 1, partitions: [partition(2048, 10)] }));
    hurt(sector);
    expect(() => rootPartitionOffset(parseMbr(sector))).toThrow(message);
  });
});
