import { escapeTemplate, HclTemplate } from './template.ts';

/** A value that HCL can write down: JSON's kinds plus text that HCL computes. */
export type HclValue =
  string | number | boolean | null | HclTemplate | readonly HclValue[] | { readonly [key: string]: HclValue };

const INDENT = '  ';

/**
 * Writes a value as HCL that every Packer since 1.6.5 reads back unchanged.
 * Lists and maps of plain values take one line, nested ones a line for each member.
 *
 * Throws for a string that {@link carriageOf} does not call `literal`: a bug of the caller, not of a profile.
 * @param depth how deep the line stands on which the value begins, in steps of two blanks
 */
export function hclLiteral(value: HclValue, depth = 0): string {
  if (typeof value === 'string') return `"${escapeQuoted(escapeTemplate(checked(value)))}"`;
  if (typeof value === 'number') return numberLiteral(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof HclTemplate) return value.reference ?? `"${escapeQuoted(value.source)}"`;
  return isHclList(value) ? listLiteral(value, depth) : mapLiteral(value, depth);
}

/** Whether a value of any origin is one that HCL can write down. */
export function isHclValue(value: unknown): value is HclValue {
  if (value === null || value instanceof HclTemplate) return true;
  if (typeof value === 'object') return Object.values(value).every(isHclValue);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Whether an HCL value is a list. */
export function isHclList(value: HclValue | undefined): value is readonly HclValue[] {
  return Array.isArray(value);
}

/** Whether an HCL value is a map, or a block's body. */
export function isHclMap(value: HclValue | undefined): value is { readonly [key: string]: HclValue } {
  return typeof value === 'object' && value !== null && !isHclList(value) && !(value instanceof HclTemplate);
}

/** Text for a comment: one line, whatever it holds. */
export function hclComment(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ').trim();
}

/** How a text can travel to Packer. */
export type Carriage =
  | { readonly way: 'literal' }
  /** HCL would change it, or it is too long for a program's argument: it must travel in a file. */
  | { readonly way: 'file'; readonly reason: string }
  /** No way is left. */
  | { readonly way: 'refused'; readonly reason: string };

/**
 * Longest text written as a literal, in bytes of UTF-8. Linux limits one argument or one variable of a
 * program to 128 KiB (MAX_ARG_STRLEN in execve(2)); the rest is room for quoting.
 */
export const LITERAL_LIMIT_BYTES = 100 * 1024;

/**
 * Whether a text survives as an HCL literal. HCL strings are Unicode in normal form C, so other text
 * would come out changed; NUL ends a string for every program that follows.
 */
export function carriageOf(text: string): Carriage {
  if (text.includes('\0')) return { way: 'refused', reason: 'holds a NUL character' };
  if (/\p{Cs}/u.test(text)) return { way: 'refused', reason: 'holds half of a surrogate pair' };
  if (text !== text.normalize('NFC')) return { way: 'file', reason: 'is not in Unicode normal form C' };
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > LITERAL_LIMIT_BYTES) return { way: 'file', reason: `is ${sizeBytes} bytes long` };
  return { way: 'literal' };
}

/** Whether {@link carriageOf} a text is a plain literal. */
export function isCarriable(text: string): boolean {
  return carriageOf(text).way === 'literal';
}

/**
 * Protects `{{` in an option that Packer renders once as a Go template, such as `environment_vars`.
 * No escape exists for what Packer renders until nothing changes any more (`execute_command` with its
 * `{{.Vars}}`, `qemuargs`, the file provisioner's `destination`): there such text must be kept out.
 */
export function escapeGoTemplate(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}

/** Backslashes, quotes and whatever a person could not see in the file. */
function escapeQuoted(text: string): string {
  return text.replace(/["\\]|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const short = SHORT_ESCAPES[character];
    if (short !== undefined) return short;
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff
      ? `\\U${code.toString(16).padStart(8, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function numberLiteral(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`HCL has no number ${value}`);
  return String(value);
}

function listLiteral(list: readonly HclValue[], depth: number): string {
  if (list.every(isPlain)) return `[${list.map((member) => hclLiteral(member)).join(', ')}]`;
  const inner = INDENT.repeat(depth + 1);
  const lines = list.map((member) => `${inner}${hclLiteral(member, depth + 1)},\n`);
  return `[\n${lines.join('')}${INDENT.repeat(depth)}]`;
}

function mapLiteral(map: { readonly [key: string]: HclValue }, depth: number): string {
  const entries = Object.entries(map);
  if (entries.length === 0) return '{}';
  const inner = INDENT.repeat(depth + 1);
  const lines = entries.map(
    ([key, value]) => `${inner}${hclLiteral(key)} = ${hclLiteral(value, depth + 1)}\n`,
  );
  return `{\n${lines.join('')}${INDENT.repeat(depth)}}`;
}

function isPlain(value: HclValue): boolean {
  return value === null || typeof value !== 'object' || value instanceof HclTemplate;
}

function checked(text: string): string {
  const carriage = carriageOf(text);
  if (carriage.way === 'literal') return text;
  throw new Error(`text for an HCL literal ${carriage.reason}`);
}
