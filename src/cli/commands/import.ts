import { UNKNOWN } from '../../manifests/release.ts';
import type { ImportedRelease } from '../../workflows/import-release.ts';
import { renderByteSize } from '../../values/byte-size.ts';
import { checkTarget } from '../check-values.ts';
import type { Command, CommandOutcome } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import { renderColumns } from '../text-layout.ts';

const OPTIONS = {
  line: { kind: 'text', value: 'LINE', summary: 'line that it becomes a release of', required: true },
  version: {
    kind: 'text',
    value: 'VERSION',
    summary: 'such as 26.11.21-1.57; without BUILD it takes the next one, without REV 1',
    required: true,
  },
  target: {
    kind: 'list',
    value: 'TARGET',
    summary: 'whom each file is for, in their order, or all; else who usually takes it',
  },
  name: { kind: 'text', value: 'NAME', summary: "stem of the file names; else the line's" },
  arch: {
    kind: 'choice',
    choices: ['x86_64', 'aarch64'],
    default: 'x86_64',
    summary: 'whose machine code is in it',
  },
  parent: { kind: 'text', value: 'LINE@LONG', summary: 'release that it was made from' },
  link: {
    kind: 'flag',
    summary: 'share the bytes of the files, which must never be written to again, instead of copying',
  },
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue to file it in; else ./catalogue' },
  by: { kind: 'text', value: 'WHO', summary: 'who is named in the history; else user@host' },
} as const;

/** `mintmark import`: images that were made elsewhere become a release. */
export const importCommand: Command<typeof OPTIONS> = {
  name: 'import',
  summary: 'file images that were made elsewhere as a release',
  options: OPTIONS,
  positionals: [
    { name: 'FILE', summary: 'the same disk in one or more formats', required: true, repeated: true },
  ],
  examples: [
    {
      commandLine: 'mintmark import systemvm.qcow2 --line systemvm --version 26.10.3',
      does: 'proven, and filed as the next BUILD',
    },
    {
      commandLine: 'mintmark import a.vhd a.qcow2.bz2 --line systemvm --version 26.10.3-1.4',
      does: 'two formats; 4 must never have been taken',
    },
  ],
  run: async ({ options, positionals }, { workflow, catalogue }) => {
    const { importRelease } = await import('../../workflows/import-release.ts');
    const { line, version, name, parent, by, link, arch } = options;
    const imported = await importRelease(
      {
        line,
        version,
        files: positionals,
        targets: options.target.map(checkTarget),
        arch,
        link,
        catalogue: options.catalogue ?? catalogue,
        ...definedMembers({ name, parent, by }),
      },
      workflow,
    );
    return describeImport(imported);
  },
};

/** What was filed, for people and as a document. */
export function describeImport({
  line,
  long,
  directory,
  manifest,
  isLatest,
}: ImportedRelease): CommandOutcome {
  const { artifacts, os } = manifest;
  const rows = artifacts.map(({ file, sizeBytes, virtualSizeBytes, target }) => [
    file,
    renderByteSize(sizeBytes),
    `disk of ${renderByteSize(virtualSizeBytes)} for ${target}`,
  ]);
  const system = `system ${os.id} ${os.version}, kernel ${os.kernel}`;
  const result = [
    `${line} ${long} is filed${isLatest ? ', and latest' : ''}`,
    ...renderColumns(rows, 2),
    `  ${os.id === UNKNOWN ? 'system unknown: only a raw disk is looked into' : system}`,
    `to go on: mintmark test ${line}@${long} --out DIR`,
  ];
  return { document: { line, version: long, directory, isLatest, artifacts, os }, result: result.join('\n') };
}
