import { describe, expect, test } from '@jest/globals';
import { geometryOfSize } from '../../../src/inspection/vhd-footer.ts';
import { checkBuffer, faultsOf } from './check-buffer.ts';
import { resum, sampleFixedVhd, sampleVhd, VHD_BLOCK, VHD_PLACES } from './sample-vhd.ts';

const MIB = 1024 * 1024;

/** Changes both footers of a sample with two stored blocks of three, and sums them anew. */
function withFooters(change: (footer: Buffer) => void): Buffer {
  const bytes = sample();
  change(bytes.subarray(0, 512));
  change(bytes.subarray(-512));
  resum(bytes, 'footers');
  return bytes;
}

function withHeader(change: (header: Buffer) => void): Buffer {
  const bytes = sample();
  change(bytes.subarray(VHD_PLACES.header, VHD_PLACES.header + 1024));
  resum(bytes, 'header');
  return bytes;
}

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = sample();
  change(bytes);
  return bytes;
}

const sample = (): Buffer => sampleVhd({ blocks: [Buffer.from('one'), undefined, Buffer.from('three')] });
const SIZE = sample().length;
const FOOTER = SIZE - 512;

describe('checkVhd', () => {
  test.each<{ because: string; image: () => Buffer; fault: RegExp }>([
    {
      because: 'a changed footer has a wrong sum',
      image: () => changed((bytes) => bytes.writeUInt8(1, SIZE - 1)),
      fault: new RegExp(`^offset ${FOOTER + 64}: footer checksum is 0x`),
    },
    {
      because: 'the copy is the footer',
      image: () => changed((bytes) => bytes.writeUInt8(1, 100)),
      fault: /^offset 100: footer copy differs from the footer at byte 100/,
    },
    {
      because: 'vhd-util allows a clock to be half an hour behind, and no more',
      image: () =>
        withFooters((footer) =>
          footer.writeUInt32BE(Date.UTC(2026, 10, 21, 12, 31) / 1000 - 946_684_800, 24),
        ),
      fault: new RegExp(`^offset ${FOOTER + 24}: time stamp is in the future: 2026-11-21T12:31`),
    },
    {
      because: 'tap ends at 1.3',
      image: () => withFooters((footer) => footer.writeUInt32BE(0x10004, 32)),
      fault: /creator version of tap is 0x00010004, above 1.3/,
    },
    {
      because: 'a geometry may not be larger than that of the size',
      image: () => withFooters((footer) => footer.writeUInt32BE(0xffff10ff, 56)),
      fault: new RegExp(`^offset ${FOOTER + 56}: disk geometry is 65535/16/255, larger than 180/4/17`),
    },
    {
      because: 'type 4 needs a parent',
      image: () => withFooters((footer) => footer.writeUInt32BE(4, 60)),
      fault: /disk type is differencing/,
    },
    {
      because: 'there is no type 6',
      image: () => withFooters((footer) => footer.writeUInt32BE(6, 60)),
      fault: /disk type is 6/,
    },
    {
      because: 'a null UUID is none',
      image: () => withFooters((footer) => footer.fill(0, 68, 84)),
      fault: /unique id is null/,
    },
    {
      because: 'reserved bytes are zero',
      image: () => withFooters((footer) => footer.writeUInt8(1, 300)),
      fault: new RegExp(`^offset ${FOOTER + 300}: reserved is not zero`),
    },
    {
      because: 'bit 1 of the features is always set',
      image: () => withFooters((footer) => footer.writeUInt32BE(0, 8)),
      fault: /features lack the bit/,
    },
    {
      because: 'other features are unknown',
      image: () => withFooters((footer) => footer.writeUInt32BE(6, 8)),
      fault: /features have unknown bits: 0x00000006/,
    },
    {
      because: 'the format is 1.0',
      image: () => withFooters((footer) => footer.writeUInt32BE(0x10001, 12)),
      fault: /file format version is 0x00010001/,
    },
    {
      because: 'sectors have 512 bytes',
      image: () => withFooters((footer) => footer.writeBigUInt64BE(BigInt(6 * MIB + 1), 48)),
      fault: /current size is 6291457, no multiple of 512/,
    },
    {
      because: 'nothing is no disk',
      image: () => withFooters((footer) => footer.writeBigUInt64BE(0n, 48)),
      fault: /current size is 0/,
    },
    {
      because: 'the table is too short',
      image: () => withFooters((footer) => footer.writeBigUInt64BE(BigInt(8 * MIB), 48)),
      fault: /max table entries are 3, fewer than the 4 blocks/,
    },
    {
      because: 'the header is not where the footer is',
      image: () => withFooters((footer) => footer.writeBigUInt64BE(513n, 16)),
      fault: /data offset is 513, no sector/,
    },
    {
      because: 'the header is in the file',
      image: () => withFooters((footer) => footer.writeBigUInt64BE(1n << 62n, 16)),
      fault: /dynamic disk header lies outside the file/,
    },
    {
      because: 'the header has its cookie',
      image: () => withHeader((header) => header.write('x')),
      fault: /^offset 512: header cookie/,
    },
    {
      because: 'a changed header has a wrong sum',
      image: () => changed((bytes) => bytes.writeUInt8(1, 1500)),
      fault: /^offset 548: header checksum/,
    },
    {
      because: 'a disk without parent names none',
      image: () => withHeader((header) => header.write('p', 64)),
      fault: /^offset 576: parent unicode name is set/,
    },
    {
      because: 'block sizes are powers of two',
      image: () => withHeader((header) => header.writeUInt32BE(3 * MIB, 32)),
      fault: /block size is 3145728/,
    },
    {
      because: 'a table of 16 GiB is none',
      image: () => withHeader((header) => header.writeUInt32BE(0xffffffff, 28)),
      fault: /max table entries are 4294967295/,
    },
    {
      because: 'the table is behind the headers',
      image: () => withHeader((header) => header.writeBigUInt64BE(512n, 16)),
      fault: /lies in the/,
    },
    {
      because: 'blocks do not lie in the headers',
      image: () => changed((bytes) => bytes.writeUInt32BE(5, VHD_PLACES.bat)),
      fault: /^offset 1536: block 0 at sector 5 lies in the headers/,
    },
    {
      because: 'blocks end before the footer',
      image: () => changed((bytes) => bytes.writeUInt32BE(0x7fffffff, VHD_PLACES.bat + 4)),
      fault: /^offset 1540: block 1 at sector 2147483647 runs past/,
    },
    {
      because: 'no two blocks share sectors',
      image: () => changed((bytes) => bytes.writeUInt32BE(7, VHD_PLACES.bat + 4)),
      fault: /^offset 1540: block 1 at sector 7 overlaps block 0 at 6/,
    },
    {
      because: 'tap from 1.2 on has a batmap',
      image: () => changed((bytes) => bytes.write('x', VHD_PLACES.batmapHeader)),
      fault: /^offset 2048: batmap cookie/,
    },
    {
      because: 'the batmap has a sum',
      image: () => changed((bytes) => bytes.writeUInt8(0x20, VHD_PLACES.batmap)),
      fault: /^offset 2072: batmap checksum/,
    },
    {
      because: 'what is full is stored',
      image: () => changed((bytes) => bytes.writeUInt8(0xe0, VHD_PLACES.batmap)),
      fault: /batmap says that block 1 is full/,
    },
    {
      because: 'batmaps have a size',
      image: () => changed((bytes) => bytes.writeUInt32BE(0, VHD_PLACES.batmapHeader + 16)),
      fault: /^offset 2064: batmap size is 0 bytes/,
    },
    {
      because: 'what a bitmap calls unused is zero',
      image: () => changed((bytes) => bytes.writeUInt8(0x7f, VHD_PLACES.blocks)),
      fault: /^offset 3072: bitmap of block 0 calls sector 0 unused/,
    },
    {
      because: 'a fixed disk is as long as it says',
      image: () => Buffer.concat([Buffer.alloc(512), sampleFixedVhd(Buffer.alloc(MIB))]),
      fault: /current size is 1048576, but the file has 1049088/,
    },
    {
      because: 'footers of 511 bytes are long gone',
      image: () => sample().subarray(0, -1),
      fault: /^offset 0: file size is/,
    },
  ])('$because', async ({ image, fault }) => {
    expect(await faultsOf(image())).toContainEqual(expect.stringMatching(fault));
  });

  test('an image of others has no batmap, and needs none', async () => {
    const bytes = withFooters((footer) => footer.write('win ', 28));
    bytes.fill(0, VHD_PLACES.batmapHeader, VHD_PLACES.blocks);
    expect(await faultsOf(bytes)).toEqual([]);
  });

  test('says all that is wrong, not only the first', async () => {
    const bytes = withFooters((footer) => footer.fill(0, 68, 84).writeUInt8(1, 200));
    bytes.writeUInt32BE(5, VHD_PLACES.bat);
    const { faults } = await checkBuffer(bytes, false);
    expect(faults.map(({ field }) => field)).toEqual(['unique id', 'reserved', 'block 0']);
  });

  test('keeps a bounded number of faults, and counts the rest', async () => {
    const bytes = sampleVhd({ blocks: Array.from({ length: 100 }, () => undefined) });
    for (let entry = 0; entry < 100; entry += 1) bytes.writeUInt32BE(1, VHD_PLACES.bat + entry * 4);
    const { faults, furtherFaults } = await checkBuffer(bytes, false);
    expect(faults).toHaveLength(50);
    expect(furtherFaults).toBeGreaterThan(150);
  });
});

test.each([
  [VHD_BLOCK, [60, 4, 17]],
  [5000 * MIB, [10_158, 16, 63]],
  [65535 * 16 * 63 * 512, [16_191, 16, 255]],
  [65535 * 16 * 255 * 512, [65_535, 16, 255]],
  [2040 * 1024 * MIB, [65_535, 16, 255]],
])('the geometry of %i bytes is that of the specification', (size, [cylinders, heads, sectors]) => {
  expect(geometryOfSize(size)).toEqual({ cylinders, heads, sectors });
});
