import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  createDeflater,
  outputBound,
  WORKER_ROLE,
  type DeflatedRange,
  type DeflatedUnits,
  type DeflateRange,
  type Deflater,
  type DeflateSettings,
  type WorkerAnswer,
  type WorkerTask,
} from './deflate-worker.ts';

/** How pieces are deflated side by side. */
export interface DeflateOptions {
  /** Threads; 0 deflates in the calling thread. */
  readonly workers?: number | undefined;
  /** Compiled script of the threads. From TypeScript sources there is none, and the calling thread does the work. */
  readonly script?: URL | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Threads unless said otherwise: one for each core, up to where memory and the disk set the pace. */
export const DEFAULT_WORKERS = Math.min(4, availableParallelism());

/** Pieces given to a thread ahead of its work, so that it never waits; also bounds memory. */
const PIECES_PER_WORKER = 2;

/** A thread's heap holds next to nothing: what it works on lies in buffers outside the heap. */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

/**
 * Deflates pieces of a file on worker threads and gives the results in the order of the pieces. What comes out does
 * not depend on the number of threads. The data of a result is only valid until the next one is asked for: its
 * memory is used again, so that the need for memory does not grow with the file.
 *
 * Raises the system error of a file that cannot be read, the signal's reason, and what ended a thread.
 */
export async function* deflateRanges(
  settings: DeflateSettings,
  ranges: Iterable<DeflateRange>,
  { workers = DEFAULT_WORKERS, script = compiledScript(), signal }: DeflateOptions = {},
): AsyncGenerator<DeflatedRange> {
  const threads =
    workers === 0 || script === undefined
      ? [callingThread(settings)]
      : Array.from({ length: workers }, () => startThread(script, settings));
  const waiting: Piece[] = [];
  const memories: SharedArrayBuffer[] = [];
  try {
    for (const range of ranges) {
      signal?.throwIfAborted();
      if (waiting.length >= threads.length * PIECES_PER_WORKER) yield* finish(waiting, memories);
      waiting.push(begin(threads, range, { settings, memories }));
    }
    while (waiting.length > 0) {
      signal?.throwIfAborted();
      yield* finish(waiting, memories);
    }
  } finally {
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

/** Somewhere to deflate. */
interface DeflateThread {
  /** Pieces begun and not finished. */
  readonly load: () => number;
  readonly deflate: (range: DeflateRange, memory: SharedArrayBuffer) => Promise<DeflatedUnits>;
  readonly close: () => Promise<unknown>;
}

/** A piece that a thread works on. */
interface Piece {
  readonly range: DeflateRange;
  readonly memory: SharedArrayBuffer;
  readonly units: Promise<DeflatedUnits>;
}

/** The script beside this module, where that is compiled: Node 20 cannot run TypeScript in a thread. */
function compiledScript(): URL | undefined {
  return import.meta.url.endsWith('.js') ? new URL('deflate-worker.js', import.meta.url) : undefined;
}

function begin(
  threads: readonly DeflateThread[],
  range: DeflateRange,
  { settings, memories }: { settings: DeflateSettings; memories: SharedArrayBuffer[] },
): Piece {
  const [idlest] = threads.toSorted((a, b) => a.load() - b.load());
  if (!idlest) throw new Error('there is no thread to deflate in');
  const neededBytes = outputBound(settings, range.length);
  const free = memories.findIndex(({ byteLength }) => byteLength >= neededBytes);
  const memory = free < 0 ? new SharedArrayBuffer(neededBytes) : memories.splice(free, 1)[0];
  if (!memory) throw new Error('memory that was found is gone');
  const units = idlest.deflate(range, memory);
  // Its failure is seen when its turn comes; until then it must not count as unhandled.
  units.catch(() => {});
  return { range, memory, units };
}

/** Gives the oldest piece's result, and its memory back when the reader is done with it. */
async function* finish(waiting: Piece[], memories: SharedArrayBuffer[]): AsyncGenerator<DeflatedRange> {
  const piece = waiting.shift();
  if (!piece) return;
  const units = await piece.units;
  const length = units.sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
  yield { ...piece.range, ...units, data: new Uint8Array(piece.memory, 0, length) };
  memories.push(piece.memory);
}

function callingThread(settings: DeflateSettings): DeflateThread {
  let deflater: Deflater | undefined;
  return {
    load: () => 0,
    deflate: async (range, memory) => {
      deflater ??= createDeflater(settings);
      return deflater.deflate(range, new Uint8Array(memory));
    },
    close: async () => deflater?.close(),
  };
}

/** The two ends of a promise that a thread's answer settles. */
interface Waiter {
  readonly resolve: (units: DeflatedUnits) => void;
  readonly reject: (error: unknown) => void;
}

function startThread(script: URL, settings: DeflateSettings): DeflateThread {
  const worker = new Worker(script, {
    workerData: { role: WORKER_ROLE, settings },
    resourceLimits: WORKER_LIMITS,
  });
  const waiters = new Map<number, Waiter>();
  let count = 0;
  let death: Error | undefined;
  const die = (error: Error): void => {
    death ??= error;
    for (const { reject } of waiters.values()) reject(death);
    waiters.clear();
  };
  worker.on('message', (answer: WorkerAnswer) => {
    const waiter = waiters.get(answer.id);
    waiters.delete(answer.id);
    if ('units' in answer) waiter?.resolve(answer.units);
    else waiter?.reject(answer.error);
  });
  worker.on('error', die);
  worker.on('exit', (code) => die(new Error(`a deflating thread ended by itself with code ${code}`)));
  return {
    load: () => waiters.size,
    deflate: (range, memory) =>
      new Promise((resolve, reject) => {
        if (death) return reject(death);
        count += 1;
        waiters.set(count, { resolve, reject });
        worker.postMessage({ id: count, range, memory } satisfies WorkerTask, []);
      }),
    close: () => worker.terminate(),
  };
}
