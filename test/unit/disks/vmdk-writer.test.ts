import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { contentIds, renderVmdkDescriptor } from '../../../src/disks/vmdk-descriptor.ts';
import { checkSectorNumber, planVmdkLayout, renderVmdkHeader } from '../../../src/disks/vmdk-layout.ts';
import { VmdkWriter } from '../../../src/disks/vmdk-writer.ts';
import { walkVmdk } from './walk-vmdk.ts';

const GRAIN = 65536;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
const tooLarge = { kind: 'usage', code: 'E_VMDK_SIZE' };

const grain = (byte: number): Buffer => Buffer.alloc(GRAIN, byte);

/** Packs one piece, and gives its bytes and their place. */
function pack(
  writer: VmdkWriter,
  first: number,
  grains: readonly Buffer[],
): { offset: number; data: Buffer } {
  const deflated = grains.map((data) =>
    data.every((byte) => byte === 0) ? Buffer.alloc(0) : deflateSync(data),
  );
  const offset = writer.end;
  const sizes = deflated.map(({ length }) => length);
  return { offset, data: Buffer.from(writer.pack({ first, sizes, data: Buffer.concat(deflated) })) };
}

/** The whole file. */
function assemble(writer: VmdkWriter, pieces: readonly { offset: number; data: Buffer }[]): Buffer {
  const all = [...pieces, ...writer.metadata('# Disk DescriptorFile\n')];
  const file = Buffer.alloc(Math.max(...all.map(({ offset, data }) => offset + data.length)));
  for (const { offset, data } of all) file.set(data, offset);
  return file;
}

describe('renderVmdkHeader', () => {
  const header = renderVmdkHeader(planVmdkLayout(5 * GIB + 512), 'text');

  test.each([
    { at: 0, hex: '4b444d56', because: 'KDMV, which is VMDK as a little-endian number' },
    { at: 4, hex: '03000000', because: 'ESXi calls version 1 too old' },
    { at: 8, hex: '01000300', because: 'line ends are checked, grains are compressed and marked' },
    { at: 12, hex: '0100a00000000000', because: 'capacity in sectors' },
    { at: 20, hex: '8000000000000000', because: 'a grain of 128 sectors' },
    { at: 28, hex: '0100000000000000', because: 'the descriptor follows the header' },
    { at: 36, hex: '1400000000000000', because: '20 sectors for it' },
    { at: 44, hex: '00020000', because: '512 entries in a table' },
    { at: 48, hex: '0000000000000000', because: 'there is no second directory' },
    { at: 56, hex: '1500000000000000', because: 'the directory follows the descriptor' },
    {
      at: 64,
      hex: '9b02000000000000',
      because: '21 sectors, 2 of directory and 161 tables come before the data',
    },
    { at: 72, hex: '00', because: 'it was shut down cleanly' },
    { at: 73, hex: '0a200d0a', because: 'the line ends as they must arrive' },
    { at: 77, hex: '0100', because: 'deflate' },
    { at: 79, hex: '00'.repeat(433), because: 'the rest is padding' },
    { at: 512, hex: '7465787400', because: 'the text stands in its own sector' },
  ])('at $at: $because', ({ at, hex }) => {
    expect(header.toString('hex', at, at + hex.length / 2)).toBe(hex);
  });

  test('refuses a descriptor that would reach into the directory', () => {
    expect(() => renderVmdkHeader(planVmdkLayout(512), 'x'.repeat(20 * 512 + 1))).toThrow('too long');
  });
});

describe('planVmdkLayout', () => {
  test.each([
    { bytes: 512, tables: 1, firstGrain: 26, because: 'one sector needs a table, too' },
    { bytes: 32 * 1024 ** 2, tables: 1, firstGrain: 26, because: 'one table maps 32 MiB' },
    { bytes: 32 * 1024 ** 2 + 512, tables: 2, firstGrain: 30, because: 'one sector more needs another' },
    { bytes: 4 * GIB, tables: 128, firstGrain: 534, because: 'a sector of the directory holds 128 entries' },
    {
      bytes: 62 * TIB,
      tables: 2_031_616,
      firstGrain: 8_142_357,
      because: 'it is the largest disk of vSphere',
    },
  ])('$bytes bytes: $because', ({ bytes, tables, firstGrain }) => {
    expect(planVmdkLayout(bytes)).toMatchObject({ tables, firstGrainSector: firstGrain });
  });

  test.each([
    { bytes: 0, because: 'OVF and QEMU take a disk of no size for an error' },
    { bytes: 62 * TIB + 512, because: 'vSphere has no larger disk' },
  ])('refuses $bytes bytes: $because', ({ bytes }) => {
    expect(() => planVmdkLayout(bytes)).toThrow(expect.objectContaining(tooLarge));
  });
});

