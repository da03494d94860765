import { checkDate } from '../check-values.ts';
import type { Command } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import type { OptionTable } from '../option.ts';
import { renderPin } from '../render-change.ts';
import { usageFailure } from '../usage-failure.ts';
import { CHANGE, RELEASE } from './change-options.ts';

const OPTIONS = {
  until: { kind: 'text', value: 'YYYY-MM-DD', summary: 'last day of the pin; else for ever' },
  remove: { kind: 'flag', summary: 'take its pins away instead' },
  ...CHANGE,
} as const satisfies OptionTable;

/** `mintmark pin`: a release stays, whatever the rules of retention say. */
export const pinCommand: Command<typeof OPTIONS> = {
  name: 'pin',
  summary: 'keep a release from being pruned',
  options: OPTIONS,
  positionals: [RELEASE],
  examples: [
    {
      commandLine: "mintmark pin server@26.11.21-1.57 --reason 'customer X' --until 2027-06-30",
      does: 'for a time',
    },
    { commandLine: 'mintmark pin server@26.11.21-1.57 --remove', does: 'the rules decide again' },
  ],
  run: async ({ options, positionals: [release = ''] }, { workflow, catalogue, layout }) => {
    const { reason, by, remove } = options;
    if (reason === undefined && !remove)
      throw usageFailure('pin needs --reason TEXT', 'say who needs the release');
    const { pinRelease } = await import('../../workflows/pin-release.ts');
    const until = checkDate('until', options.until);
    const outcome = await pinRelease(
      {
        release,
        remove,
        catalogue: options.catalogue ?? catalogue,
        ...definedMembers({ reason, by, until }),
      },
      workflow,
    );
    return { document: { ...outcome }, result: renderPin(outcome, { remove, until }, layout) };
  },
};
