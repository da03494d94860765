import { Failure } from '../../errors/failure.ts';
import type { VerifyOutcome } from '../../workflows/verify-catalogue.ts';
import type { Command, CommandOutcome } from '../command.ts';
import type { OptionTable } from '../option.ts';
import { renderFindings } from '../render-findings.ts';
import type { TextLayout } from '../text-layout.ts';

const OPTIONS = {
  metadata: { kind: 'flag', summary: 'names, sizes and documents only; the content of files is not read' },
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue to verify; else ./catalogue' },
} as const satisfies OptionTable;

/** `mintmark verify`: whether every byte of the catalogue is as recorded. */
export const verifyCommand: Command<typeof OPTIONS> = {
  name: 'verify',
  summary: 'read the catalogue again, and name each file that is not as recorded',
  options: OPTIONS,
  positionals: [{ name: 'LINE', summary: 'only these lines', required: false, repeated: true }],
  examples: [
    {
      commandLine: 'mintmark verify',
      does: 'every byte of every release; completes what a killed change left',
    },
    { commandLine: 'mintmark verify server --metadata', does: 'one line, without the content of its files' },
  ],
  run: async ({ options, positionals }, { workflow, catalogue, layout }) => {
    const { verifyCatalogue, summarizeVerification } = await import('../../workflows/verify-catalogue.ts');
    const request = {
      catalogue: options.catalogue ?? catalogue,
      lines: positionals,
      metadata: options.metadata,
    };
    const outcome = await verifyCatalogue(request, workflow);
    return describeVerification(outcome, summarizeVerification(outcome), layout);
  },
};

/** The findings, with a failure of kind `conflict` when there are any. */
export function describeVerification(
  outcome: VerifyOutcome,
  summary: string,
  layout: TextLayout,
): CommandOutcome {
  const { findings, notes } = outcome;
  const described = { document: { ...outcome }, result: renderFindings(findings, notes, summary, layout) };
  if (findings.length === 0) return described;
  const files = new Set(findings.map(({ path }) => path)).size;
  const count = files === 1 ? '1 file is' : `${files} files are`;
  const message = `the catalogue is damaged: ${count} not as recorded`;
  const hint = 'restore these files from a copy, and verify again';
  const failure = new Failure('conflict', 'E_CATALOGUE_DAMAGED', message, { hint, evidence: { findings } });
  return { ...described, failure };
}
