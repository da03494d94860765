import { inflateSync } from 'node:zlib';
import { firstNonZero, readLittle64, type ImageCheck } from './image-check.ts';
import { inflateFault } from './inflate-fault.ts';
import { ReadWindow } from './read-window.ts';
import { VMDK_SECTOR_BYTES, type VmdkHeader } from './vmdk-header.ts';
import { grainCount, TABLE_BYTES, type GrainDirectory } from './vmdk-tables.ts';

/** Bytes of a grain marker before its data. */
const MARKER_BYTES = 12;
/** Most bytes that zlib makes longer what it cannot compress, per byte and at all (zlib's `compressBound`). */
const mostCompressed = (bytes: number): number =>
  bytes + (bytes >> 12) + (bytes >> 14) + (bytes >> 25) + 13 + 64;

/** Markers that are no grain. */
const MARKERS: Readonly<Record<number, string>> = {
  0: 'end of stream',
  1: 'grain table',
  2: 'grain directory',
  3: 'footer',
};

/** What a walk over all markers found. */
export interface StreamWalk {
  readonly grains: number;
  /** Bytes of the file up to and with the end-of-stream marker. */
  readonly endBytes: number | undefined;
}

/** Walks all markers of a stream in order, as a reader that cannot seek, and compares them with the tables. */
export class StreamWalker {
  readonly #header: VmdkHeader;
  readonly #directory: GrainDirectory;
  readonly #check: ImageCheck;
  readonly #window: ReadWindow;
  #grains = 0;
  #lastGrain = -1;

  constructor(header: VmdkHeader, directory: GrainDirectory, check: ImageCheck) {
    this.#header = header;
    this.#directory = directory;
    this.#check = check;
    this.#window = new ReadWindow(check);
  }

