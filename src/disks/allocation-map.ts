import { Failure } from '../errors/failure.ts';

/** A piece of a disk, in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * The pieces that hold data, from what `qemu-img map --output=json` prints: ascending, neighbours joined. The rest
 * reads as zeros. A piece may still be full of zeros: the map only knows what the file system keeps.
 *
 * Raises `E_DISK_MAP_INVALID` for text that is no such map.
 */
export function parseAllocationMap(text: string): ByteRange[] {
  const ranges: { offset: number; length: number }[] = [];
  for (const { start, length, data } of entriesOf(text)) {
    const last = ranges.at(-1);
    if (!data || length === 0) continue;
    if (last && start < last.offset + last.length) throw invalid('its pieces overlap');
    if (last && start === last.offset + last.length) last.length += length;
    else ranges.push({ offset: start, length });
  }
  return ranges;
}

/**
 * Cuts ranges into pieces whose places are multiples of `unitBytes` and that are at most `pieceBytes` long;
 * each unit that holds data is in exactly one of them. The last piece may reach past the end of the disk.
 * @param pieceBytes a multiple of `unitBytes`
 */
export function* alignedPieces(
  ranges: Iterable<ByteRange>,
  unitBytes: number,
  pieceBytes: number,
): Generator<ByteRange> {
  let done = 0;
  for (const { offset, length } of ranges) {
    const end = Math.ceil((offset + length) / unitBytes) * unitBytes;
    // A unit that two ranges share belongs to the first.
    for (let at = Math.max(done, Math.floor(offset / unitBytes) * unitBytes); at < end; at += pieceBytes) {
      yield { offset: at, length: Math.min(pieceBytes, end - at) };
    }
    done = end;
  }
}

interface MapEntry {
  readonly start: number;
  readonly length: number;
  readonly data: boolean;
}

function entriesOf(text: string): MapEntry[] {
  const value = parseJson(text);
  if (!Array.isArray(value)) throw invalid('it is no list');
  return value.map((entry: unknown) => {
    if (!isMapEntry(entry)) throw invalid('an entry has no start, length and data');
    return entry;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
}

function isMapEntry(entry: unknown): entry is MapEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  return (
    'start' in entry &&
    'length' in entry &&
    'data' in entry &&
    isCount(entry.start) &&
    isCount(entry.length) &&
    typeof entry.data === 'boolean'
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function invalid(why: string, cause?: unknown): Failure {
  return new Failure('command', 'E_DISK_MAP_INVALID', `qemu-img map gave something else than a map: ${why}`, {
    cause,
  });
}
