import { describe, expect, test } from '@jest/globals';
import { crc32c } from '../../../src/disks/crc32c.ts';
import { deriveUuidBytes } from '../../../src/values/derived-uuid.ts';
import { planIdentity } from '../../../src/disks/vhdx-identity.ts';
import {
  findPage83,
  FRONT_BYTES,
  METADATA_BYTES,
  parseFront,
  recordChecksum,
} from '../../../src/disks/vhdx-layout.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

test.each<[string, Buffer, number]>([
  ['32 bytes of zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 ascending bytes', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
  ['32 descending bytes', Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c],
])('crc32c of %s is that of RFC 3720, B.4', (_title, bytes, sum) => {
  expect(crc32c(bytes)).toBe(sum);
});

test.each<['network' | 'microsoft', number, string]>([
  ['network', 6, 'RFC 9562: the version is in octet 6'],
  ['microsoft', 7, 'the third field is little-endian'],
])('a derived UUID in %s order has its version in byte %d: %s', (order, versionAt, _because) => {
  const [one, two] = ['one', 'two'].map((name) => deriveUuidBytes(name, order));
  expect(one?.length).toBe(16);
  expect((one?.[versionAt] ?? 0) >> 4).toBe(8);
  expect((one?.[8] ?? 0) >> 6).toBe(0b10);
  expect(one?.equals(deriveUuidBytes('one', order))).toBe(true);
  expect(two?.equals(one ?? Buffer.alloc(0))).toBe(false);
});

const BLOCK_TABLE = '6677c22d23f600429d64115e9bfd4a08';
const METADATA = '06a27c8b90479a4bb8fe575f050f886e';

/** A GUID as people write it, as it stands in a file. */
function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** The front of a file of 8 MiB as the specification has it: log at 1 MiB, block table at 2, metadata at 3. */
function makeFront(change: (front: Buffer) => void = () => {}): Buffer {
  const front = Buffer.alloc(FRONT_BYTES);
  front.write('vhdxfile', 0);
  for (const [index, at] of [64 * KIB, 128 * KIB].entries()) {
    front.write('head', at);
    front.writeBigUInt64LE(0x1234567fn + BigInt(index), at + 8);
    front.fill(0x11 + index, at + 16, at + 48);
    front.writeUInt16LE(1, at + 66);
    front.writeUInt32LE(MIB, at + 68);
    front.writeBigUInt64LE(BigInt(MIB), at + 72);
  }
  for (const at of [192 * KIB, 256 * KIB]) {
    front.write('regi', at);
    front.writeUInt32LE(2, at + 8);
    for (const [index, id] of [BLOCK_TABLE, METADATA].entries()) {
      const entry = at + 16 + index * 32;
      front.write(id, entry, 'hex');
      front.writeBigUInt64LE(BigInt((2 + index) * MIB), entry + 16);
      front.writeUInt32LE(MIB, entry + 24);
      front.writeUInt32LE(1, entry + 28);
    }
  }
  change(front);
  for (const [at, length] of [
    [64 * KIB, 4096],
    [128 * KIB, 4096],
    [192 * KIB, 64 * KIB],
    [256 * KIB, 64 * KIB],
  ] as const) {
    front.writeUInt32LE(recordChecksum(front.subarray(at, at + length)), at + 4);
  }
  return front;
}

const both =
  (at: number, change: (front: Buffer, at: number) => void) =>
  (front: Buffer): void => {
    change(front, at);
    change(front, at + 64 * KIB);
  };

describe('parseFront', () => {
  test('tells where log and metadata are', () => {
    expect(parseFront(makeFront(), 8 * MIB)).toEqual({
      log: { offset: MIB, length: MIB },
      metadata: { offset: 3 * MIB, length: MIB },
    });
  });

  test.each<[string, (front: Buffer) => void, RegExp]>([
    [
      'another kind of file',
      (front) => void front.write('vhdxfilf', 0),
      /byte 0, signature: found "vhdxfilf"/,
    ],
    ['no second header', (front) => void front.write('hexd', 128 * KIB), /byte 131072, signature/],
    [
      'a log with changes',
      (front) => void front.writeUInt8(1, 128 * KIB + 63),
      /byte 131120, log GUID: found 0{30}01: changes/,
    ],
    [
      'another log version',
      (front) => void front.writeUInt16LE(1, 64 * KIB + 64),
      /byte 65600, log version: found 1/,
    ],
    [
      'another version',
      (front) => void front.writeUInt16LE(2, 64 * KIB + 66),
      /byte 65602, version: found 2 instead of 1/,
    ],
    [
      'three regions',
      both(192 * KIB, (front, at) => front.writeUInt32LE(3, at + 8)),
      /byte 196616, number of regions/,
    ],
    [
      'an unknown region',
      both(192 * KIB, (front, at) => front.writeUInt8(0, at + 16)),
      /byte 196624, regions: found 0077c2/,
    ],
    [
      'no region of its own for metadata',
      both(192 * KIB, (front, at) => front.write(BLOCK_TABLE, at + 48, 'hex')),
      /regions: found 6677c2/,
    ],
    [
      'headers that differ on the log',
      (front) => front.writeUInt32LE(4 * MIB, 128 * KIB + 72),
      /byte 131072, place of the log/,
    ],
    [
      'tables that differ',
      (front) => front.writeUInt32LE(2 * MIB, 256 * KIB + 40),
      /byte 262144, region table/,
    ],
    [
      'regions over each other',
      both(192 * KIB, (front, at) => front.writeUInt32LE(2 * MIB, at + 40)),
      /byte 3145728, region: found 1048576 bytes where 4194304 to/,
    ],
    [
      'a region over the log',
      both(64 * KIB, (front, at) => front.writeUInt32LE(2 * MIB, at + 72)),
      /byte 2097152, region/,
    ],
    [
      'another log than was asked for',
      both(64 * KIB, (front, at) => front.writeUInt32LE(2 * MIB, at + 68)),
      /byte 65604, length of the log: found 2097152 instead of 1048576/,
    ],
    [
      'a region past the end',
      both(192 * KIB, (front, at) => front.writeUInt32LE(9 * MIB, at + 64)),
      /byte 9437184, region/,
    ],
    [
      'a place beyond all numbers',
      both(192 * KIB, (front, at) => front.fill(0xff, at + 64, at + 72)),
      /region/,
    ],
    [
      'a region within the front',
      both(192 * KIB, (front, at) => front.writeUInt32LE(0, at + 64)),
      /byte 0, region/,
    ],
    [
      'a region of no size',
      both(192 * KIB, (front, at) => front.writeUInt32LE(0, at + 72)),
      /region: found 0 bytes/,
    ],
  ])('refuses %s', (_title, change, message) => {
    const parse = (): unknown => parseFront(makeFront(change), 8 * MIB);
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: 'E_VHDX_UNEXPECTED' }));
  });

  test.each([64 * KIB + 4095, 128 * KIB + 100, 192 * KIB + 60_000, 256 * KIB + 17])(
    'refuses a flipped bit at byte %d',
    (at) => {
      const front = makeFront();
      front.writeUInt8(front.readUInt8(at) ^ 4, at);
      expect(() => parseFront(front, 8 * MIB)).toThrow(/checksum/);
    },
  );
});

