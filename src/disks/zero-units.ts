/** Unit in which data is told from zeros, in bytes: small enough to find them, large enough to find them fast. */
export const ZERO_UNIT_BYTES = 64 * 1024;

const ZEROS = Buffer.alloc(ZERO_UNIT_BYTES);

/** A run of bytes within a buffer. */
export interface DataRun {
  readonly start: number;
  readonly end: number;
}

/** The runs of whole units that are not all zero, ascending and as long as can be. */
export function* dataRuns(data: Buffer): Generator<DataRun> {
  let start: number | undefined;
  for (let at = 0; at < data.length; at += ZERO_UNIT_BYTES) {
    const unit = data.subarray(at, at + ZERO_UNIT_BYTES);
    const empty = unit.equals(unit.length === ZERO_UNIT_BYTES ? ZEROS : ZEROS.subarray(0, unit.length));
    if (!empty) start ??= at;
    else if (start !== undefined) {
      yield { start, end: at };
      start = undefined;
    }
  }
  if (start !== undefined) yield { start, end: data.length };
}
