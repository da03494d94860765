/**
 * Reads and deflates pieces of a disk. This module is also the script of the worker threads, so it imports nothing
 * but Node's own modules.
 */
import { openSync, readSync } from 'node:fs';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { deflateRawSync } from 'node:zlib';

/** What all pieces of one disk share. */
export interface DeflateSettings {
  /** File that is read. */
  readonly path: string;
  /** Each unit of this many bytes is deflated by itself. */
  readonly unitBytes: number;
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

/** A piece, deflated. */
export interface DeflatedRange extends DeflateRange {
  /** Per unit: deflated bytes, {@link ALL_ZERO} or {@link INCOMPRESSIBLE}. */
  readonly sizes: Int32Array;
  /** The deflated units, one after another without gaps. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** In {@link DeflatedRange.sizes}: the unit holds only zeros and gives no data. */
export const ALL_ZERO = 0;
/** In {@link DeflatedRange.sizes}: the unit would not get smaller and gives no data. */
export const INCOMPRESSIBLE = -1;

/** Marks the worker data of our threads; other threads may import this module without becoming one. */
export const WORKER_ROLE = 'mintmark-deflate';

/** What a thread answers; the thread's other messages do not exist. */
export type WorkerAnswer =
  { readonly id: number; readonly result: DeflatedRange } | { readonly id: number; readonly error: unknown };

/** Makes the function that deflates one piece after another in this thread, with buffers of its own. */
export function createDeflater(settings: DeflateSettings): (range: DeflateRange) => DeflatedRange {
  const { unitBytes, windowBits, level } = settings;
  const file = openSync(settings.path, 'r');
  const zeros = Buffer.alloc(unitBytes);
  // The output buffer holds a whole unit, so that zlib never needs a second one (measured: much faster).
  const options = { level, windowBits, memLevel: 9, chunkSize: unitBytes + 4096 };
  let input = Buffer.alloc(0);
  return ({ offset, length }) => {
    if (input.length < length) input = Buffer.alloc(length);
    fill(file, input.subarray(0, length), offset);
    const sizes = new Int32Array(length / unitBytes);
    const pieces: Buffer[] = [];
    for (let index = 0; index < sizes.length; index += 1) {
      const unit = input.subarray(index * unitBytes, (index + 1) * unitBytes);
      if (unit.equals(zeros)) continue;
      const deflated = deflateRawSync(unit, options);
      sizes[index] = deflated.length < unitBytes ? deflated.length : INCOMPRESSIBLE;
      if (deflated.length < unitBytes) pieces.push(deflated);
    }
    return { offset, length, sizes, data: joined(pieces) };
  };
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

/** Copies into a buffer of its own, which can be handed to another thread without a copy. */
function joined(pieces: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}

function serve(settings: DeflateSettings): void {
  const deflate = createDeflater(settings);
  parentPort?.on('message', ({ id, range }: { id: number; range: DeflateRange }) => {
    try {
      const result = deflate(range);
      parentPort?.postMessage({ id, result } satisfies WorkerAnswer, [result.data.buffer]);
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
