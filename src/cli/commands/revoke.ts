import type { Command } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import type { OptionTable } from '../option.ts';
import { renderRevocation } from '../render-change.ts';
import { CHANGE, RELEASE } from './change-options.ts';

const OPTIONS = {
  ...CHANGE,
  reason: { kind: 'text', value: 'TEXT', summary: 'why; everybody who asks for it is told', required: true },
  replacement: {
    kind: 'text',
    value: 'VERSION',
    summary: 'what its channels point to instead; previous: each to its head before; none: to nothing',
  },
} as const satisfies OptionTable;

/** `mintmark revoke`: nobody shall use a release any more. */
export const revokeCommand: Command<typeof OPTIONS> = {
  name: 'revoke',
  summary: 'say that a release must not be used any more',
  options: OPTIONS,
  positionals: [RELEASE],
  examples: [
    {
      commandLine: "mintmark revoke server@26.11.21-1.57 --reason 'no network'",
      does: 'one that no channel points to',
    },
    {
      commandLine: "mintmark revoke server@stable --reason 'no network' --replacement previous",
      does: 'channels move in the same step',
    },
  ],
  run: async ({ options, positionals: [release = ''] }, { workflow, catalogue, layout }) => {
    const { revokeRelease } = await import('../../workflows/revoke-release.ts');
    const { reason, by, replacement } = options;
    const outcome = await revokeRelease(
      { release, reason, catalogue: options.catalogue ?? catalogue, ...definedMembers({ by, replacement }) },
      workflow,
    );
    return { document: { ...outcome }, result: renderRevocation(outcome, layout) };
  },
};
