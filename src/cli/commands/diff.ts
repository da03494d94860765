import { resolve } from 'node:path';
import type { ReleaseDiff } from '../../catalogue/release-diff.ts';
import { Failure } from '../../errors/failure.ts';
import { writeFileAtomically } from '../../host/files.ts';
import type { Command } from '../command.ts';
import type { OptionTable } from '../option.ts';
import { renderDiff } from '../render-diff.ts';
import { DEFAULT_WIDTH, type TextLayout } from '../text-layout.ts';
import { PLAIN_STYLE } from '../text-style.ts';

const OPTIONS = {
  format: {
    kind: 'choice',
    choices: ['text', 'json', 'markdown'],
    default: 'text',
    summary: 'how it is written; text cuts long lists',
  },
  out: { kind: 'text', value: 'FILE', summary: 'write it into this file' },
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue to look into; else ./catalogue' },
} as const satisfies OptionTable;

/** `mintmark diff`: what changed between two releases, from what was recorded of them. */
export const diffCommand: Command<typeof OPTIONS> = {
  name: 'diff',
  summary: 'show what changed between two releases',
  options: OPTIONS,
  positionals: [
    {
      name: 'A',
      summary:
        'LINE, LINE@VERSION, or the directory of a release; alone, it is compared with the one before it',
      required: true,
    },
    { name: 'B', summary: 'the newer release, in the same words', required: false },
  ],
  examples: [
    { commandLine: 'mintmark diff server', does: 'the latest release against the one before it' },
    {
      commandLine: 'mintmark diff server@stable server@candidate',
      does: 'what would change for users of stable',
    },
    {
      commandLine: 'mintmark diff server --format markdown --out diff.md',
      does: 'as a page',
    },
  ],
  run: async ({ options, positionals }, { workflow, catalogue, layout }) => {
    const { diffNamedReleases } = await import('../../workflows/diff-named-releases.ts');
    const { summarizeDiff } = await import('../../catalogue/summarize-diff.ts');
    const [first = '', second] = positionals;
    const request = { first, second, catalogue: options.catalogue ?? catalogue };
    const diff = await diffNamedReleases(request, workflow);
    const document = { summary: summarizeDiff(diff), diff };
    if (options.out === undefined) return { document, result: await renderAs(options.format, diff, layout) };
    const path = resolve(options.out);
    await writeOutput(
      path,
      await renderAs(options.format, diff, { width: DEFAULT_WIDTH, style: PLAIN_STYLE }),
    );
    return { document: { ...document, out: path }, result: path };
  },
};

/** The difference in one of the ways to write it, without a line end after it. */
async function renderAs(format: string, diff: ReleaseDiff, layout: TextLayout): Promise<string> {
  if (format === 'text') return renderDiff(diff, layout).trimEnd();
  if (format === 'markdown') {
    const { renderDiffMarkdown } = await import('../../reports/diff-markdown.ts');
    return renderDiffMarkdown(diff).trimEnd();
  }
  const { renderReleaseDiff } = await import('../../catalogue/release-diff.ts');
  return renderReleaseDiff(diff).trimEnd();
}

async function writeOutput(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomically(path, `${text}\n`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('host', 'E_OUTPUT', `${path} could not be written`, { details: [reason], cause });
  }
}
