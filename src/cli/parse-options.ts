import { nearestName } from '../errors/suggestion.ts';
import { visibleOptions, type OptionSpec, type OptionTable } from './option.ts';
import { usageFailure } from './usage-failure.ts';

/** Parsed values by option name; what is missing was not given. */
export type RawValues = Map<string, boolean | string | number | string[]>;

/** What the option parser found. */
export interface ParsedOptions {
  readonly values: RawValues;
  readonly positionals: readonly string[];
  /** What was left unread, when told to stop at the first word without dashes. */
  readonly rest: readonly string[];
}

/** How the parser behaves. */
export interface ParseOptionsSettings {
  /** Ends at the first positional, which stays unread. */
  readonly stopAtPositional?: boolean;
  /** The command to name in hints. */
  readonly command?: string;
}

/**
 * Reads `--name`, `--name=value`, `--name value` and `--` against a table.
 *
 * Raises `E_USAGE` for an unknown option (with the nearest name), a missing, superfluous or unfit value.
 */
export function parseOptions(
  argv: readonly string[],
  table: OptionTable,
  settings: ParseOptionsSettings = {},
): ParsedOptions {
  const values: RawValues = new Map();
  const positionals: string[] = [];
  let index = 0;
  for (; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') {
      positionals.push(...argv.slice(index + 1));
      index = argv.length;
    } else if (!word.startsWith('-') || word === '-') {
      if (settings.stopAtPositional) break;
      positionals.push(word);
    } else {
      index += readOption(word, argv[index + 1], table, values, settings.command);
    }
  }
  return { values, positionals, rest: argv.slice(index) };
}

/** Stores one option; returns how many further words it took. */
function readOption(
  word: string,
  next: string | undefined,
  table: OptionTable,
  values: RawValues,
  command?: string,
): number {
  const [name, inline] = splitOption(word === '-h' ? '--help' : word);
  const spec = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!spec) throw unknownOption(word, table, command);
  if (spec.kind === 'flag') {
    if (inline !== undefined) throw usageFailure(`--${name} takes no value; found ${quote(inline)}`);
    values.set(name, true);
    return 0;
  }
  const following = next !== undefined && (!next.startsWith('-') || next === '-') ? next : undefined;
  const value = inline ?? following ?? (spec.kind === 'optional-text' ? '' : undefined);
  if (value === undefined || (value === '' && spec.kind !== 'optional-text')) {
    throw missingValue(name, spec, next);
  }
  store(values, name, spec, value);
  return inline === undefined && following !== undefined ? 1 : 0;
}

function splitOption(word: string): [string, string | undefined] {
  const equals = word.indexOf('=');
  const name = (equals < 0 ? word : word.slice(0, equals)).replace(/^--?/, '');
  // A single dash is never one of ours; the dash kept in the name makes sure that it matches nothing.
  const known = word.startsWith('--') ? name : `-${name}`;
  return [known, equals < 0 ? undefined : word.slice(equals + 1)];
}

function store(values: RawValues, name: string, spec: OptionSpec, value: string): void {
  if (spec.kind === 'list') {
    const list = values.get(name);
    values.set(name, [...(Array.isArray(list) ? list : []), value]);
  } else if (spec.kind === 'number') {
    values.set(name, parseWholeNumber(name, value));
  } else {
    if (spec.kind === 'choice' && !spec.choices.includes(value)) {
      throw usageFailure(`--${name} must be one of ${spec.choices.join(', ')}; found ${quote(value)}`);
    }
    values.set(name, value);
  }
}

function parseWholeNumber(name: string, value: string): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) throw usageFailure(`--${name} must be a whole number; found ${quote(value)}`);
  return number;
}

function missingValue(name: string, spec: OptionSpec, next: string | undefined): Error {
  const word = spec.kind === 'choice' ? spec.choices.join('|') : 'value' in spec ? spec.value : 'VALUE';
  const hint =
    next === undefined || next === '--'
      ? `write --${name} ${word}`
      : `a value that begins with a dash is written --${name}=${next}`;
  return usageFailure(`--${name} needs a value`, hint);
}

function unknownOption(word: string, table: OptionTable, command?: string): Error {
  const typed = word.split('=', 1)[0] ?? word;
  const bare = typed.replace(/^-+/, '');
  const near = nearestName(
    bare,
    visibleOptions(table).map(([name]) => name),
  );
  const suggestion = near === undefined ? '' : `; did you mean --${near}?`;
  const help = command === undefined ? 'mintmark --help' : `mintmark ${command} --help`;
  return usageFailure(`unknown option ${typed}${suggestion}`, `${help} shows the options`);
}

/** What was typed, as one visible word. */
function quote(value: string): string {
  return JSON.stringify(value);
}
