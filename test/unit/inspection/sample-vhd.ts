/** A VHD to be made; places and sums are computed here, apart from every writer and checker of `src`. */
export interface SampleVhd {
  readonly creator?: string;
  readonly creatorVersion?: number;
  /** One entry for each block of 2 MiB: its data, or undefined when it is not stored. */
  readonly blocks: readonly (Buffer | undefined)[];
  readonly timestamp?: number;
}

const MIB = 1024 * 1024;
export const VHD_BLOCK = 2 * MIB;
/** Where the parts of a sample stand: footer copy, header, table, batmap header, batmap, blocks. */
export const VHD_PLACES = { header: 512, bat: 1536, batmapHeader: 2048, batmap: 2560, blocks: 3072 };

/** Small enough that specification's table gives 4 heads and 17 sectors: up to 34 MiB. */
function geometry(bytes: number): number {
  return Math.floor(Math.floor(bytes / 512 / 17) / 4) * 65536 + 4 * 256 + 17;
}

function sum(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt32BE(0, at);
  bytes.writeUInt32BE(~bytes.reduce((total, byte) => total + byte, 0) >>> 0, at);
  return bytes;
}

/** A footer with a right sum. */
export function sampleFooter(size: number, type: number, sample: Omit<SampleVhd, 'blocks'> = {}): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write('conectix');
  bytes.writeUInt32BE(2, 8);
  bytes.writeUInt32BE(0x10000, 12);
  bytes.writeBigUInt64BE(type === 2 ? 0xffffffffffffffffn : 512n, 16);
  bytes.writeUInt32BE(sample.timestamp ?? 315_619_200, 24);
  bytes.write(sample.creator ?? 'tap\0', 28, 'latin1');
  bytes.writeUInt32BE(sample.creatorVersion ?? 0x10003, 32);
  bytes.writeBigUInt64BE(BigInt(size), 40);
  bytes.writeBigUInt64BE(BigInt(size), 48);
  bytes.writeUInt32BE(geometry(size), 56);
  bytes.writeUInt32BE(type, 60);
  Buffer.from('00112233445546778899aabbccddeeff', 'hex').copy(bytes, 68);
  return sum(bytes, 64);
}

/** A fixed VHD. */
export function sampleFixedVhd(data: Buffer, sample: Omit<SampleVhd, 'blocks'> = {}): Buffer {
  return Buffer.concat([data, sampleFooter(data.length, 2, sample)]);
}

/** Sums a footer or header of a sample anew after it was changed. */
export function resum(bytes: Buffer, part: 'footers' | 'header'): void {
  if (part === 'header') {
    sum(bytes.subarray(512, 1536), 36);
    return;
  }
  sum(bytes.subarray(0, 512), 64);
  sum(bytes.subarray(-512), 64);
}

/** A dynamic VHD with a batmap, as XenServer makes it. */
export function sampleVhd(sample: SampleVhd): Buffer {
  const { blocks } = sample;
  const footer = sampleFooter(blocks.length * VHD_BLOCK, 3, sample);
  const header = Buffer.alloc(1024);
  header.write('cxsparse');
  header.fill(0xff, 8, 16);
  header.writeBigUInt64BE(BigInt(VHD_PLACES.bat), 16);
  header.writeUInt32BE(0x10000, 24);
  header.writeUInt32BE(blocks.length, 28);
  header.writeUInt32BE(VHD_BLOCK, 32);
  const bat = Buffer.alloc(512, 0xff);
  const map = Buffer.alloc(512);
  const data: Buffer[] = [];
  for (const [index, block] of blocks.entries()) {
    if (!block) continue;
    const place = VHD_PLACES.blocks + data.reduce((total, { length }) => total + length, 0);
    bat.writeUInt32BE(place / 512, index * 4);
    map[index >> 3] = (map[index >> 3] ?? 0) | (0x80 >> (index & 7));
    data.push(Buffer.alloc(512, 0xff), Buffer.concat([block, Buffer.alloc(VHD_BLOCK - block.length)]));
  }
  const mapHeader = Buffer.alloc(512);
  mapHeader.write('tdbatmap');
  mapHeader.writeBigUInt64BE(BigInt(VHD_PLACES.batmap), 8);
  mapHeader.writeUInt32BE(1, 16);
  mapHeader.writeUInt32BE(0x10002, 20);
  mapHeader.writeUInt32BE(~map.reduce((total, byte) => total + byte, 0) >>> 0, 24);
  return Buffer.concat([footer, sum(header, 36), bat, mapHeader, map, ...data, footer]);
}
