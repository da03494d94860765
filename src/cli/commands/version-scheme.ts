import type { OptionTable } from '../option.ts';

/** How a version text that fits both schemes is to be read. */
export const SCHEME_OPTION = {
  scheme: {
    kind: 'choice',
    choices: ['auto', 'date', 'legacy'],
    default: 'auto',
    summary: 'how to read a text that fits both schemes; auto refuses it',
  },
} as const satisfies OptionTable;

/** The scheme asked for, or undefined to let the text decide. */
export function schemeOf(choice: 'auto' | 'date' | 'legacy'): 'date' | 'legacy' | undefined {
  return choice === 'auto' ? undefined : choice;
}
