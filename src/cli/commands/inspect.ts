import { Failure } from '../../errors/failure.ts';
import type { Verdict } from '../../inspection/consumer.ts';
import type { InspectedImage } from '../../workflows/inspect-image.ts';
import type { Command, CommandOutcome } from '../command.ts';
import { renderInspection } from '../render-inspection.ts';
import type { TextLayout } from '../text-layout.ts';

const OPTIONS = {
  deep: { kind: 'flag', summary: 'read all data, too: inflate what is compressed, compare digests' },
} as const;

/** `mintmark inspect`: what a disk image really is, whether it is sound, and who would take it. */
export const inspectCommand: Command<typeof OPTIONS> = {
  name: 'inspect',
  summary: 'show what a disk image really is, and who would take it',
  options: OPTIONS,
  positionals: [{ name: 'FILE', summary: 'image of any format; its name says nothing', required: true }],
  examples: [
    {
      commandLine: 'mintmark inspect disk.vhd',
      does: 'format, sizes, checksums, every fault, each consumer',
    },
    {
      commandLine: 'mintmark inspect --deep appliance.ova',
      does: 'besides, all of its data against its digests',
    },
  ],
  run: async ({ options, positionals }, { workflow, layout }) => {
    const { inspectImage } = await import('../../workflows/inspect-image.ts');
    const { judgeForAll } = await import('../../inspection/consumers.ts');
    const { clock, signal } = workflow;
    const image = await inspectImage(positionals[0] ?? '', { clock, signal, deep: options.deep });
    return describeInspection(image, judgeForAll(image.report), layout);
  },
};

/** The report, with a failure of kind `image-test` when the image or its chain is not sound. */
export function describeInspection(
  image: InspectedImage,
  consumers: readonly Verdict[],
  layout: TextLayout,
): CommandOutcome {
  const faults = [...image.report.faults, ...image.chainFaults];
  const outcome = { document: { image, consumers }, result: renderInspection(image, consumers, layout) };
  if (faults.length === 0) return outcome;
  const { furtherFaults } = image.report;
  const count = faults.length + furtherFaults;
  const message = `${image.path} is not sound: ${count === 1 ? '1 fault' : `${count} faults`}`;
  const evidence = { faults, furtherFaults };
  return { ...outcome, failure: new Failure('image-test', 'E_IMAGE_UNSOUND', message, { evidence }) };
}
