import { inflateSync } from 'node:zlib';

/** A grain as it stands in a file. */
export interface WalkedGrain {
  readonly number: number;
  /** Sector of the file at which its marker stands. */
  readonly sector: number;
  /** Length of the deflated data. */
  readonly deflatedBytes: number;
  readonly data: Buffer;
}

/** What a reader of the stream, who knows nothing of tables, meets, and what the tables say beside it. */
export interface WalkedVmdk {
  readonly descriptor: string;
  readonly capacitySectors: number;
  readonly grains: readonly WalkedGrain[];
  /** Sector of each grain that the tables name. */
  readonly sectors: ReadonlyMap<number, number>;
  /** Bytes after the first sector that ends the stream. */
  readonly bytesAfterEnd: number;
}

/** Reads a stream-optimized VMDK both ways. Written from the specification, so that it shares nothing with the writer. */
export function walkVmdk(file: Buffer): WalkedVmdk {
  const word = (at: number): number => Number(file.readBigUInt64LE(at));
  const [capacitySectors, descriptorSector, descriptorSectors] = [word(12), word(28), word(36)];
  const { grains, end } = walkGrains(file, word(64));
  return {
    descriptor: file
      .toString('utf8', descriptorSector * 512, (descriptorSector + descriptorSectors) * 512)
      .replace(/\0+$/, ''),
    capacitySectors,
    grains,
    sectors: readTables(file, word(56), Math.ceil(capacitySectors / 65536)),
    bytesAfterEnd: file.length - end,
  };
}

function walkGrains(file: Buffer, firstSector: number): { grains: WalkedGrain[]; end: number } {
  const grains: WalkedGrain[] = [];
  for (let sector = firstSector; ;) {
    const at = sector * 512;
    const size = file.readUInt32LE(at + 8);
    if (size === 0) {
      if (!file.subarray(at, at + 512).equals(Buffer.alloc(512)))
        throw new Error(`no end of stream at ${sector}`);
      return { grains, end: at + 512 };
    }
    const end = Math.ceil((at + 12 + size) / 512) * 512;
    if (file.subarray(at + 12 + size, end).some((byte) => byte !== 0)) throw new Error('padding is not zero');
    const data = inflateSync(file.subarray(at + 12, at + 12 + size));
    grains.push({ number: Number(file.readBigUInt64LE(at)) / 128, sector, deflatedBytes: size, data });
    sector = end / 512;
  }
}

function readTables(file: Buffer, directorySector: number, tables: number): Map<number, number> {
  const sectors = new Map<number, number>();
  for (let index = 0; index < tables; index += 1) {
    const table = file.readUInt32LE(directorySector * 512 + index * 4) * 512;
    if (table === 0) throw new Error(`table ${index} has no place`);
    for (let entry = 0; entry < 512; entry += 1) {
      const sector = file.readUInt32LE(table + entry * 4);
      if (sector !== 0) sectors.set(index * 512 + entry, sector);
    }
  }
  return sectors;
}
