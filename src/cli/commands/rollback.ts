import type { Command } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import type { OptionTable } from '../option.ts';
import { renderMove } from '../render-change.ts';
import { CHANGE } from './change-options.ts';

const OPTIONS = {
  reissue: {
    kind: 'flag',
    summary: 'file the old bytes under a new version, for clients that never go back',
  },
  ...CHANGE,
} as const satisfies OptionTable;

/** `mintmark rollback`: a channel goes back to what was on it. */
export const rollbackCommand: Command<typeof OPTIONS> = {
  name: 'rollback',
  summary: 'take a channel back to a release that was on it',
  options: OPTIONS,
  positionals: [
    { name: 'RELEASE', summary: 'LINE, for the head before, or LINE@VERSION', required: true },
    { name: 'CHANNEL', summary: 'candidate, tested, stable, or gm-PRODUCT', required: true },
  ],
  examples: [{ commandLine: 'mintmark rollback server stable', does: 'to the head before' }],
  run: async ({ options, positionals: [release = '', channel = ''] }, { workflow, catalogue, layout }) => {
    const { rollbackRelease } = await import('../../workflows/rollback-release.ts');
    const { reason, by } = options;
    const outcome = await rollbackRelease(
      {
        release,
        channel,
        catalogue: options.catalogue ?? catalogue,
        ...definedMembers({ reason, by }),
      },
      workflow,
    );
    return { document: { ...outcome }, result: renderMove(outcome, layout) };
  },
};
