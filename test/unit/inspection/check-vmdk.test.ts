import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { checkBuffer, faultsOf } from './check-buffer.ts';
import { GRAIN, sampleVmdk, VMDK_PLACES, type SampleVmdk } from './sample-vmdk.ts';

const SECTOR = 512;
const grain = (text: string): Buffer => Buffer.alloc(GRAIN, text);

function build(more: Partial<SampleVmdk> = {}): Buffer {
  return sampleVmdk({
    capacitySectors: 12_800,
    grains: [
      [2, grain('two ')],
      [7, grain('seven ')],
    ],
    ...more,
  });
}

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = build();
  change(bytes);
  return bytes;
}

const FIRST = VMDK_PLACES.grains * SECTOR;
const marker = (type: number, sectors = 0): Buffer => {
  const bytes = Buffer.alloc(SECTOR);
  bytes.writeBigUInt64LE(BigInt(sectors));
  bytes.writeUInt32LE(type, 12);
  return bytes;
};

describe('checkVmdk', () => {
  test.each<{ because: string; image: () => Buffer; fault: RegExp }>([
    {
      because: 'a stream has an end',
      image: () => build({ end: Buffer.alloc(0) }),
      fault: /end-of-stream marker is missing/,
    },
    {
      because: 'qemu-img pads the last grain',
      image: () => build({ end: Buffer.alloc(4 * SECTOR) }),
      fault: /end-of-stream marker is followed by 1536 more bytes/,
    },
    {
      because: 'readers that cannot seek want them in order',
      image: () =>
        build({
          grains: [
            [7, grain('seven ')],
            [2, grain('two ')],
          ],
        }),
      fault: /grain at sector 256 comes after grain 7: out of order/,
    },
    {
      because: 'a grain may not become larger than it is',
      image: () => build({ deflated: { 2: deflateSync(Buffer.alloc(GRAIN + 1)) } }),
      fault: new RegExp(`^offset ${FIRST + 12}: grain at sector 256 inflates to more than ${GRAIN} bytes`),
    },
    {
      because: 'a bomb is stopped at the size of a grain',
      image: () => build({ deflated: { 7: deflateSync(Buffer.alloc(30 * 1024 * 1024)) } }),
      fault: /grain at sector 896 inflates to more than 65536 bytes/,
    },
    {
      because: 'nor smaller',
      image: () => build({ deflated: { 2: deflateSync(Buffer.alloc(512)) } }),
      fault: /inflates to 512 bytes, not 65536/,
    },
    {
      because: 'nothing follows the data',
      image: () => build({ deflated: { 2: Buffer.concat([deflateSync(grain('x')), Buffer.from('y')]) } }),
      fault: /ends after \d+ of \d+ bytes/,
    },
    {
      because: 'data is zlib',
      image: () => changed((bytes) => bytes.writeUInt8(0, FIRST + 12)),
      fault: /does not begin as zlib data/,
    },
    {
      because: 'a changed bit breaks the sum',
      image: () => changed((bytes) => bytes.writeUInt8(bytes.readUInt8(FIRST + 40) ^ 1, FIRST + 40)),
      fault: /grain at sector 256 does not inflate/,
    },
    {
      because: 'a grain of 4 GiB is none',
      image: () => changed((bytes) => bytes.writeUInt32LE(0xffffffff, FIRST + 8)),
      fault: /has 4294967295 compressed bytes/,
    },
    {
      because: 'tables know each grain',
      image: () => changed((bytes) => bytes.writeUInt32LE(99, VMDK_PLACES.table * SECTOR + 2 * 4)),
      fault: /but the grain table says sector 99/,
    },
    {
      because: 'tables know no others',
      image: () => changed((bytes) => bytes.writeUInt32LE(30, VMDK_PLACES.table * SECTOR + 9 * 4)),
      fault: /name 3 grains, but 2 come before/,
    },
    {
      because: 'tables are in the file',
      image: () => changed((bytes) => bytes.writeUInt32LE(0xfffffff0, VMDK_PLACES.directory * SECTOR)),
      fault: /grain directory entry 0 is sector 4294967280, outside the file/,
    },
    {
      because: 'the directory is in the file',
      image: () => changed((bytes) => bytes.writeBigUInt64LE(1n << 50n, 56)),
      fault: /grain directory lies outside the file/,
    },
    {
      because: "a stream is not its own reader's guess",
      image: () => build({ end: marker(9) }),
      fault: /marker has the unknown type 9/,
    },
    {
      because: 'metadata has its length',
      image: () => build({ end: marker(1, 3) }),
      fault: /grain table marker announces 3 sectors, not 4/,
    },
    {
      because: 'the marker of the end is otherwise empty',
      image: () => build({ end: Buffer.concat([marker(0).subarray(0, 511), Buffer.from('x')]) }),
      fault: /end of stream marker is padded/,
    },
    {
      because: 'a transfer as text breaks the file',
      image: () => changed((bytes) => bytes.write('\r', 73)),
      fault: /newline test was changed/,
    },
    {
      because: 'version 4 does not exist',
      image: () => changed((bytes) => bytes.writeUInt32LE(4, 4)),
      fault: /^offset 4: version is 4/,
    },
    {
      because: 'flags are known',
      image: () => changed((bytes) => bytes.writeUInt32LE(0x130001, 8)),
      fault: /flags have unknown bits/,
    },
    {
      because: 'capacity is that of the descriptor',
      image: () => changed((bytes) => bytes.writeBigUInt64LE(12_801n, 12)),
      fault: /says that the disk has 12800 sectors, the header 12801/,
    },
    {
      because: 'nothing is no disk',
      image: () => changed((bytes) => bytes.writeBigUInt64LE(0n, 12)),
      fault: /capacity is 0/,
    },
    {
      because: 'a disk of 8 EiB is none',
      image: () => changed((bytes) => bytes.writeBigUInt64LE(1n << 54n, 12)),
      fault: /above 62 TiB/,
    },
    {
      because: 'grains are powers of two',
      image: () => changed((bytes) => bytes.writeBigUInt64LE(100n, 20)),
      fault: /grain size is 100 sectors/,
    },
    {
      because: 'tables have 512 entries',
      image: () => changed((bytes) => bytes.writeUInt32LE(513, 44)),
      fault: /entries of a grain table are 513/,
    },
    {
      because: 'padding is zero',
      image: () => changed((bytes) => bytes.writeUInt8(1, 500)),
      fault: /^offset 500: padding is not zero/,
    },
    {
      because: 'a descriptor of 1 GiB is none',
      image: () => changed((bytes) => bytes.writeBigUInt64LE(1n << 21n, 36)),
      fault: /descriptor has 1073741824 bytes/,
    },
    {
      because: 'the descriptor says the type',
      image: () => build({ descriptor: (text) => text.replace('streamOptimized', 'monolithicFlat') }),
      fault: /has createType "monolithicFlat"/,
    },
    {
      because: 'a parent is another file',
      image: () => build({ descriptor: (text) => text.replace('ffffffff', '0badcafe') }),
      fault: /names other files/,
    },
    {
      because: 'so is a second extent',
      image: () => build({ descriptor: (text) => `${text}RW 1 FLAT "/etc/shadow" 0\n` }),
      fault: /names 2 extents/,
    },
    {
      because: 'a key comes once',
      image: () => build({ descriptor: (text) => `${text}CID=0\n` }),
      fault: /has CID twice/,
    },
  ])('$because', async ({ image, fault }) => {
    expect(await faultsOf(image())).toContainEqual(expect.stringMatching(fault));
  });

  test('the last grain may be as short as the disk', async () => {
    const grains: SampleVmdk['grains'] = [[1, Buffer.alloc(40 * SECTOR, 'x')]];
    expect(await faultsOf(build({ capacitySectors: 168, grains }))).toEqual([]);
  });

  test('a descriptor alone leads elsewhere, and that is told', async () => {
    const text =
      '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="vmfs"\nRW 4096 VMFS "../../../etc/passwd"\n';
    const report = await checkBuffer(Buffer.from(text));
    expect(report).toMatchObject({
      format: 'vmdk',
      subformat: 'vmfs',
      virtualSizeBytes: 4096 * 512,
      references: [{ kind: 'extent', name: '../../../etc/passwd', format: 'VMFS' }],
    });
    expect(report.faults).toMatchObject([
      { kind: 'rule', message: 'stands alone: the data is in other files' },
    ]);
  });
});