  async walk(): Promise<StreamWalk> {
    let offset = this.#header.overheadSectors * VMDK_SECTOR_BYTES;
    while (offset < this.#check.sizeBytes) {
      const marker = await this.#window.read(offset, VMDK_SECTOR_BYTES, 'marker');
      if (!marker) return { grains: this.#grains, endBytes: undefined };
      const next =
        marker.readUInt32LE(8) > 0 ? await this.#grain(marker, offset) : this.#special(marker, offset);
      if (next === 'end') return this.#end(offset + VMDK_SECTOR_BYTES);
      if (next === undefined) return { grains: this.#grains, endBytes: undefined };
      offset = next;
    }
    this.#check.breach(offset, 'end-of-stream marker', 'is missing');
    return { grains: this.#grains, endBytes: undefined };
  }

  /** Checks one grain; returns where the next marker is, or undefined when the rest makes no sense. */
  async #grain(marker: Buffer, offset: number): Promise<number | undefined> {
    const check = this.#check;
    const { grainSectors, capacity } = this.#header;
    const [lba, size] = [readLittle64(marker, 0), marker.readUInt32LE(8)];
    const field = `grain at sector ${lba}`;
    if (lba % grainSectors !== 0 || lba >= capacity) {
      check.damage(offset, 'grain marker', `has sector ${lba}, no grain of the disk`);
      return undefined;
    }
    if (size > mostCompressed(grainSectors * VMDK_SECTOR_BYTES)) {
      check.damage(offset + 8, field, `has ${size} compressed bytes, more than a grain can take`);
      return undefined;
    }
    if (!check.isInside(offset + MARKER_BYTES, size, field)) return undefined;
    const grain = lba / grainSectors;
    if (grain <= this.#lastGrain)
      check.damage(offset, field, `comes after grain ${this.#lastGrain}: out of order`);
    this.#lastGrain = Math.max(grain, this.#lastGrain);
    this.#grains += 1;
    const entry = await this.#directory.entry(grain);
    if (entry !== offset / VMDK_SECTOR_BYTES) {
      const stated = entry === undefined ? 'nothing' : `sector ${entry}`;
      check.damage(
        offset,
        field,
        `stands at sector ${offset / VMDK_SECTOR_BYTES}, but the grain table says ${stated}`,
      );
    }
    if (
      (marker.readUInt16BE(MARKER_BYTES) % 31 !== 0 || (marker[MARKER_BYTES] ?? 0) % 16 !== 8) &&
      size >= 2
    ) {
      check.damage(offset + MARKER_BYTES, field, 'does not begin as zlib data');
    } else if (check.options.deep) await this.#inflate({ offset, size, grain, field });
    return offset + Math.ceil((MARKER_BYTES + size) / VMDK_SECTOR_BYTES) * VMDK_SECTOR_BYTES;
  }

  async #inflate(at: { offset: number; size: number; grain: number; field: string }): Promise<void> {
    const place = at.offset + MARKER_BYTES;
    const length = Math.min(
      Math.ceil((MARKER_BYTES + at.size) / VMDK_SECTOR_BYTES) * VMDK_SECTOR_BYTES - MARKER_BYTES,
      this.#check.sizeBytes - place,
    );
    const bytes = await this.#window.read(place, length, at.field);
    if (!bytes) return;
    const { grainSectors, capacity } = this.#header;
    const grainBytes = grainSectors * VMDK_SECTOR_BYTES;
    const rest = Math.min(grainSectors, capacity - at.grain * grainSectors) * VMDK_SECTOR_BYTES;
    const found = inflatedSize(bytes.subarray(0, at.size), grainBytes);
    if (found !== grainBytes && found !== rest) {
      const told = typeof found === 'number' ? `inflates to ${found} bytes, not ${grainBytes}` : found;
      this.#check.damage(place, at.field, told);
    }
    const dirty = firstNonZero(bytes.subarray(at.size));
    if (dirty !== undefined)
      this.#check.breach(place + at.size + dirty, at.field, 'is padded with other than zeros');
  }

  #special(marker: Buffer, offset: number): number | 'end' | undefined {
    const [sectors, type] = [readLittle64(marker, 0), marker.readUInt32LE(12)];
    const name = MARKERS[type];
    if (name === undefined) {
      this.#check.damage(offset + 12, 'marker', `has the unknown type ${type}`);
      return undefined;
    }
    const dirty = firstNonZero(marker.subarray(16));
    if (dirty !== undefined)
      this.#check.damage(offset + 16 + dirty, `${name} marker`, 'is padded with other than zeros');
    const wanted = this.#sectorsBehind(type);
    if (sectors !== wanted) {
      this.#check.damage(offset, `${name} marker`, `announces ${sectors} sectors, not ${wanted}`);
      return undefined;
    }
    if (!this.#check.isInside(offset, (1 + sectors) * VMDK_SECTOR_BYTES, `${name} marker`)) return undefined;
    return type === 0 ? 'end' : offset + (1 + sectors) * VMDK_SECTOR_BYTES;
  }

  #sectorsBehind(type: number): number {
    if (type === 1) return TABLE_BYTES / VMDK_SECTOR_BYTES;
    if (type === 2) return Math.ceil((this.#directory.length * 4) / VMDK_SECTOR_BYTES);
    return type === 3 ? 1 : 0;
  }

  #end(endBytes: number): StreamWalk {
    const more = this.#check.sizeBytes - endBytes;
    if (more > 0) {
      const message = `is followed by ${more} more bytes, which readers leave out of their digest`;
      this.#check.breach(endBytes, 'end-of-stream marker', message);
    }
    return { grains: this.#grains, endBytes };
  }
}

/** Bytes that zlib data inflates to, at most `limit`, or what is wrong with it. */
function inflatedSize(data: Buffer, limit: number): number | string {
  try {
    const result: unknown = inflateSync(data, { maxOutputLength: limit, info: true });
    if (!isInflated(result)) return 'does not inflate';
    const { buffer, engine } = result;
    if (engine.bytesWritten !== data.length)
      return `ends after ${engine.bytesWritten} of ${data.length} bytes`;
    return buffer.length;
  } catch (error) {
    return inflateFault(error, limit);
  }
}

/** What zlib returns with `info`; its declared type knows nothing of that. */
function isInflated(result: unknown): result is { buffer: Buffer; engine: { bytesWritten: number } } {
  return typeof result === 'object' && result !== null && 'buffer' in result && 'engine' in result;
}

/** Number of grains that the tables call stored. */
export async function countEntries(header: VmdkHeader, directory: GrainDirectory): Promise<number> {
  let stored = 0;
  const grains = grainCount(header);
  for (let index = 0; index < directory.length; index += 1) {
    const table = await directory.table(index);
    if (!table) continue;
    for (let at = 0; at < TABLE_BYTES; at += 4) if (table.readUInt32LE(at) !== 0) stored += 1;
    if (stored > grains) break;
  }
  return stored;
}
