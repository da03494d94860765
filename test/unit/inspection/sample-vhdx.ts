const KIB = 1024;
const MIB = 1024 * KIB;
/** MiB of each part of a sample; the disk has 3 MiB in blocks of 1 MiB, of which the second is stored. */
export const VHDX_PLACES = { log: 1, bat: 2, metadata: 3, block: 4 };

/** Bit by bit, slow and plain, so that it shares nothing with the checker. */
function castagnoli(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0x82f63b78 & -(crc & 1));
  }
  return ~crc >>> 0;
}

function guid(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

const ITEMS: readonly (readonly [string, Buffer])[] = [
  ['caa16737-fa36-4d43-b3b6-33f0aa44e76b', Buffer.from('0000100000000000', 'hex')],
  ['2fa54224-cd1b-4876-b211-5dbed83bf4b8', Buffer.from('0000300000000000', 'hex')],
  ['8141bf1d-a96f-4709-ba47-f233a8faab5f', Buffer.from('00020000', 'hex')],
  ['cda348c7-445d-4471-9cc9-e9885251c556', Buffer.from('00020000', 'hex')],
  ['beca12ab-b2e6-4523-93ef-c309e000c746', Buffer.from('00112233445566778899aabbccddeeff', 'hex')],
];

function header(sequence: number): Buffer {
  const bytes = Buffer.alloc(4 * KIB);
  bytes.write('head');
  bytes.writeUInt32LE(sequence, 8);
  bytes.fill(7, 16, 48);
  bytes.writeUInt16LE(1, 66);
  bytes.writeUInt32LE(MIB, 68);
  bytes.writeUInt32LE(VHDX_PLACES.log * MIB, 72);
  bytes.writeUInt32LE(castagnoli(bytes), 4);
  return bytes;
}

function regionTable(): Buffer {
  const bytes = Buffer.alloc(64 * KIB);
  bytes.write('regi');
  bytes.writeUInt32LE(2, 8);
  const regions = {
    '2dc27766-f623-4200-9d64-115e9bfd4a08': 'bat',
    '8b7ca206-4790-4b9a-b8fe-575f050f886e': 'metadata',
  } as const;
  for (const [index, [id, name]] of Object.entries(regions).entries()) {
    guid(id).copy(bytes, 16 + index * 32);
    bytes.writeUInt32LE(VHDX_PLACES[name] * MIB, 32 + index * 32);
    bytes.writeUInt32LE(MIB, 40 + index * 32);
    bytes.writeUInt32LE(1, 44 + index * 32);
  }
  bytes.writeUInt32LE(castagnoli(bytes), 4);
  return bytes;
}

/** A dynamic VHDX, apart from every checker of `src`. */
export function sampleVhdx(): Buffer {
  const bytes = Buffer.alloc(5 * MIB);
  bytes.write('vhdxfile');
  bytes.write('sample', 8, 'utf16le');
  header(1).copy(bytes, 64 * KIB);
  header(2).copy(bytes, 128 * KIB);
  regionTable().copy(bytes, 192 * KIB);
  regionTable().copy(bytes, 256 * KIB);
  bytes.writeBigUInt64LE(BigInt(VHDX_PLACES.block * MIB) | 6n, VHDX_PLACES.bat * MIB + 8);
  const metadata = VHDX_PLACES.metadata * MIB;
  bytes.write('metadata', metadata);
  bytes.writeUInt16LE(ITEMS.length, metadata + 10);
  for (const [index, [id, value]] of ITEMS.entries()) {
    const entry = metadata + 32 + index * 32;
    guid(id).copy(bytes, entry);
    bytes.writeUInt32LE(64 * KIB + index * 32, entry + 16);
    bytes.writeUInt32LE(value.length, entry + 20);
    bytes.writeUInt32LE(index === 0 ? 4 : 6, entry + 24);
    value.copy(bytes, metadata + 64 * KIB + index * 32);
  }
  bytes.fill('data', VHDX_PLACES.block * MIB);
  return bytes;
}
