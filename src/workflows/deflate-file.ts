import { stat } from 'node:fs/promises';
import { alignedPieces, type ByteRange } from '../disks/allocation-map.ts';
import { combineCrc32 } from '../disks/crc32.ts';
import { GZIP_HEADER, renderGzipTrailer } from '../disks/gzip-stream.ts';
import { planZipArchive, type DeflatedFile } from '../disks/zip-archive.ts';
import { ALL_ZERO, STREAM_END, type DeflatedRange, type DeflateSettings } from '../host/deflate-worker.ts';
import { deflateRanges } from '../host/deflate-workers.ts';
import type { ImageFile } from '../host/image-file.ts';
import type { Runner } from '../host/run.ts';
import { readAllocation } from './digest-disk.ts';
import type { WriteImageOptions } from './source-disk.ts';

/** How a file is deflated. */
export interface DeflateFileOptions extends WriteImageOptions {
  readonly run: Runner;
}

/**
 * Deflated by itself, so that threads can share the work; what goes before is forgotten. Of a system VM's disk, 256 KiB
 * give 1.2 % more than `gzip -6`, 512 KiB 0.9 %, 1 MiB 0.8 %, 2 MiB 0.7 %, all at the same speed.
 */
export const SEGMENT_BYTES = 1024 * 1024;

/** Writes a file as gzip. Holes are not read. The same content gives the same bytes at any number of threads. */
export async function writeGzip(path: string, target: ImageFile, options: DeflateFileOptions): Promise<void> {
  await target.write(GZIP_HEADER, 0);
  const deflated = await writeDeflated({ path, target, start: GZIP_HEADER.length, options });
  await target.write(renderGzipTrailer(deflated), GZIP_HEADER.length + deflated.deflatedBytes);
}

/** Writes a file as the one member of a zip; otherwise as {@link writeGzip}. */
export async function writeZip(
  path: string,
  target: ImageFile,
  { memberName, ...options }: DeflateFileOptions & { readonly memberName: string },
): Promise<void> {
  const { size } = await stat(path);
  const archive = planZipArchive(memberName, size, deflatedBound(size));
  const deflated = await writeDeflated({ path, target, start: archive.dataOffset, options });
  await target.write(archive.tail(deflated), archive.dataOffset + deflated.deflatedBytes);
  await target.write(archive.head(deflated), 0);
}

/** A deflate stream on its way into a file. */
interface Deflating {
  readonly path: string;
  readonly target: ImageFile;
  /** Where the stream begins in the target. */
  readonly start: number;
  readonly options: DeflateFileOptions;
}

/** A segment, ready to be written. */
interface Segment {
  readonly data: Uint8Array;
  readonly crc32: number;
  readonly plainBytes: number;
}

async function writeDeflated(deflating: Deflating): Promise<DeflatedFile> {
  const { path, target, start, options } = deflating;
  const { size } = await stat(path);
  let crc32 = 0;
  let doneBytes = 0;
  let end = start;
  for await (const { data, crc32: next, plainBytes } of readSegments(path, size, options)) {
    await target.write(data, end);
    end += data.length;
    crc32 = combineCrc32(crc32, next, plainBytes);
    doneBytes += plainBytes;
    options.onProgress?.(doneBytes, size);
  }
  await target.write(STREAM_END, end);
  return { crc32, sizeBytes: size, deflatedBytes: end + STREAM_END.length - start };
}

/**
 * What does not get smaller takes five bytes more for each 8191 (RFC 1951, 3.2.4, and zlib's buffer at memory level 7),
 * and a segment's end some. The thousandth part covers that.
 */
function deflatedBound(sizeBytes: number): number {
  return Math.ceil(sizeBytes * 1.001) + 64;
}

/** All segments of a file in their order. Those in holes, and those full of zeros, are deflated once for all. */
async function* readSegments(
  path: string,
  size: number,
  options: DeflateFileOptions,
): AsyncGenerator<Segment> {
  const wholeBytes = size - (size % SEGMENT_BYTES);
  const settings = settingsFor(path, SEGMENT_BYTES);
  // Past the end, a file reads as zeros.
  const zeros = await deflateOne({ ...settings, keep: 'all' }, wholeBytes + SEGMENT_BYTES);
  let at = 0;
  const pieces = await piecesWithin(path, wholeBytes, options);
  for await (const piece of deflateRanges(settings, pieces, options)) {
    yield* repeat(zeros, (piece.offset - at) / SEGMENT_BYTES, options.signal);
    yield piece.sizes[0] === ALL_ZERO ? zeros : segmentOf(piece);
    at = piece.offset + piece.length;
  }
  yield* repeat(zeros, (wholeBytes - at) / SEGMENT_BYTES, options.signal);
  if (size > wholeBytes)
    yield deflateOne({ ...settingsFor(path, size - wholeBytes), keep: 'all' }, wholeBytes);
}

/** The whole segments that hold data. */
async function piecesWithin(
  path: string,
  wholeBytes: number,
  options: DeflateFileOptions,
): Promise<ByteRange[]> {
  const ranges = wholeBytes === 0 ? [] : await readAllocation(path, options);
  const pieces = Array.from(alignedPieces(ranges, SEGMENT_BYTES, SEGMENT_BYTES));
  return pieces.filter(({ offset }) => offset < wholeBytes);
}

function* repeat(segment: Segment, count: number, signal: AbortSignal | undefined): Generator<Segment> {
  for (let done = 0; done < count; done += 1) {
    signal?.throwIfAborted();
    yield segment;
  }
}

function settingsFor(path: string, unitBytes: number): DeflateSettings {
  return { path, container: 'segment', keep: 'nonzero', unitBytes, windowBits: 15, level: 6 };
}

/** One segment, in this thread. */
async function deflateOne(settings: DeflateSettings, offset: number): Promise<Segment> {
  const range = { offset, length: settings.unitBytes };
  for await (const piece of deflateRanges(settings, [range], { workers: 0 })) return segmentOf(piece);
  throw new Error('deflating gave nothing');
}

function segmentOf({ data, length, checksums }: DeflatedRange): Segment {
  return { data, crc32: checksums[0] ?? 0, plainBytes: length };
}
