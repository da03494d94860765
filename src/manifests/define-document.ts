import { Failure } from '../errors/failure.ts';
import { renderFaults, type Fault } from '../errors/fault.ts';
import { isMapping, memberOf } from '../schemas/document-path.ts';
import { compileSchema } from '../schemas/validator.ts';

/**
 * Code of the failure for a document of a newer Mintmark. Who passes over damaged documents must not pass over these:
 * they are whole, and what we would write in their place is not.
 */
export const SCHEMA_NEWER = 'E_SCHEMA_NEWER';

/** How one kind of JSON document is checked. */
export interface DocumentDefinition<T> {
  /** JSON Schema, draft 2020-12. */
  readonly schema: object;
  /** Stable code of the failure for a document that is not valid. */
  readonly code: string;
  /** What a person can do about a document that is not valid. */
  readonly hint?: string;
  /** Rules across fields; called only when the schema is satisfied. */
  readonly check?: (document: T) => readonly Fault[];
}

/** Reads and checks JSON documents of one kind. */
export interface DocumentType<T> {
  /** All faults of a value. */
  readonly check: (value: unknown) => readonly Fault[];
  /**
   * Reads a document; `subject` is what a person calls it, such as its path.
   * Throws a Failure of kind `conflict` that lists every fault; `E_SCHEMA_NEWER` when a newer Mintmark wrote it.
   */
  readonly parse: (text: string, subject: string) => T;
  /**
   * Reads a document whose digest is the one that was recorded when it was checked: to check it again would cost what
   * reading thousands of them cannot spare. Throws for what is no JSON.
   */
  readonly parseRecorded: (text: string, subject: string) => T;
}

/** Makes the reader of one kind of document. The schema is compiled at first use, which keeps start-up short. */
export function defineDocument<T>(definition: DocumentDefinition<T>): DocumentType<T> {
  let validate: ((value: unknown) => Fault[]) | undefined;
  const read = (value: unknown): Reading<T> => {
    validate ??= compileSchema(definition.schema);
    const faults = validate(value);
    // The schema and the type say the same, so a value without faults has the type.
    const isDocument = (candidate: unknown): candidate is T => candidate !== undefined && faults.length === 0;
    if (!isDocument(value)) return { faults };
    const crossFaults = definition.check?.(value) ?? [];
    return crossFaults.length === 0 ? { document: value } : { faults: crossFaults };
  };
  return {
    check: (value) => faultsOf(read(value)),
    parse: (text, subject) => {
      const value = parseJson(text, subject, definition);
      requireKnownSchema(value, subject, definition.schema);
      const reading = read(value);
      if ('document' in reading) return reading.document;
      throw invalidDocument(subject, definition, reading.faults);
    },
    parseRecorded: (text, subject) => {
      const value = parseJson(text, subject, definition);
      // Whoever compared the digest knows that it was checked, by us or by a newer Mintmark.
      const wasChecked = (candidate: unknown): candidate is T => {
        requireKnownSchema(candidate, subject, definition.schema);
        return isMapping(candidate);
      };
      if (wasChecked(value)) return value;
      throw invalidDocument(subject, definition, faultsOf(read(value)));
    },
  };
}

type Reading<T> = { readonly document: T } | { readonly faults: readonly Fault[] };

function faultsOf(reading: Reading<unknown>): readonly Fault[] {
  return 'faults' in reading ? reading.faults : [];
}

/** A number above ours is no fault of the document: to list what else is unknown to us would only mislead. */
function requireKnownSchema(value: unknown, subject: string, schema: object): void {
  const known = ['properties', 'schema', 'const'].reduce<unknown>(memberOf, schema);
  const found = isMapping(value) ? value['schema'] : undefined;
  if (typeof known !== 'number' || typeof found !== 'number') return;
  if (!Number.isInteger(found) || found <= known) return;
  const message = `${subject} was written by a newer Mintmark (schema ${found}; this one reads ${known})`;
  throw new Failure('conflict', SCHEMA_NEWER, message, {
    hint: 'use that version or a newer one',
    evidence: { subject, found, known },
  });
}

/**
 * Makes sure that a file which is to be replaced was not written by a newer Mintmark; text that is no JSON may go.
 * @throws Failure `E_SCHEMA_NEWER`
 */
export function refuseNewer(text: string, subject: string, known: number): void {
  try {
    requireKnownSchema(JSON.parse(text), subject, { properties: { schema: { const: known } } });
  } catch (error) {
    if (error instanceof Failure) throw error;
  }
}

type FailureText = Pick<DocumentDefinition<unknown>, 'code' | 'hint'>;

function invalidDocument(subject: string, { code, hint }: FailureText, faults: readonly Fault[]): Failure {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return new Failure('conflict', code, `${subject} has ${count}`, {
    details: renderFaults(faults),
    evidence: { subject, faults },
    ...(hint === undefined ? {} : { hint }),
  });
}

function parseJson(text: string, subject: string, { code, hint }: FailureText): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('conflict', code, `${subject} is not JSON: ${reason}`, {
      cause,
      evidence: { subject },
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
