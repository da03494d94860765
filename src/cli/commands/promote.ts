import type { Command } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import type { OptionTable } from '../option.ts';
import { renderMove } from '../render-change.ts';
import { CHANGE, RELEASE } from './change-options.ts';

const OPTIONS = {
  'test-result': {
    kind: 'text',
    value: 'FILE',
    summary: 'test-result.json of mintmark test; else the one filed with the release',
  },
  ...CHANGE,
} as const satisfies OptionTable;

/** `mintmark promote`: a channel goes on to the bytes of a release. */
export const promoteCommand: Command<typeof OPTIONS> = {
  name: 'promote',
  summary: 'point a channel to a release',
  options: OPTIONS,
  positionals: [RELEASE, { name: 'CHANNEL', summary: 'tested, stable, or gm-PRODUCT', required: true }],
  examples: [
    {
      commandLine: 'mintmark promote server@26.11.21-1.57 tested',
      does: 'needs a passed test of these very bytes',
    },
    { commandLine: 'mintmark promote server@tested stable', does: 'what is on tested goes on to stable' },
  ],
  run: async ({ options, positionals: [release = '', channel = ''] }, { workflow, catalogue, layout }) => {
    const { promoteRelease } = await import('../../workflows/promote-release.ts');
    const { reason, by } = options;
    const outcome = await promoteRelease(
      {
        release,
        channel,
        catalogue: options.catalogue ?? catalogue,
        ...definedMembers({ reason, by, testResult: options['test-result'] }),
      },
      workflow,
    );
    return { document: { ...outcome }, result: renderMove(outcome, layout) };
  },
};