describe('VmdkWriter', () => {
  test('writes marked grains in order, leaves zeros out, and ends with one empty sector', () => {
    const writer = new VmdkWriter(64 * 1024 ** 2);
    const pieces = [
      pack(writer, 0, [grain(1), grain(0), grain(2)]),
      pack(writer, 600, [grain(0)]),
      pack(writer, 1023, [grain(3)]),
    ];
    const file = assemble(writer, pieces);
    const walked = walkVmdk(file);
    expect(walked.grains.map(({ number, data }) => [number, data[0], data.length])).toEqual([
      [0, 1, GRAIN],
      [2, 2, GRAIN],
      [1023, 3, GRAIN],
    ]);
    expect([...walked.sectors]).toEqual(walked.grains.map(({ number, sector }) => [number, sector]));
    expect(walked.bytesAfterEnd).toBe(0);
    expect(writer.populatedBytes).toBe(3 * GRAIN);
    expect(file.length % 512).toBe(0);
  });

  test('a disk of nothing but zeros has the end of the stream, too', () => {
    const file = assemble(new VmdkWriter(GRAIN), []);
    expect(walkVmdk(file)).toMatchObject({ grains: [], bytesAfterEnd: 0 });
    expect(file.length).toBe(27 * 512);
  });

  test('counts what lies in the disk of a last grain that reaches beyond it', () => {
    const writer = new VmdkWriter(GRAIN + 1024);
    pack(writer, 0, [grain(1), grain(2)]);
    expect(writer.populatedBytes).toBe(GRAIN + 1024);
    const onlyFirst = new VmdkWriter(GRAIN + 1024);
    pack(onlyFirst, 0, [grain(1), grain(0)]);
    expect(onlyFirst.populatedBytes).toBe(GRAIN);
  });

  test('takes grains in the order of the disk only', () => {
    const writer = new VmdkWriter(GIB);
    pack(writer, 5, [grain(1)]);
    expect(() => pack(writer, 5, [grain(1)])).toThrow('in the order');
  });
});

test.each([
  { sector: 2 ** 32 - 1, faults: false, because: 'it is the last number of 32 bits' },
  { sector: 2 ** 32, faults: true, because: 'no table can name it' },
])('sector $sector: $because', ({ sector, faults }) => {
  const check = (): void => checkSectorNumber(sector);
  if (faults) expect(check).toThrow(expect.objectContaining(tooLarge));
  else expect(check).not.toThrow();
});

describe('renderVmdkDescriptor', () => {
  const request = {
    capacitySectors: 10_240_000,
    adapter: 'lsilogic',
    hardwareVersion: 13,
    digest: 'x',
  } as const;

  test('is the text that VMware reads', () => {
    expect(renderVmdkDescriptor(request).split('\n')).toEqual([
      '# Disk DescriptorFile',
      'version=1',
      'encoding="UTF-8"',
      expect.stringMatching(/^CID=[0-9a-f]{8}$/),
      'parentCID=ffffffff',
      'createType="streamOptimized"',
      '',
      '# Extent description',
      'RW 10240000 SPARSE "disk.vmdk"',
      '',
      '# The Disk Data Base',
      '#DDB',
      '',
      'ddb.adapterType = "lsilogic"',
      'ddb.geometry.cylinders = "637"',
      'ddb.geometry.heads = "255"',
      'ddb.geometry.sectors = "63"',
      expect.stringMatching(/^ddb\.longContentID = "[0-9a-f]{32}"$/),
      'ddb.toolsVersion = "2147483647"',
      'ddb.virtualHWVersion = "13"',
      '',
    ]);
  });

  test.each([
    {
      capacitySectors: 1,
      adapter: 'lsilogic',
      geometry: [1, 255, 63],
      because: 'there is at least one cylinder',
    },
    {
      capacitySectors: 2 ** 33,
      adapter: 'lsilogic',
      geometry: [65_535, 255, 63],
      because: '16 bits are full',
    },
    { capacitySectors: 2 ** 33, adapter: 'ide', geometry: [16_383, 16, 63], because: "ATA's limit" },
  ] as const)('geometry of $capacitySectors sectors on $adapter: $because', ({ geometry, ...disk }) => {
    const text = renderVmdkDescriptor({ ...request, ...disk });
    expect(Array.from(text.matchAll(/geometry\.\w+ = "(\d+)"/g), ([, number]) => Number(number))).toEqual(
      geometry,
    );
  });

  test.each([
    { hash: '01234567'.repeat(8), short: '01234567', because: 'the first word does' },
    { hash: `ffffffff${'abcdef01'.repeat(7)}`, short: 'abcdef01', because: 'it would mean "no parent"' },
    {
      hash: `fffffffeffffffff${'00000001'.repeat(6)}`,
      short: '00000001',
      because: 'it would mean "not set"',
    },
  ])('identifier $short: $because', ({ hash, short }) => {
    expect(contentIds('any', hash).short).toBe(short);
    expect(contentIds('any', hash).long).toMatch(new RegExp(`^[0-9a-f]{24}${short}$`));
  });

  test('other content, other identifiers', () => {
    expect(contentIds('a')).toEqual(contentIds('a'));
    expect(contentIds('a').short).not.toBe(contentIds('b').short);
  });
});
