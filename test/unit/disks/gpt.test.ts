import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  GPT_TYPES,
  gptRootOffset,
  isProtectiveMbr,
  parseGpt,
  renderGpt,
  type GptPartition,
  type GptTable,
} from '../../../src/disks/gpt.ts';

const MIB = 1024 * 1024;
const SECTORS_PER_MIB = 2048;

const esp: GptPartition = {
  typeGuid: GPT_TYPES.esp,
  guid: '01234567-89ab-8def-8123-456789abcdef',
  name: 'esp',
  startSector: SECTORS_PER_MIB,
  sectorCount: 128 * SECTORS_PER_MIB,
};
const root: GptPartition = {
  typeGuid: GPT_TYPES.rootAmd64,
  guid: '76543210-89ab-8def-8123-456789abcdef',
  name: 'root',
  startSector: 129 * SECTORS_PER_MIB,
  sectorCount: 894 * SECTORS_PER_MIB,
};
const withPartitions = (...partitions: GptPartition[]): GptTable => ({
  diskGuid: '00112233-4455-8677-8899-aabbccddeeff',
  partitions,
});
const table = withPartitions(esp, root);

/** CRC-32 bit by bit, as ISO 3309 defines it: shares nothing with the one under test. */
function crcByHand(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

describe('renderGpt', () => {
  const { start, end, endOffsetBytes } = renderGpt(table, 1024 * MIB);

  test('has 34 sectors at the start and 33 at the very end', () => {
    expect([start.length, end.length]).toEqual([34 * 512, 33 * 512]);
    expect(endOffsetBytes).toBe(1024 * MIB - 33 * 512);
  });

  test('every field of the first header stands where the specification has it', () => {
    const header = start.subarray(512, 1024);
    expect(header.toString('latin1', 0, 8)).toBe('EFI PART');
    expect(header.subarray(8, 16).toString('hex')).toBe('000001005c000000');
    expect(header.readUInt32LE(20)).toBe(0);
    const numbers = [24, 32, 40, 48, 72].map((at) => Number(header.readBigUInt64LE(at)));
    expect(numbers).toEqual([1, 2_097_151, 34, 2_097_118, 2]);
    expect(header.toString('hex', 56, 72)).toBe('33221100554477868899aabbccddeeff');
    expect([header.readUInt32LE(80), header.readUInt32LE(84)]).toEqual([128, 128]);
    expect(header.subarray(92).every((byte) => byte === 0)).toBe(true);
  });

  test('the backup is the same the other way round', () => {
    const header = end.subarray(32 * 512);
    expect([24, 32, 72].map((at) => Number(header.readBigUInt64LE(at)))).toEqual([2_097_151, 1, 2_097_119]);
    expect(end.subarray(0, 32 * 512).equals(start.subarray(2 * 512))).toBe(true);
  });

  test.each([
    { name: 'first', header: start.subarray(512, 604), entries: start.subarray(1024) },
    { name: 'backup', header: end.subarray(32 * 512, 32 * 512 + 92), entries: end.subarray(0, 32 * 512) },
  ])('the sums of the $name header are those of its bytes', ({ header, entries }) => {
    expect(crcByHand(Buffer.from('123456789'))).toBe(0xcbf4_3926);
    expect(header.readUInt32LE(88)).toBe(crcByHand(entries));
    const summed = Buffer.from(header).fill(0, 16, 20);
    expect(header.readUInt32LE(16)).toBe(crcByHand(summed));
  });

  test('an entry holds type, GUID, first and last sector, and its name', () => {
    const entry = start.subarray(1024, 1152);
    expect(entry.toString('hex', 0, 16)).toBe('28732ac11ff8d211ba4b00a0c93ec93b');
    expect(entry.toString('hex', 16, 32)).toBe('67452301ab89ef8d8123456789abcdef');
    expect([entry.readBigUInt64LE(32), entry.readBigUInt64LE(40)]).toEqual([2048n, 264_191n]);
    expect(entry.toString('hex', 56, 64)).toBe('6500730070000000');
  });

  test.each([
    { diskBytes: 1024 * MIB, sectors: 2_097_151, because: 'all but the first sector' },
    { diskBytes: 2 ** 41, sectors: 0xffff_ffff, because: '2 TiB are just what fits' },
    { diskBytes: 2 ** 41 + MIB, sectors: 0xffff_ffff, because: 'of more, as much as can be said' },
    { diskBytes: 2 ** 43, sectors: 0xffff_ffff, because: 'of 8 TiB, too' },
  ])('the protective MBR covers a disk of $diskBytes bytes: $because', ({ diskBytes, sectors }) => {
    const mbr = renderGpt(table, diskBytes).start.subarray(0, 512);
    expect(mbr.toString('hex', 446, 458)).toBe('00000200eeffffff01000000');
    expect(mbr.readUInt32LE(458)).toBe(sectors);
    expect(mbr.subarray(462, 510).every((byte) => byte === 0)).toBe(true);
    expect(mbr.readUInt16LE(510)).toBe(0xaa55);
    expect(mbr.subarray(0, 446).every((byte) => byte === 0)).toBe(true);
    expect(isProtectiveMbr(mbr)).toBe(true);
  });

  test('beyond 2 TiB the places of the backup are whole', () => {
    const big = renderGpt(table, 2 ** 43);
    expect(big.start.readBigUInt64LE(512 + 32)).toBe(2n ** 34n - 1n);
    expect(big.endOffsetBytes).toBe(2 ** 43 - 33 * 512);
  });

  test.each([
    {
      bad: withPartitions(esp, { ...root, startSector: root.startSector - 1 }),
      because: 'it begins in the one before',
    },
    { bad: withPartitions(root, { ...esp, sectorCount: 2_097_119 - 2047 }), because: 'it covers another' },
    { bad: withPartitions({ ...esp, startSector: 33 }), because: 'it lies in the table' },
    {
      bad: withPartitions({ ...root, sectorCount: 2_097_119 - 264_192 + 1 }),
      because: 'it lies in the backup',
    },
    { bad: withPartitions({ ...esp, sectorCount: 0 }), because: 'it is empty' },
    { bad: withPartitions({ ...esp, name: 'x'.repeat(37) }), because: 'its name is too long' },
    {
      bad: withPartitions(
        ...Array.from({ length: 129 }, (_, at) => ({ ...esp, startSector: 34 + at, sectorCount: 1 })),
      ),
      because: 'there are too many',
    },
  ])('a partition is refused: $because', ({ bad }) => {
    expect(() => renderGpt(bad, 1024 * MIB)).toThrow(expect.objectContaining({ code: 'E_GPT_INVALID' }));
  });

  test.each([
    { sectorCount: 2_097_118 - 264_192 + 1, because: 'up to the last usable sector' },
    { sectorCount: 1, because: 'one sector' },
  ])('a partition may be as large as there is room: $because', ({ sectorCount }) => {
    const good = withPartitions(esp, { ...root, sectorCount });
    expect(parseGpt(renderGpt(good, 1024 * MIB).start)).toEqual(good);
  });

  test.each([
    { diskBytes: 0, because: 'nothing' },
    { diskBytes: 67 * 512, because: 'only the tables' },
    { diskBytes: 1024 * MIB + 1, because: 'half a sector' },
  ])('a disk of $diskBytes bytes is refused: $because', ({ diskBytes }) => {
    expect(() => renderGpt(withPartitions(), diskBytes)).toThrow(
      expect.objectContaining({ code: 'E_GPT_INVALID' }),
    );
  });
});

describe('parseGpt', () => {
  const { start } = renderGpt(table, 1024 * MIB);

  test('reads back what was written, and where the root begins', () => {
    expect(parseGpt(start)).toEqual(table);
    expect(gptRootOffset(parseGpt(start))).toBe(129 * MIB);
  });

  test('a table without a Linux partition has no root', () => {
    expect(() => gptRootOffset(withPartitions(esp))).toThrow(/no Linux partition/);
  });

  test('one flipped bit anywhere in what is used is seen', () => {
    // The header and the two entries in use, then one byte of each unused entry.
    const places = [...Array(92).keys()].map((at) => 512 + at);
    places.push(...[...Array(256).keys()].map((at) => 1024 + at));
    places.push(...[...Array(126).keys()].map((at) => 1280 + at * 128));
    for (const place of places) {
      const flipped = Buffer.from(start);
      flipped[place] = (flipped[place] ?? 0) ^ (1 << (place % 8));
      expect(() => parseGpt(flipped)).toThrow(expect.objectContaining({ code: 'E_GPT_INVALID' }));
    }
  });

  test('what is cut short anywhere is refused', () => {
    for (let length = 0; length < start.length; length += 211) {
      expect(() => parseGpt(start.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'E_GPT_INVALID' }),
      );
    }
  });

  /** A header whose sum is right again after a change. */
  function changed(change: (header: Buffer) => void): Buffer {
    const bytes = Buffer.from(start);
    const header = bytes.subarray(512, 604);
    change(header);
    header.writeUInt32LE(0, 16);
    header.writeUInt32LE(crcByHand(header), 16);
    return bytes;
  }

  test.each([
    {
      says: 'byte 592, the number of entries',
      change: (header: Buffer) => header.writeUInt32LE(2 ** 31, 80),
    },
    { says: 'byte 596, the size of an entry', change: (header: Buffer) => header.writeUInt32LE(256, 84) },
    { says: 'byte 584, the place of the entries', change: (header: Buffer) => header.writeUInt32LE(9, 72) },
    { says: 'byte 536, its own place', change: (header: Buffer) => header.writeUInt32LE(7, 24) },
    {
      says: 'overlaps another or is out of range',
      change: (header: Buffer) => header.writeUInt32LE(5000, 48),
    },
  ])('a header with the right sum is not believed: $says', ({ says, change }) => {
    const bytes = changed((header) => {
      change(header);
    });
    expect(() => parseGpt(bytes)).toThrow(says);
  });
});

