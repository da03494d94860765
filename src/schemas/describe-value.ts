const LONGEST_QUOTE = 60;

/** A value as messages quote it after "found": text in double quotes and cut short, lists and mappings by kind. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value === null) return 'nothing (null)';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}

function quote(text: string): string {
  const characters = Array.from(text);
  return characters.length <= LONGEST_QUOTE
    ? JSON.stringify(text)
    : `${JSON.stringify(characters.slice(0, LONGEST_QUOTE).join(''))}… (${characters.length} characters)`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'null',
};

/** JSON Schema type names in words: `a whole number`, `text or a list`. */
export function describeTypes(types: string | readonly string[]): string {
  return joinWithOr((typeof types === 'string' ? [types] : types).map((type) => TYPE_WORDS[type] ?? type));
}

/** `a`, `a or b`, `a, b or c`; repeated words once. */
export function joinWithOr(words: readonly string[]): string {
  const unique = [...new Set(words)];
  const last = unique.pop() ?? '';
  return unique.length === 0 ? last : `${unique.join(', ')} or ${last}`;
}
