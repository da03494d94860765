import type { OptionTable, OptionValues } from './option.ts';

/** Options that every command takes, before or after its name. */
export const GLOBAL_OPTIONS = {
  json: { kind: 'flag', summary: 'print exactly one JSON document on stdout at the end, also on failure' },
  events: { kind: 'text', value: 'FILE', summary: 'write progress to FILE as JSON lines' },
  quiet: { kind: 'flag', summary: 'no progress; only warnings, failures and the result' },
  verbose: { kind: 'flag', summary: 'plain lines with every detail and every program call' },
  'no-color': { kind: 'flag', summary: 'no colours; the variable NO_COLOR does the same' },
  help: { kind: 'flag', summary: 'show help; -h for short' },
  version: { kind: 'flag', summary: 'show the version of Mintmark' },
} as const satisfies OptionTable;

/** Parsed global options. */
export type GlobalValues = OptionValues<typeof GLOBAL_OPTIONS>;
