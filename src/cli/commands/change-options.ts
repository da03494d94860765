import type { OptionTable } from '../option.ts';

/** Where the catalogue is; every command that reads or changes releases has it. */
export const CATALOGUE = {
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue; else ./catalogue' },
} as const satisfies OptionTable;

/** Who changes something, and why; every command that changes releases has them. */
export const CHANGE = {
  reason: { kind: 'text', value: 'TEXT', summary: 'why; kept in the history' },
  by: { kind: 'text', value: 'NAME', summary: 'who; else user@host of whoever runs this' },
  ...CATALOGUE,
} as const satisfies OptionTable;

/** The argument that names a release. */
export const RELEASE = {
  name: 'RELEASE',
  summary: 'LINE@VERSION; VERSION may be a channel or a range such as 26.11.x',
  required: true,
} as const;
