import { DEFAULT_MACHINE } from '../../profiles/defaults.ts';
import { parseOutput } from '../../profiles/parse-output.ts';
import type { ConvertOutcome } from '../../workflows/convert-file.ts';
import type { Command } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import { renderConverted } from '../render-convert.ts';
import { usageFailure } from '../usage-failure.ts';

const OPTIONS = {
  to: {
    kind: 'list',
    value: 'FORMAT[.OUTER]',
    summary: 'what to make: qcow2, raw, vhd, vhdx, vmdk, ova; vhd.bz2',
  },
  out: { kind: 'text', value: 'DIR', summary: 'directory for the results', required: true },
  name: { kind: 'text', value: 'NAME', summary: "stem of the results' names; else the file's" },
  for: {
    kind: 'choice',
    choices: ['xenserver', 'hyperv'],
    default: 'xenserver',
    summary: 'whose rules a dynamic VHD follows',
  },
  compression: {
    kind: 'choice',
    choices: ['zlib', 'zstd', 'none'],
    default: 'zlib',
    summary: 'inside a qcow2',
  },
  compat: { kind: 'choice', choices: ['0.10', '1.1'], default: '1.1', summary: 'compatibility of a qcow2' },
  subformat: {
    kind: 'choice',
    choices: ['dynamic', 'fixed'],
    default: 'dynamic',
    summary: 'of a VHD; Azure takes fixed ones',
  },
  firmware: {
    kind: 'choice',
    choices: ['bios', 'efi'],
    default: 'bios',
    summary: 'firmware that an OVA names',
  },
} as const;

/** `mintmark convert`: one image to any formats. */
export const convertCommand: Command<typeof OPTIONS> = {
  name: 'convert',
  summary: 'convert a disk image to other formats, each verified',
  options: OPTIONS,
  positionals: [{ name: 'FILE', summary: 'any disk image; its content decides what it is', required: true }],
  examples: [
    {
      commandLine: 'mintmark convert disk.qcow2 --to ova,vhd.bz2 --out made',
      does: 'for VMware and XenServer',
    },
    { commandLine: 'mintmark convert disk.raw --to vhd --subformat fixed --out made', does: 'for Azure' },
  ],
  run: async ({ options, positionals }, context) => {
    const [file = ''] = positionals;
    const outputs = options.to.flatMap((list) => list.split(',')).map((text) => parseOutput(text, options));
    if (outputs.length === 0) throw usageFailure('convert needs --to FORMAT', 'such as --to ova,vhd.bz2');
    const { convertFile } = await import('../../workflows/convert-file.ts');
    const outcome = await convertFile(
      {
        file,
        outputs,
        directory: options.out,
        machine: DEFAULT_MACHINE,
        firmware: options.firmware,
        hypervisor: options.for,
        ...definedMembers({ name: options.name }),
      },
      context.workflow,
    );
    return {
      document: { ...outcome },
      summary: renderConverted(outcome, context.summaryLayout),
      result: pathsOf(outcome),
    };
  },
};

function pathsOf({ images }: ConvertOutcome): string {
  return images.map(({ path }) => path).join('\n');
}
