/**
 * Reads and deflates pieces of a disk. This module is also the script of the worker threads, so it imports little.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { constants, crc32, deflateRawSync, deflateSync, type ZlibOptions } from 'node:zlib';
import { collectGarbage } from './garbage.ts';

/** What all pieces of one disk share. */
export interface DeflateSettings {
  /** File that is read. */
  readonly path: string;
  /** Each unit of this many bytes is deflated by itself. */
  readonly unitBytes: number;
  /**
   * `raw`: a bare deflate stream (RFC 1951). `zlib`: with header and checksum (RFC 1950). `segment`: deflate blocks up
   * to a byte boundary without an end, so that segments one after another, and then {@link STREAM_END}, are a stream.
   */
  readonly container: 'raw' | 'zlib' | 'segment';
  /** Which units give data: those that get smaller and are not all zero; those that are not all zero; all. */
  readonly keep: 'smaller' | 'nonzero' | 'all';
  /** Binary logarithm of deflate's window. */
  readonly windowBits: number;
  /** 1 (fast) to 9 (small). */
  readonly level: number;
}

/** A piece of the file; both numbers are multiples of the unit. What lies past the end reads as zeros. */
export interface DeflateRange {
  readonly offset: number;
  readonly length: number;
}

/** What is known of a piece's units. */
export interface DeflatedUnits {
  /** Per unit: deflated bytes, {@link ALL_ZERO} or {@link INCOMPRESSIBLE}. */
  readonly sizes: Int32Array;
  /** Per unit: CRC-32 of what was deflated; 0 where the container is no `segment`, or nothing was. */
  readonly checksums: Uint32Array;
}

/** A piece, deflated. */
export interface DeflatedRange extends DeflateRange, DeflatedUnits {
  /** The deflated units, one after another without gaps. */
  readonly data: Uint8Array;
}

/** Ends a deflate stream of segments: an empty last block. */
export const STREAM_END = Uint8Array.of(0x03, 0x00);

/** In {@link DeflatedRange.sizes}: the unit holds only zeros and gives no data. */
export const ALL_ZERO = 0;
/** In {@link DeflatedRange.sizes}: the unit would not get smaller and gives no data. */
export const INCOMPRESSIBLE = -1;

/** Marks the worker data of our threads; other threads may import this module without becoming one. */
export const WORKER_ROLE = 'mintmark-deflate';

/** A piece to deflate and the memory that takes the result, at least {@link outputBound} long. */
export interface WorkerTask {
  readonly id: number;
  readonly range: DeflateRange;
  readonly memory: SharedArrayBuffer;
}

/** What a thread answers; the deflated bytes stand at the start of the task's memory. */
export type WorkerAnswer =
  { readonly id: number; readonly units: DeflatedUnits } | { readonly id: number; readonly error: unknown };

/**
 * Speed and size of the output buffer for one unit: large enough that zlib never needs a second one.
 * Memory level 7 gives 0.3 % less than 8 or 9 at the same speed (measured on a system VM's disk, Node 20's zlib).
 */
function zlibOptions({ container, unitBytes, windowBits, level }: DeflateSettings): ZlibOptions {
  const finishFlush = container === 'segment' ? constants.Z_SYNC_FLUSH : constants.Z_FINISH;
  return { level, windowBits, memLevel: 7, chunkSize: boundOfUnit(unitBytes), finishFlush };
}

/** zlib's `deflateBound` for settings of any kind, and the five bytes of an empty block. */
function boundOfUnit(unitBytes: number): number {
  return unitBytes + (unitBytes >> 3) + (unitBytes >> 6) + 64;
}

/** Bytes that a piece of this length can at most become. */
export function outputBound({ keep, unitBytes }: DeflateSettings, lengthBytes: number): number {
  return keep === 'smaller' ? lengthBytes : (lengthBytes / unitBytes) * boundOfUnit(unitBytes);
}

/** Deflates one piece after another in this thread. */
export interface Deflater {
  /** Deflates into `output`, which is at least {@link outputBound} long. */
  readonly deflate: (range: DeflateRange, output: Uint8Array) => DeflatedUnits;
  readonly close: () => void;
}

/** Opens the file. Raises the system error when that fails. */
export function createDeflater(settings: DeflateSettings): Deflater {
  const file = openSync(settings.path, 'r');
  const { container, keep, unitBytes } = settings;
  const zeros = Buffer.alloc(unitBytes);
  const options = zlibOptions(settings);
  const compress = container === 'zlib' ? deflateSync : deflateRawSync;
  let input = Buffer.alloc(0);
  const deflate = ({ offset, length }: DeflateRange, output: Uint8Array): DeflatedUnits => {
    if (input.length < length) input = Buffer.alloc(length);
    fill(file, input.subarray(0, length), offset);
    const sizes = new Int32Array(length / unitBytes);
    const checksums = new Uint32Array(sizes.length);
    let end = 0;
    for (let index = 0; index < sizes.length; index += 1) {
      const unit = input.subarray(index * unitBytes, (index + 1) * unitBytes);
      if (keep !== 'all' && unit.equals(zeros)) continue;
      const deflated = compress(unit, options);
      if (container === 'segment') checksums[index] = crc32(unit);
      const kept = keep !== 'smaller' || deflated.length < unit.length;
      sizes[index] = kept ? deflated.length : INCOMPRESSIBLE;
      if (!kept) continue;
      output.set(deflated, end);
      end += deflated.length;
    }
    // Every unit leaves a buffer of its own size behind.
    collectGarbage('young');
    return { sizes, checksums };
  };
  return { deflate, close: () => closeSync(file) };
}

function fill(file: number, target: Buffer, offset: number): void {
  let filled = 0;
  while (filled < target.length) {
    const bytes = readSync(file, target, filled, target.length - filled, offset + filled);
    if (bytes === 0) break;
    filled += bytes;
  }
  target.fill(0, filled);
}

function serve(settings: DeflateSettings): void {
  const { deflate } = createDeflater(settings);
  parentPort?.on('message', ({ id, range, memory }: WorkerTask) => {
    try {
      const units = deflate(range, new Uint8Array(memory));
      parentPort?.postMessage({ id, units } satisfies WorkerAnswer, []);
    } catch (error) {
      parentPort?.postMessage({ id, error } satisfies WorkerAnswer, []);
    }
  });
}

/** What {@link createDeflater} needs, as it comes to a thread. */
interface WorkerData {
  readonly role: string;
  readonly settings: DeflateSettings;
}

function isOurs(data: unknown): data is WorkerData {
  return typeof data === 'object' && data !== null && 'role' in data && data.role === WORKER_ROLE;
}

if (!isMainThread && isOurs(workerData)) serve(workerData.settings);
