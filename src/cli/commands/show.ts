import type { Command } from '../command.ts';
import type { OptionTable } from '../option.ts';
import { renderRelease } from '../render-release.ts';

const OPTIONS = {
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue to look into; else ./catalogue' },
} as const satisfies OptionTable;

/** `mintmark show`: what one release is. */
export const showCommand: Command<typeof OPTIONS> = {
  name: 'show',
  summary: 'show what a release is, where it is used, and what happened to it',
  options: OPTIONS,
  positionals: [
    { name: 'RELEASE', summary: 'LINE (its latest) or LINE@VERSION, @CHANNEL, @RANGE', required: true },
  ],
  examples: [
    { commandLine: 'mintmark show server@stable', does: 'the release that people use' },
    { commandLine: 'mintmark show server@26.11.21-1.57', does: 'one release, also when its files are gone' },
  ],
  run: async ({ options, positionals: [text = ''] }, { workflow, catalogue, layout }) => {
    const { showRelease } = await import('../../workflows/show-release.ts');
    const shown = await showRelease(options.catalogue ?? catalogue, text, workflow);
    return { document: { ...shown }, result: renderRelease(shown, layout) };
  },
};
