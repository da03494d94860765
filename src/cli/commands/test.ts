import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { BOOT_CONTRACTS } from '../../guest/boot-contract-name.ts';
import { checkContract, checkPositive, checkTarget } from '../check-values.ts';
import type { Command } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import type { OptionTable } from '../option.ts';
import { renderTestSummary } from '../render-test.ts';
import { ACCELERATOR, targetsOf } from './profile-options.ts';

const OPTIONS = {
  contract: {
    kind: 'text',
    value: 'CONTRACT',
    summary: `how machines are set up, if not as promised: ${BOOT_CONTRACTS.join(', ')}`,
  },
  target: {
    kind: 'list',
    value: 'TARGET',
    summary: 'only what is for this target; of a file, what it is for',
  },
  alone: { kind: 'flag', summary: 'boot each artifact once; no second machine to compare the only one with' },
  junit: { kind: 'text', value: 'FILE', summary: 'write junit.xml here, too' },
  out: {
    kind: 'text',
    value: 'DIR',
    summary: 'directory for reports and evidence; else one of the state directory',
  },
  'ssh-user': { kind: 'text', value: 'USER', summary: 'who logs in, where the contract leaves that open' },
  memory: { kind: 'number', value: 'MIB', summary: 'memory of each machine; else 1024' },
  timeout: { kind: 'number', value: 'SECONDS', summary: 'how long a machine may take to get ready' },
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue to look into; else ./catalogue' },
  ...ACCELERATOR,
} as const satisfies OptionTable;

/** `mintmark test`: boots what was built, and holds it to what it promises. */
export const testCommand: Command<typeof OPTIONS> = {
  name: 'test',
  summary: 'boot a release or an image, and hold it to what it promises',
  options: OPTIONS,
  positionals: [
    {
      name: 'RELEASE|FILE',
      summary: 'LINE, LINE@VERSION, the directory of a release, or an image',
      required: true,
    },
  ],
  examples: [
    { commandLine: 'mintmark test server', does: 'every artifact of the latest release of a line' },
    {
      commandLine: 'mintmark test cosmic-systemvm@26.11.21 --target vmware',
      does: 'one artifact of a release',
    },
    { commandLine: 'mintmark test disk.qcow2 --junit junit.xml', does: 'any image that cloud-init sets up' },
  ],
  run: async ({ options, positionals }, { workflow, catalogue, layout }) => {
    const { testRelease } = await import('../../workflows/test-release.ts');
    const { report, directory, failure } = await testRelease(
      {
        subject: positionals[0] ?? '',
        catalogue: options.catalogue ?? catalogue,
        targets: targetsOf(options.target).map(checkTarget),
        accelerator: options.accel,
        isAlone: options.alone,
        ...definedMembers({
          contract: checkContract(options.contract),
          sshUser: options['ssh-user'],
          memoryMiB: checkPositive('memory', options.memory),
          readyDeadlineMs: millisecondsOf(checkPositive('timeout', options.timeout)),
          out: options.out === undefined ? undefined : resolve(options.out),
        }),
      },
      workflow,
    );
    if (options.junit !== undefined) {
      await mkdir(dirname(resolve(options.junit)), { recursive: true });
      await copyFile(join(directory, 'junit.xml'), options.junit);
    }
    return {
      document: { report, directory },
      result: `${renderTestSummary(report, layout)}\n\n  reports   ${directory}`,
      ...(failure === undefined ? {} : { failure }),
    };
  },
};

function millisecondsOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : 1000 * seconds;
}
