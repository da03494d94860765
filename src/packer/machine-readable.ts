/** What one line of `packer … -machine-readable` says. `build` is Packer's name of the build: `qemu.mintmark`. */
export type PackerEvent =
  /** One line for people; `error` is also what a script writes to standard error, without any failure. */
  | {
      readonly type: 'ui';
      readonly level: 'say' | 'message' | 'error';
      readonly build?: string;
      readonly text: string;
    }
  | { readonly type: 'artifact-count'; readonly build: string; readonly count: number }
  /** One fact of an artifact: `key` is `builder-id`, `id`, `string`, `files-count`, `file`, `nil` or `end`. */
  | {
      readonly type: 'artifact';
      readonly build: string;
      readonly index: number;
      readonly key: string;
      readonly values: readonly string[];
    }
  /** Absent after a cancelled build. */
  | { readonly type: 'error-count'; readonly count: number }
  | { readonly type: 'error'; readonly build: string; readonly message: string }
  /** A record of another kind. */
  | {
      readonly type: 'other';
      readonly build: string;
      readonly kind: string;
      readonly data: readonly string[];
    }
  /** A line that is no record: something wrote past Packer. */
  | { readonly type: 'text'; readonly text: string };

/** Time, build, kind and the rest. */
const RECORD = /^\d+,([^,]*),([a-z][a-z-]*)(?:,([^]*))?$/;

/**
 * Reads one line of Packer's output, without its line end; a record for people may hold several lines.
 *
 * Packer writes a comma as `%!(PACKER_COMMA)`, and line ends as `\n` and `\r` without escaping backslashes, so
 * text that held these characters itself is ambiguous. Of the text of a build, which Packer prefixes line by line,
 * only a `\n` before a prefix is taken for a line end, and no `\r`: Packer itself cuts script output there.
 */
export function parsePackerLine(line: string): PackerEvent[] {
  const record = RECORD.exec(line);
  if (record === null) return [{ type: 'text', text: line }];
  const [, build = '', kind = '', rest] = record;
  const fields = (rest === undefined ? [] : rest.split(',')).map((field) =>
    field.replaceAll('%!(PACKER_COMMA)', ','),
  );
  if (kind === 'ui') return parseUi(fields);
  return [parseRecord(build, kind, fields.map(unescapeLineEnds))];
}

/** The mark before each line that belongs to a build; an empty line loses the blank behind it. */
const BUILD_PREFIX = /^(?:==>| {3}) ([\w.-]+):(?: |$)/;

function parseUi([level = '', ...fields]: readonly string[]): PackerEvent[] {
  const text = fields.join(',');
  const kind = level === 'message' || level === 'error' ? level : 'say';
  const build = BUILD_PREFIX.exec(text)?.[1];
  if (build === undefined) {
    const lines = unescapeLineEnds(text).split('\n');
    return lines.map((line) => ({ type: 'ui', level: kind, text: line }));
  }
  const lines = text.split(/\\n(?=(?:==>| {3}) [\w.-]+:(?: |$))/);
  return lines.map((line) => ({ type: 'ui', level: kind, build, text: line.replace(BUILD_PREFIX, '') }));
}

function parseRecord(build: string, kind: string, data: readonly string[]): PackerEvent {
  const [first = '', second = '', ...values] = data;
  switch (kind) {
    case 'artifact-count':
      return { type: 'artifact-count', build, count: countOf(first) };
    case 'artifact':
      return { type: 'artifact', build, index: countOf(first), key: second, values };
    case 'error-count':
      return { type: 'error-count', count: countOf(first) };
    case 'error':
      return { type: 'error', build, message: data.join(',') };
    default:
      return { type: 'other', build, kind, data };
  }
}

function countOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

function unescapeLineEnds(text: string): string {
  return text.replaceAll('\\r', '\r').replaceAll('\\n', '\n');
}