const ITEMS = [
  ['caa16737-fa36-4d43-b3b6-33f0aa44e76b', 8],
  ['2fa54224-cd1b-4876-b211-5dbed83bf4b8', 8],
  ['beca12ab-b2e6-4523-93ef-c309e000c746', 16],
  ['8141bf1d-a96f-4709-ba47-f233a8faab5f', 4],
  ['cda348c7-445d-4471-9cc9-e9885251c556', 4],
] as const;

/** Metadata of a disk of 40 MiB with blocks of 1 MiB: items one after the other from 64 KiB on. */
function makeMetadata(): Buffer {
  const region = Buffer.alloc(METADATA_BYTES);
  region.write('metadata', 0);
  region.writeUInt16LE(ITEMS.length, 10);
  let offset = 64 * KIB;
  for (const [index, [id, length]] of ITEMS.entries()) {
    guidBytes(id).copy(region, 32 + index * 32);
    region.writeUInt32LE(offset, 48 + index * 32);
    region.writeUInt32LE(length, 52 + index * 32);
    offset += length;
  }
  region.writeUInt32LE(MIB, 64 * KIB);
  region.writeBigUInt64LE(BigInt(40 * MIB), 64 * KIB + 8);
  region.writeUInt32LE(512, 64 * KIB + 32);
  region.writeUInt32LE(512, 64 * KIB + 36);
  return region;
}

