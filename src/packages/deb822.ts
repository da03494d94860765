import { Failure } from '../errors/failure.ts';
import { renderFaults, type Fault } from '../errors/fault.ts';

/**
 * One paragraph of a control file (Packages, Sources, dpkg's status, `.sources`); see deb822(5).
 * Keys are field names as written; {@link fieldOf} looks them up without regard to case.
 * Values have the lines after the first joined by a newline, without their one leading blank;
 * a line that is only ` .` is an empty line.
 */
export type Deb822Paragraph = ReadonlyMap<string, string>;

/**
 * Reads all paragraphs. Comment lines (a `#` in the first column) are dropped.
 *
 * Raises `E_DEB822_INVALID` with every fault, each with its line number, when a line is no field,
 * a continuation has no field before it, or a paragraph names a field twice.
 * @param subject what a person calls the text, for the message
 */
export function parseDeb822(text: string, subject: string): Deb822Paragraph[] {
  const faults: Fault[] = [];
  const paragraphs: Deb822Paragraph[] = [];
  let paragraph = new ParagraphReader(faults);
  const close = (): void => {
    if (paragraph.fields.size > 0) paragraphs.push(paragraph.fields);
    paragraph = new ParagraphReader(faults);
  };
  let number = 0;
  for (const line of linesOf(text)) {
    number += 1;
    if (line.startsWith('#')) continue;
    if (isBlank(line)) close();
    else paragraph.take(line, number);
  }
  close();
  if (faults.length > 0) throw invalid(subject, faults);
  return paragraphs;
}

/** The value of a field whatever the case of its name, or undefined. */
export function fieldOf(paragraph: Deb822Paragraph, name: string): string | undefined {
  const exact = paragraph.get(name);
  if (exact !== undefined) return exact;
  const wanted = name.toLowerCase();
  for (const [key, value] of paragraph) if (key.toLowerCase() === wanted) return value;
  return undefined;
}

/**
 * Paragraphs as text that {@link parseDeb822} reads back unchanged.
 *
 * Raises `E_DEB822_UNREPRESENTABLE` for a value the format cannot carry: a carriage return or NUL, blanks at
 * the ends of its first line, a later line that is a lone full stop or only blanks, or a bad field name.
 */
export function renderDeb822(paragraphs: Iterable<Iterable<readonly [string, string]>>): string {
  return Array.from(paragraphs, (paragraph) =>
    Array.from(paragraph, ([name, value]) => renderField(name, value)).join(''),
  ).join('\n');
}

/** Gathers the fields of one paragraph line by line. */
class ParagraphReader {
  readonly fields = new Map<string, string>();
  readonly #seen = new Set<string>();
  readonly #faults: Fault[];
  #current: string | undefined;

  constructor(faults: Fault[]) {
    this.#faults = faults;
  }

  take(line: string, number: number): void {
    if (line.startsWith(' ') || line.startsWith('\t')) this.#continue(line.slice(1), number);
    else this.#begin(line, number);
  }

  #continue(content: string, number: number): void {
    if (this.#current === undefined) {
      this.#faults.push({ path: `line ${number}`, message: 'continues a field, but none is open' });
      return;
    }
    const before = this.fields.get(this.#current) ?? '';
    this.fields.set(this.#current, `${before}\n${content === '.' ? '' : content}`);
  }

  #begin(line: string, number: number): void {
    const match = FIELD.exec(line);
    const name = match?.[1];
    this.#current = name;
    if (name === undefined) {
      this.#faults.push({ path: `line ${number}`, message: `must be "Name: value"; found ${excerpt(line)}` });
      return;
    }
    if (this.#seen.has(name.toLowerCase())) {
      this.#faults.push({ path: `line ${number}`, message: `names field ${name} a second time` });
    }
    this.#seen.add(name.toLowerCase());
    this.fields.set(name, trimBlanks(match?.[2] ?? ''));
  }
}

/** Printable ASCII without blank and colon, not starting with `#` or `-`; deb822(5). */
const FIELD = /^([!-"$-,.-9;-~][!-9;-~]*):(.*)$/;

function renderField(name: string, value: string): string {
  const [first = '', ...rest] = value.split('\n');
  const lost =
    !FIELD.test(`${name}:`) ||
    name.includes('\n') ||
    /[\r\0]/.test(value) ||
    first !== trimBlanks(first) ||
    rest.some((line) => line === '.' || (line !== '' && isBlank(line)));
  if (lost) {
    throw new Failure('profile', 'E_DEB822_UNREPRESENTABLE', `field ${excerpt(name)} cannot hold its value`, {
      evidence: { field: name, value },
    });
  }
  const head = first === '' ? `${name}:` : `${name}: ${first}`;
  return `${[head, ...rest.map((line) => (line === '' ? ' .' : ` ${line}`))].join('\n')}\n`;
}

/** Splits without a copy of the whole list: an index of the main archive has two million lines. */
function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    yield text.slice(start, end > start && text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;
  }
}

function isBlank(line: string): boolean {
  return trimBlanks(line) === '';
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
}

function excerpt(line: string): string {
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}

const SHOWN_FAULTS = 20;

function invalid(subject: string, faults: readonly Fault[]): Failure {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return new Failure('host', 'E_DEB822_INVALID', `${subject} is not a Debian control file: ${count}`, {
    details: renderFaults(faults.slice(0, SHOWN_FAULTS)),
    evidence: { faults: faults.slice(0, SHOWN_FAULTS) },
  });
}
