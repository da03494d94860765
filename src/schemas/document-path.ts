/** Keys and list indexes from the root of a document to one place in it. */
export type DocumentPath = readonly (string | number)[];

/** A path in jq notation: `.disk.sizeMiB`, `.targets[0].format`, `.env["a b"]`; `.` is the document itself. */
export function renderDocumentPath(path: DocumentPath): string {
  const text = path.map((segment, index) => renderSegment(segment, index === 0)).join('');
  return text === '' ? '.' : text;
}

function renderSegment(segment: string | number, first: boolean): string {
  if (typeof segment === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(segment)) return `.${segment}`;
  return `${first ? '.' : ''}[${JSON.stringify(segment)}]`;
}

const SEGMENT = /\.?(?:([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\])/y;

/**
 * Reads a path in jq notation from the start of a text, the first dot being optional, and returns it with what
 * follows it. Text that does not begin with a path gives an empty one.
 */
export function parseDocumentPath(text: string): { readonly path: DocumentPath; readonly rest: string } {
  const path: (string | number)[] = [];
  let end = 0;
  for (;;) {
    SEGMENT.lastIndex = end;
    const match = SEGMENT.exec(text);
    const separated = end === 0 || text[end] === '.' || text[end] === '[';
    if (!match || !separated) return { path, rest: text.slice(end) };
    path.push(match[1] ?? (match[2] === undefined ? unquoted(match[3]) : Number(match[2])));
    end = SEGMENT.lastIndex;
  }
}

function unquoted(text = '""'): string {
  return String(JSON.parse(text));
}

/**
 * Turns a JSON Pointer into a path; `document` decides which segments are list indexes.
 * Source of the escapes: RFC 6901 §3.
 */
export function parseJsonPointer(pointer: string, document: unknown): DocumentPath {
  if (pointer === '') return [];
  let place: unknown = document;
  return pointer
    .slice(1)
    .split('/')
    .map((escaped) => {
      const key = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
      const segment = Array.isArray(place) ? Number(key) : key;
      place = memberOf(place, segment);
      return segment;
    });
}

/** Whether a value read from JSON or YAML is a mapping with text keys. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The member of a list or mapping, or undefined where there is none. */
export function memberOf(value: unknown, segment: string | number): unknown {
  if (Array.isArray(value)) return value[Number(segment)];
  return isMapping(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
}