describe('findPage83', () => {
  const disk = { virtualSizeBytes: 40 * MIB, blockBytes: MIB };

  test('finds the identifier of a disk that is as it should be', () => {
    expect(findPage83(makeMetadata(), 3 * MIB, disk)).toBe(3 * MIB + 64 * KIB + 16);
  });

  test.each<[string, number, number, RegExp]>([
    ['another signature', 0, 0, /byte 3145728, signature/],
    ['a sixth item', 10, 6, /byte 3145738, number of metadata: found 6 instead of 5/],
    ['an unknown item instead of page 83', 32 + 64, 0, /no page83/],
    ['an item of another length', 52 + 64, 17, /byte 3145844, length of page83: found 17/],
    ['an item in the table', 48 + 66, 0, /byte 3145840, place of page83: found 16/],
    ['an item past what was read', 48 + 67, 1, /place of page83/],
    ['a fixed disk', 64 * KIB + 4, 1, /byte 3211268, parameters \(fixed, parent\): found 1/],
    ['blocks of another size', 64 * KIB + 2, 0x20, /byte 3211264, block size: found 2097152 instead of/],
    ['another size', 64 * KIB + 8, 1, /byte 3211272, virtual size: found 41943041 instead of 41943040/],
    ['large sectors', 64 * KIB + 33, 0x10, /bytes in a sector: found 4096/],
  ])('refuses %s', (_title, at, byte, message) => {
    const region = makeMetadata();
    region.writeUInt8(byte, at);
    expect(() => findPage83(region, 3 * MIB, disk)).toThrow(message);
  });
});

/** A file of 8 MiB after it was settled; all behind its front was 0x77. */
const settle = (digest: string, front = makeFront()): Buffer => {
  const file = Buffer.alloc(8 * MIB, 0x77);
  front.copy(file);
  const { log } = parseFront(front, file.length);
  const pieces = planIdentity(front, { log, page83Offset: 3 * MIB + 64 * KIB + 16 }, digest);
  for (const { offset, data } of pieces) data.copy(file, offset);
  return file;
};

describe('planIdentity', () => {
  test('leaves a file that is still right, and nothing of chance', () => {
    const file = settle('aa');
    expect(() => parseFront(file.subarray(0, FRONT_BYTES), file.length)).not.toThrow();
    const otherChance = makeFront((front) => {
      front.fill(0x33, 64 * KIB + 8, 64 * KIB + 48);
      front.fill(0x44, 128 * KIB + 8, 128 * KIB + 48);
      front.write('QEMU v1', 8, 'utf16le');
    });
    expect(settle('aa', otherChance).equals(file)).toBe(true);
    expect(file.toString('utf16le', 8, 24)).toBe('Mintmark');
    expect([64, 128].map((at) => file.readBigUInt64LE(at * KIB + 8))).toEqual([1n, 2n]);
    expect(file.subarray(MIB, 2 * MIB).every((byte) => byte === 0)).toBe(true);
  });

  test('touches nothing else', () => {
    const file = settle('aa');
    const page83At = 3 * MIB + 64 * KIB + 16;
    expect(file.subarray(2 * MIB, page83At).every((byte) => byte === 0x77)).toBe(true);
    expect(file.subarray(page83At + 16).every((byte) => byte === 0x77)).toBe(true);
    expect(file.subarray(192 * KIB, FRONT_BYTES).equals(makeFront().subarray(192 * KIB))).toBe(true);
  });

  test('gives another disk other identifiers, each its own', () => {
    const places = [64 * KIB + 16, 64 * KIB + 32, 3 * MIB + 64 * KIB + 16];
    const found = ['aa', 'bb'].flatMap((digest) => {
      const file = settle(digest);
      return places.map((at) => file.toString('hex', at, at + 16));
    });
    expect(new Set(found).size).toBe(6);
  });
});
