import type { Command } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import type { OptionTable } from '../option.ts';
import { renderMove, renderReissue } from '../render-change.ts';
import { CHANGE } from './change-options.ts';

const OPTIONS = {
  reissue: {
    kind: 'flag',
    summary: 'file the old bytes under a new version, for clients that never go back',
  },
  policy: {
    kind: 'choice',
    choices: ['daily', 'line'],
    default: 'daily',
    summary: 'how that version is made; line: only BUILD grows',
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
    const { reason, by, policy } = options;
    const request = {
      release,
      channel,
      catalogue: options.catalogue ?? catalogue,
      ...definedMembers({ reason, by }),
    };
    if (options.reissue) {
      const { rollForward } = await import('../../workflows/roll-forward.ts');
      const outcome = await rollForward({ ...request, policy: policy }, workflow);
      return { document: { ...outcome }, result: renderReissue(outcome, layout) };
    }
    const { rollbackRelease } = await import('../../workflows/rollback-release.ts');
    const outcome = await rollbackRelease(request, workflow);
    return { document: { ...outcome }, result: renderMove(outcome, layout) };
  },
};