const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
const programs = ['sfdisk', 'sgdisk'].filter((name) => !spawnSync(name, ['--version'], { env }).error);
for (const name of ['sfdisk', 'sgdisk']) {
  if (!programs.includes(name)) process.stderr.write(`skipped: a GPT looked at by ${name}: not installed\n`);
}

/** A file with the table at both ends. */
function withDisk<T>(diskBytes: number, use: (disk: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'mintmark-gpt-'));
  try {
    const disk = join(directory, 'disk');
    const { start, end, endOffsetBytes } = renderGpt(table, diskBytes);
    const file = openSync(disk, 'w');
    ftruncateSync(file, diskBytes);
    writeSync(file, start, 0, start.length, 0);
    writeSync(file, end, 0, end.length, endOffsetBytes);
    closeSync(file);
    return use(disk);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const upper = (text: string): string => text.toUpperCase();

describe('other programs', () => {
  const sizes = [{ diskBytes: 1024 * MIB }, { diskBytes: 3 * 2 ** 40 }];
  (programs.includes('sfdisk') ? test : test.skip).each(sizes)(
    'sfdisk reads the same table on $diskBytes bytes, and finds no fault',
    ({ diskBytes }) => {
      withDisk(diskBytes, (disk) => {
        const { stdout } = spawnSync('sfdisk', ['--json', disk], { env, encoding: 'utf8' });
        expect(JSON.parse(stdout)).toMatchObject({
          partitiontable: {
            label: 'gpt',
            id: upper(table.diskGuid),
            firstlba: 34,
            lastlba: diskBytes / 512 - 34,
            partitions: table.partitions.map(({ typeGuid, guid, name, startSector, sectorCount }) => ({
              start: startSector,
              size: sectorCount,
              type: upper(typeGuid),
              uuid: upper(guid),
              name,
            })),
          },
        });
        const verdict = spawnSync('sfdisk', ['--verify', disk], { env, encoding: 'utf8' });
        expect(`${verdict.status} ${verdict.stdout}${verdict.stderr}`).toMatch(/^0 .*No errors detected/s);
      });
    },
  );

  (programs.includes('sgdisk') ? test : test.skip)('sgdisk finds no fault in both tables', () => {
    withDisk(1024 * MIB, (disk) => {
      const { stdout } = spawnSync('sgdisk', ['--verify', disk], { env, encoding: 'utf8' });
      expect(stdout).toContain('No problems found');
    });
  });
});
