import { expect, test } from '@jest/globals';
import { crc32c } from '../../../src/inspection/crc32c.ts';
import { checkBuffer, faultsOf } from './check-buffer.ts';
import { sampleVhdx, VHDX_PLACES } from './sample-vhdx.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const BAT = VHDX_PLACES.bat * MIB;
const METADATA = VHDX_PLACES.metadata * MIB;

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = sampleVhdx();
  change(bytes);
  return bytes;
}

/** Changes the current header and sums it anew. */
function withHeader(change: (header: Buffer) => void): Buffer {
  return changed((bytes) => {
    const header = bytes.subarray(128 * KIB, 132 * KIB);
    change(header);
    header.writeUInt32LE(crc32c(header, 4), 4);
  });
}

const entry = (state: number, mib: number): bigint => BigInt(mib * MIB) | BigInt(state);

test('crc32c is that of RFC 3720', () => {
  // B.4: 32 bytes of zeros and of ones; the bytes of the sum itself count as zeros.
  expect(crc32c(Buffer.alloc(32), 32)).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff), 32)).toBe(0x62a8ab43);
});

test.each<{ because: string; image: () => Buffer; fault: RegExp }>([
  {
    because: 'a header has a sum',
    image: () => changed((bytes) => bytes.writeUInt8(1, 128 * KIB + 100)),
    fault: /^offset 131076: header checksum at 128 KiB/,
  },
  {
    because: 'so has its copy',
    image: () => changed((bytes) => bytes.writeUInt8(1, 64 * KIB + 100)),
    fault: /^offset 65540: header checksum at 64 KiB/,
  },
  {
    because: 'and each region table',
    image: () => changed((bytes) => bytes.writeUInt8(1, 256 * KIB + 1000)),
    fault: /region table differs from its copy/,
  },
  {
    because: 'a log that is set has to be replayed',
    image: () => withHeader((header) => header.writeUInt8(1, 48)),
    fault: /^offset 131120: LogGuid is set/,
  },
  {
    because: 'the version is 1',
    image: () => withHeader((header) => header.writeUInt16LE(2, 66)),
    fault: /Version is 2/,
  },
  {
    because: 'the log is in whole MiB',
    image: () => withHeader((header) => header.writeUInt32LE(5, 68)),
    fault: /log has 5 bytes/,
  },
  {
    because: 'the log has its own place',
    image: () => withHeader((header) => header.writeBigUInt64LE(BigInt(BAT), 72)),
    fault: /lies in the/,
  },
  {
    because: 'metadata says what it is',
    image: () => changed((bytes) => bytes.write('x', METADATA)),
    fault: /metadata signature/,
  },
  {
    because: 'items are in their region',
    image: () => changed((bytes) => bytes.writeUInt32LE(0xffffff00, METADATA + 32 + 16)),
    fault: /fileParameters has 8 bytes at 4294967040/,
  },
  {
    because: 'unknown items that are required forbid to read',
    image: () => changed((bytes) => bytes.writeUInt8(1, METADATA + 32)),
    fault: /is required, but unknown/,
  },
  {
    because: 'blocks are powers of two',
    image: () => changed((bytes) => bytes.writeUInt32LE(3 * MIB, METADATA + 64 * KIB)),
    fault: /BlockSize is 3145728/,
  },
  {
    because: 'nobody has 2 EiB',
    image: () => changed((bytes) => bytes.writeBigUInt64LE(1n << 61n, METADATA + 64 * KIB + 32)),
    fault: /VirtualDiskSize is/,
  },
  {
    because: 'the table covers the disk',
    image: () => changed((bytes) => bytes.writeBigUInt64LE(1n << 42n, METADATA + 64 * KIB + 32)),
    fault: /block allocation table has 1048576 bytes, too few/,
  },
  {
    because: 'sectors have 512 or 4096 bytes',
    image: () => changed((bytes) => bytes.writeUInt32LE(1024, METADATA + 64 * KIB + 64)),
    fault: /LogicalSectorSize is 1024/,
  },
  {
    because: 'blocks are in the file',
    image: () => changed((bytes) => bytes.writeBigUInt64LE(entry(6, 5), BAT)),
    fault: /^offset 2097152: block 0 at offset 5242880 runs past/,
  },
  {
    because: 'blocks do not lie in tables',
    image: () => changed((bytes) => bytes.writeBigUInt64LE(entry(6, 2), BAT)),
    fault: /block 0 at offset 2097152 lies in the log, a table or the headers/,
  },
  {
    because: 'no two blocks are one',
    image: () => changed((bytes) => bytes.writeBigUInt64LE(entry(6, 4), BAT)),
    fault: /overlaps block/,
  },
  {
    because: 'there is no state 4',
    image: () => changed((bytes) => bytes.writeBigUInt64LE(entry(4, 4), BAT)),
    fault: /block 0 has the state 4/,
  },
  {
    because: 'only a parent allows a part of a block',
    image: () => changed((bytes) => bytes.writeBigUInt64LE(entry(7, 4), BAT)),
    fault: /block 0 has the state 7/,
  },
  {
    because: 'reserved bits are zero',
    image: () => changed((bytes) => bytes.writeUInt8(0x10, BAT)),
    fault: /block 0 has reserved bits/,
  },
])('$because', async ({ image, fault }) => {
  expect(await faultsOf(image())).toContainEqual(expect.stringMatching(fault));
});

test('a parent is another file', async () => {
  const report = await checkBuffer(changed((bytes) => bytes.writeUInt32LE(2, METADATA + 64 * KIB + 4)));
  expect(report).toMatchObject({ subformat: 'differencing', references: [{ kind: 'parent' }] });
});
