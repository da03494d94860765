import { checkPositive } from '../check-values.ts';
import type { Command } from '../command.ts';
import type { OptionTable } from '../option.ts';
import { renderLines, renderReleaseList } from '../render-releases.ts';

/** Rows that fit a screen. */
const DEFAULT_LIMIT = 20;

const OPTIONS = {
  all: { kind: 'flag', summary: 'releases that were withdrawn, too' },
  limit: {
    kind: 'number',
    value: 'N',
    summary: `how many releases of a line to show; else ${DEFAULT_LIMIT}`,
  },
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue to look into; else ./catalogue' },
} as const satisfies OptionTable;

/** `mintmark releases`: what the catalogue has. */
export const releasesCommand: Command<typeof OPTIONS> = {
  name: 'releases',
  summary: 'list the lines of the catalogue, or the releases of one',
  options: OPTIONS,
  positionals: [
    {
      name: 'LINE[@RANGE]',
      summary: 'only this line; of it, what a channel or range means',
      required: false,
    },
  ],
  examples: [
    { commandLine: 'mintmark releases', does: 'every line with its newest release and its channels' },
    { commandLine: 'mintmark releases server', does: 'the releases of a line, newest first' },
    { commandLine: 'mintmark releases server@26.11.x', does: 'those of November 2026' },
  ],
  run: async ({ options, positionals: [text] }, { workflow, catalogue: usual, layout }) => {
    const { listLines, listReleases } = await import('../../workflows/list-releases.ts');
    const catalogue = options.catalogue ?? usual;
    if (text === undefined) {
      const lines = await listLines(catalogue, workflow);
      return {
        document: { lines },
        result: lines.length === 0 ? `nothing is filed in ${catalogue}` : renderLines(lines, layout),
      };
    }
    const limit = checkPositive('limit', options.limit) ?? DEFAULT_LIMIT;
    const list = await listReleases(catalogue, text);
    return { document: { ...list }, result: renderReleaseList(list, { all: options.all, limit }, layout) };
  },
};
