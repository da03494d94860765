import { Failure } from '../errors/failure.ts';
import { isMapping } from '../schemas/document-path.ts';

/** One thing in a catalogue that is not as it was recorded. */
export interface Finding {
  /** The file, relative to the catalogue. */
  readonly path: string;
  /** Place in a JSON document, in jq notation: `.entries[3].to`. */
  readonly member?: string;
  /** What is wrong; no final full stop. */
  readonly fault: string;
  /** What is recorded: a digest, a size, a name. */
  readonly expected?: string;
  /** What is there instead. */
  readonly found?: string;
}

/** The findings that a document's reader raised; any other error is thrown again. */
export function findingsOf(error: unknown, path: string): Finding[] {
  if (!(error instanceof Failure)) throw error;
  const faults: readonly unknown[] = Array.isArray(error.evidence['faults']) ? error.evidence['faults'] : [];
  if (faults.length === 0) return [{ path, fault: [error.message, ...error.details].join(': ') }];
  return faults.filter(isMapping).map(({ path: member, message }) => ({
    path,
    member: String(member),
    fault: String(message),
  }));
}

/** A finding about two values; none when they are equal. */
export function checkEqual(
  place: { readonly path: string; readonly member?: string },
  fault: string,
  values: { readonly expected: unknown; readonly found: unknown },
): Finding[] {
  const [expected, found] = [textOf(values.expected), textOf(values.found)];
  return expected === found ? [] : [{ ...place, fault, expected, found }];
}

function textOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
