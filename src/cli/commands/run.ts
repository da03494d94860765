import { Failure } from '../../errors/failure.ts';
import { BOOT_CONTRACTS } from '../../guest/boot-contract-name.ts';
import { checkContract, checkPort, checkPositive, checkTarget } from '../check-values.ts';
import type { Command } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import type { OptionTable } from '../option.ts';
import { renderRun } from '../render-run.ts';
import { ACCELERATOR } from './profile-options.ts';

const OPTIONS = {
  target: {
    kind: 'text',
    value: 'TARGET',
    summary: 'the artifact for this target; of a file, what it is for',
  },
  contract: {
    kind: 'text',
    value: 'CONTRACT',
    summary: `how the machine is told who it is, if not as promised: ${BOOT_CONTRACTS.join(', ')}`,
  },
  memory: { kind: 'number', value: 'MIB', summary: 'memory of the machine; else 1024' },
  cpus: { kind: 'number', value: 'N', summary: 'processors; else 1 under emulation, 2 with KVM' },
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue of the release; else ./catalogue' },
  'ssh-user': { kind: 'text', value: 'USER', summary: 'who logs in, where the contract leaves that open' },
  'ssh-port': { kind: 'number', value: 'PORT', summary: 'port of 127.0.0.1 for SSH; else a free one' },
  ...ACCELERATOR,
} as const satisfies OptionTable;

/** `mintmark run`: boots an image for a person. */
export const runCommand: Command<typeof OPTIONS> = {
  name: 'run',
  summary: 'boot an image for a person: console, SSH; thrown away at the end',
  options: OPTIONS,
  positionals: [
    {
      name: 'RELEASE|FILE',
      summary: 'LINE, LINE@VERSION, the directory of a release, an image, or the run of a build',
      required: true,
    },
  ],
  examples: [
    { commandLine: 'mintmark run server', does: 'the latest release, its console on this terminal' },
    { commandLine: 'mintmark run disk.vhd --target hyperv', does: 'a file in a machine like that' },
    {
      commandLine: 'mintmark run 20261121-0731-kvm-1f3a --contract cloudstack',
      does: 'what a build that failed has left',
    },
  ],
  run: async ({ options, positionals }, { workflow, catalogue, openTerminal }) => {
    const { runImage } = await import('../../workflows/run-image.ts');
    const outcome = await runImage(
      {
        image: positionals[0] ?? '',
        catalogue: options.catalogue ?? catalogue,
        accelerator: options.accel,
        ...definedMembers({
          target: options.target === undefined ? undefined : checkTarget(options.target),
          contract: checkContract(options.contract),
          memoryMiB: checkPositive('memory', options.memory),
          cpus: checkPositive('cpus', options.cpus),
          sshUser: options['ssh-user'],
          sshPort: checkPort('ssh-port', options['ssh-port']),
          terminal: openTerminal(),
        }),
      },
      workflow,
    );
    const end = { document: { ...outcome }, summary: renderRun(outcome) };
    return outcome.endedBy === 'signal' ? { ...end, failure: interruption(workflow.signal) } : end;
  },
};

function interruption({ reason }: AbortSignal): Failure {
  return reason instanceof Failure ? reason : new Failure('interrupted', 'E_INTERRUPTED', 'interrupted');
}
