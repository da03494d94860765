import type { NextVersionReport } from '../../workflows/version-commands.ts';
import { checkDate } from '../check-values.ts';
import type { Command } from '../command.ts';
import { renderColumns } from '../text-layout.ts';

const OPTIONS = {
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue to look into; else ./catalogue' },
  date: {
    kind: 'text',
    value: 'YYYY-MM-DD',
    summary: 'day of the version; else of SOURCE_DATE_EPOCH, else today, UTC',
  },
  policy: {
    kind: 'choice',
    choices: ['daily', 'line'],
    default: 'daily',
    summary: 'daily: a new day gives a new version; line: only BUILD grows',
  },
} as const;

/** `mintmark version next LINE`: the version that a build would get now; reserves nothing. */
export const versionNextCommand: Command<typeof OPTIONS> = {
  name: 'version next',
  summary: 'show the version that the next build of a line would get',
  options: OPTIONS,
  positionals: [
    { name: 'LINE', summary: "what is versioned together, such as a profile's name", required: true },
  ],
  examples: [{ commandLine: 'mintmark version next server', does: 'nothing is reserved' }],
  run: async ({ options, positionals: [line = ''] }, context) => {
    const { nextVersion } = await import('../../workflows/version-commands.ts');
    const { versionDayOf } = await import('../../workflows/version-day.ts');
    const day = versionDayOf(checkDate('date', options.date), context.workflow);
    const report = await nextVersion(options.catalogue ?? context.catalogue, line, day, options.policy);
    return { document: { ...report }, result: renderNextVersion(report) };
  },
};

function renderNextVersion({ last, sameRecipe, otherRecipe }: NextVersionReport): string {
  if (last === undefined) return otherRecipe.long;
  return renderColumns([
    [sameRecipe.long, `with the recipe of ${last}`],
    [otherRecipe.long, 'with any other recipe'],
  ]).join('\n');
}
