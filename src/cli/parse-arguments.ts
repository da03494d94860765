import { didYouMean } from '../errors/suggestion.ts';
import type { Command, CommandInput } from './command.ts';
import { GLOBAL_OPTIONS, type GlobalValues } from './global-options.ts';
import type { OptionSpec, OptionTable } from './option.ts';
import { parseOptions, type RawValues } from './parse-options.ts';
import { usageFailure } from './usage-failure.ts';

/** A command line, understood. */
export interface ParsedArguments {
  /** Absent when only global options were given. */
  readonly command?: Command;
  readonly input: CommandInput<OptionTable>;
  readonly globals: GlobalValues;
}

/**
 * Reads a command line against the command table. Global options may stand before or after the command.
 * With `--help`, or as `help COMMAND`, nothing else is checked.
 *
 * Raises `E_USAGE` for anything it does not know or that is missing.
 */
export function parseArguments(argv: readonly string[], commands: readonly Command[]): ParsedArguments {
  const before = parseOptions(argv, GLOBAL_OPTIONS, { stopAtPositional: true });
  const words = before.rest.length > 0 ? before.rest : before.positionals;
  if (words.length === 0) return { globals: finishGlobals(before.values), input: EMPTY_INPUT };
  if (words[0] === 'help') return helpRequest(words.slice(1), commands, before.values);
  if (asksForHelp(argv)) return helpRequest(words, commands, before.values);
  const { command, rest } = resolveCommand(words, commands);
  const parsed = parseOptions(rest, { ...GLOBAL_OPTIONS, ...command.options }, { command: command.name });
  checkPositionals(command, parsed.positionals);
  return {
    command,
    globals: finishGlobals(new Map([...before.values, ...parsed.values])),
    input: { options: finishOptions(command, parsed.values), positionals: parsed.positionals },
  };
}

/** Whether `--json` was asked for; also answers when the rest of the line cannot be understood. */
export function asksForJson(argv: readonly string[]): boolean {
  return beforeDashes(argv).includes('--json');
}

/**
 * The command that the words begin with, and what follows it. Two words win over one.
 *
 * Raises `E_USAGE` with the nearest name.
 */
export function resolveCommand(
  words: readonly string[],
  commands: readonly Command[],
): { readonly command: Command; readonly rest: readonly string[] } {
  for (const count of [2, 1]) {
    const name = words.slice(0, count).join(' ');
    const command = commands.find((candidate) => candidate.name === name);
    if (command) return { command, rest: words.slice(count) };
  }
  throw unknownCommand(words, commands);
}

const EMPTY_INPUT: CommandInput<OptionTable> = { options: {}, positionals: [] };

function unknownCommand(words: readonly string[], commands: readonly Command[]): Error {
  const [first = '', second] = words;
  const visible = commands.filter((command) => command.hidden !== true);
  const members = visible
    .filter((command) => command.name.startsWith(`${first} `))
    .map((command) => command.name.slice(first.length + 1));
  if (members.length === 0) {
    const names = visible.map((command) => command.name.split(' ')[0] ?? '');
    return usageFailure(`unknown command ${printable(first)}${didYouMean(first, names)}`);
  }
  const hint = `mintmark ${first} --help shows them`;
  if (second === undefined || second.startsWith('-')) {
    return usageFailure(`${first} needs one of ${members.join(', ')}`, hint);
  }
  return usageFailure(`unknown command ${first} ${printable(second)}${didYouMean(second, members)}`, hint);
}

function asksForHelp(argv: readonly string[]): boolean {
  return beforeDashes(argv).some((word) => word === '--help' || word === '-h');
}

function beforeDashes(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? argv : argv.slice(0, end);
}

/** Help for a command, or for a group when the words name only that. */
function helpRequest(
  words: readonly string[],
  commands: readonly Command[],
  before: RawValues,
): ParsedArguments {
  const globals = {
    ...finishGlobals(before),
    help: true,
    json: before.has('json') || words.includes('--json'),
  };
  const [group = ''] = words;
  if (group === '' || group.startsWith('-')) return { globals, input: EMPTY_INPUT };
  const isGroup =
    commands.some((command) => command.name.startsWith(`${group} `)) &&
    !commands.some((command) => command.name === words.slice(0, 2).join(' '));
  if (isGroup) return { globals, input: { options: {}, positionals: [group] } };
  return { command: resolveCommand(words, commands).command, globals, input: EMPTY_INPUT };
}

function finishGlobals(values: RawValues): GlobalValues {
  const flag = (name: string): boolean => values.get(name) === true;
  const events = values.get('events');
  if (flag('quiet') && flag('verbose')) throw usageFailure('--quiet and --verbose contradict each other');
  return {
    json: flag('json'),
    events: typeof events === 'string' ? events : undefined,
    quiet: flag('quiet'),
    verbose: flag('verbose'),
    'no-color': flag('no-color'),
    help: flag('help'),
    version: flag('version'),
  };
}

function finishOptions(command: Command, values: RawValues): CommandInput<OptionTable>['options'] {
  const entries = Object.entries(command.options).map(
    ([name, spec]) => [name, values.get(name) ?? absentValue(command, name, spec)] as const,
  );
  // The table that types the values is the one they were parsed with.
  return Object.fromEntries(entries) as CommandInput<OptionTable>['options'];
}

function absentValue(
  command: Command,
  name: string,
  spec: OptionSpec,
): boolean | string | string[] | undefined {
  if (spec.kind === 'flag') return false;
  if (spec.kind === 'list') return [];
  if (spec.kind === 'choice') return spec.default;
  if (spec.kind === 'text' && spec.required) {
    throw usageFailure(`${command.name} needs --${name} ${spec.value}`, `mintmark ${command.name} --help`);
  }
  return undefined;
}

function checkPositionals(command: Command, positionals: readonly string[]): void {
  const hint = `mintmark ${command.name} --help shows how it is used`;
  const missing = command.positionals.find(
    (spec, index) => spec.required && positionals[index] === undefined,
  );
  if (missing) throw usageFailure(`${command.name} needs ${missing.name}: ${missing.summary}`, hint);
  const takesAll = command.positionals.at(-1)?.repeated === true;
  const surplus = positionals[command.positionals.length];
  if (surplus !== undefined && !takesAll) {
    throw usageFailure(`${command.name} does not know what to do with ${printable(surplus)}`, hint);
  }
}

/** Plain words as they are, anything else quoted, so that a message stays one readable line. */
function printable(word: string): string {
  return /^[\w./:@+-]+$/.test(word) ? word : JSON.stringify(word);
}
