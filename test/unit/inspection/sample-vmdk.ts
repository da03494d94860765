import { deflateSync } from 'node:zlib';

/** A streamOptimized VMDK to be made, apart from every writer and checker of `src`. */
export interface SampleVmdk {
  /** Grains of 64 KiB by number, in the order they are written; a Buffer is deflated, a string of bytes is taken as it is. */
  readonly grains: readonly (readonly [number, Buffer])[];
  readonly capacitySectors: number;
  /** Deflated data to use instead. */
  readonly deflated?: Readonly<Record<number, Buffer>>;
  /** Put behind the last grain; the end-of-stream marker unless given. */
  readonly end?: Buffer;
  readonly descriptor?: (text: string) => string;
}

const SECTOR = 512;
export const GRAIN = 128 * SECTOR;
/** Where the parts of a sample stand: descriptor, directory, table, grains; room for one table. */
export const VMDK_PLACES = { descriptor: 1, directory: 21, table: 22, grains: 26 };

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((SECTOR - (bytes.length % SECTOR)) % SECTOR)]);
}

/** The text part. */
export function sampleDescriptor(capacitySectors: number): string {
  return [
    '# Disk DescriptorFile',
    'version=1',
    'CID=12345678',
    'parentCID=ffffffff',
    'createType="streamOptimized"',
    `RW ${capacitySectors} SPARSE "disk.vmdk"`,
    'ddb.virtualHWVersion = "13"',
    'ddb.geometry.cylinders = "10"',
    'ddb.geometry.heads = "16"',
    'ddb.geometry.sectors = "63"',
    'ddb.adapterType = "lsilogic"',
    'ddb.toolsVersion = "2147483647"',
    '',
  ].join('\n');
}

/** A stream with its tables in front. */
export function sampleVmdk(sample: SampleVmdk): Buffer {
  const header = Buffer.alloc(SECTOR);
  header.write('KDMV');
  header.writeUInt32LE(3, 4);
  header.writeUInt32LE(0x30001, 8);
  header.writeBigUInt64LE(BigInt(sample.capacitySectors), 12);
  header.writeBigUInt64LE(128n, 20);
  header.writeBigUInt64LE(BigInt(VMDK_PLACES.descriptor), 28);
  header.writeBigUInt64LE(20n, 36);
  header.writeUInt32LE(512, 44);
  header.writeBigUInt64LE(BigInt(VMDK_PLACES.directory), 56);
  header.writeBigUInt64LE(BigInt(VMDK_PLACES.grains), 64);
  header.write('\n \r\n', 73);
  header.writeUInt16LE(1, 77);
  const text = (sample.descriptor ?? ((same: string) => same))(sampleDescriptor(sample.capacitySectors));
  const descriptor = Buffer.concat([Buffer.from(text), Buffer.alloc(20 * SECTOR - text.length)]);
  const directory = Buffer.alloc(SECTOR);
  directory.writeUInt32LE(VMDK_PLACES.table, 0);
  const table = Buffer.alloc(4 * SECTOR);
  const pieces: Buffer[] = [];
  let sector = VMDK_PLACES.grains;
  for (const [number, data] of sample.grains) {
    const deflated = sample.deflated?.[number] ?? deflateSync(data);
    const marker = Buffer.alloc(12);
    marker.writeBigUInt64LE(BigInt(number * 128), 0);
    marker.writeUInt32LE(deflated.length, 8);
    table.writeUInt32LE(sector, number * 4);
    const piece = padded(Buffer.concat([marker, deflated]));
    sector += piece.length / SECTOR;
    pieces.push(piece);
  }
  return Buffer.concat([header, descriptor, directory, table, ...pieces, sample.end ?? Buffer.alloc(SECTOR)]);
}
