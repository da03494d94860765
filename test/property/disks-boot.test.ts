import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { renderFatVolume, type FatFile } from '../../src/disks/fat-volume.ts';
import { GPT_TYPES, parseGpt, renderGpt, type GptPartition } from '../../src/disks/gpt.ts';

const MIB = 1024 * 1024;

/** A reader of FAT32 that knows nothing but what the boot sector says. */
class Reader {
  readonly #disk: Buffer;
  readonly files = new Map<string, Buffer>();
  /** Clusters that are part of a chain. */
  readonly seen = new Set<number>();

  constructor(disk: Buffer) {
    this.#disk = disk;
    this.#walk(this.#chain(disk.readUInt32LE(44)), '');
  }

  get #tableAt(): number {
    return this.#disk.readUInt16LE(14) * this.#disk.readUInt16LE(11);
  }

  /** The content of the chain that begins here; a cluster that is met twice is a fault. */
  #chain(first: number): Buffer {
    const clusterBytes = this.#disk.readUInt8(13) * this.#disk.readUInt16LE(11);
    const tables = this.#disk.readUInt8(16) * this.#disk.readUInt32LE(36) * this.#disk.readUInt16LE(11);
    const parts: Buffer[] = [];
    for (let next = first; next < 0x0fff_fff8; next = this.#disk.readUInt32LE(this.#tableAt + 4 * next)) {
      if (next < 2 || this.seen.has(next)) throw new Error(`cluster ${next} is free, or in two chains`);
      this.seen.add(next);
      parts.push(
        this.#disk.subarray(this.#tableAt + tables + (next - 2) * clusterBytes).subarray(0, clusterBytes),
      );
    }
    return Buffer.concat(parts);
  }

  #walk(directory: Buffer, prefix: string): void {
    for (let at = 0; at < directory.length && directory[at] !== 0; at += 32) {
      const entry = directory.subarray(at, at + 32);
      const [attributes, caseBits] = [entry.readUInt8(11), entry.readUInt8(12)];
      if ((attributes & 0x08) !== 0 || entry[0] === 0x2e) continue;
      const part = (from: number, to: number, bit: number): string => {
        const text = entry.toString('latin1', from, to).trimEnd();
        return (caseBits & bit) === 0 ? text : text.toLowerCase();
      };
      const name = [part(0, 8, 0x08), part(8, 11, 0x10)].filter((text) => text !== '').join('.');
      const first = entry.readUInt16LE(20) * 65_536 + entry.readUInt16LE(26);
      if ((attributes & 0x10) !== 0) this.#walk(this.#chain(first), `${prefix}${name}/`);
      else {
        const size = entry.readUInt32LE(28);
        const data = first === 0 ? Buffer.alloc(0) : this.#chain(first);
        if (Math.ceil(size / 512) * 512 !== data.length)
          throw new Error(`${name} has another chain than size`);
        this.files.set(prefix + name, data.subarray(0, size));
      }
    }
  }
}

const upperWord = fc.stringMatching(/^[A-Z0-9_-]{1,8}$/);
const lowerWord = fc.stringMatching(/^[a-z0-9_-]{1,8}$/);
const extension = fc.oneof(fc.stringMatching(/^[A-Z]{1,3}$/), fc.stringMatching(/^[a-z]{1,3}$/));
const fileName = fc
  .tuple(fc.oneof(upperWord, lowerWord), fc.option(extension))
  .map(([stem, end]) => (end === null ? stem : `${stem}.${end}`));
/** Directories are words of their own kind, so that none is a file as well; the file system does not tell cases apart. */
const path = fc
  .tuple(fc.array(fc.constantFrom('EFI', 'debian', 'BOOT'), { maxLength: 3 }), fileName)
  .filter(([, name]) => !['efi', 'debian', 'boot'].includes(name.toLowerCase()))
  .map(([directories, name]) => [...directories, name].join('/'));
const file = fc.record({ path, data: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)) });
const files = fc.uniqueArray(file, { maxLength: 40, selector: (each) => each.path.toLowerCase() });

describe('an EFI system partition', () => {
  test('holds what was put in, no cluster twice, and counts its free ones', () => {
    fc.assert(
      fc.property(files, (given: FatFile[]) => {
        const identity = {
          sizeBytes: 34 * MIB,
          offsetBytes: MIB,
          volumeId: 1,
          label: 'ESP',
          epochSeconds: 0,
        };
        const disk = Buffer.alloc(identity.sizeBytes);
        for (const { offsetBytes, bytes } of renderFatVolume(identity, given)) bytes.copy(disk, offsetBytes);
        const reader = new Reader(disk);
        expect(reader.files).toEqual(new Map(given.map((each) => [each.path, each.data])));
        const sectors = disk.readUInt32LE(32) - 32 - 2 * disk.readUInt32LE(36);
        expect(disk.readUInt32LE(512 + 488)).toBe(sectors - reader.seen.size);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a GPT', () => {
  const guid = fc.uuid({ version: 4 });
  const extent = fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 100_000 }));
  const extents = fc.array(fc.tuple(extent, guid, fc.stringMatching(/^[a-z -]{0,36}$/)), { maxLength: 128 });

  test('is read as it was written, on any disk that it fits on', () => {
    fc.assert(
      fc.property(extents, guid, fc.integer({ min: 0, max: 2 ** 34 }), (wanted, diskGuid, spare) => {
        let free = 34;
        const partitions: GptPartition[] = wanted.map(([[gap, sectorCount], own, name]) => {
          const startSector = free + gap;
          free = startSector + sectorCount;
          return { typeGuid: GPT_TYPES.linux, guid: own, name, startSector, sectorCount };
        });
        const diskBytes = (free + 34 + spare) * 512;
        const { start, end, endOffsetBytes } = renderGpt({ diskGuid, partitions }, diskBytes);
        expect(parseGpt(start)).toEqual({ diskGuid, partitions });
        expect(endOffsetBytes + end.length).toBe(diskBytes);
      }),
    );
  });
});
