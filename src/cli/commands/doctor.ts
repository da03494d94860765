import { Failure } from '../../errors/failure.ts';
import type { DoctorReport } from '../../workflows/doctor.ts';
import { checkMirror } from '../check-values.ts';
import type { Command, CommandOutcome } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import { renderDoctor } from '../render-doctor.ts';
import type { TextLayout } from '../text-layout.ts';
import { PACKER } from './profile-options.ts';

const OPTIONS = {
  catalogue: { kind: 'text', value: 'DIR', summary: 'catalogue that builds will file in; else ./catalogue' },
  ...PACKER,
  mirror: { kind: 'text', value: 'URL', summary: "package mirror to ask; else this host's own" },
  offline: { kind: 'flag', summary: 'do not ask a mirror' },
} as const;

/** `mintmark doctor`: whether this machine can build, and what to do where it cannot. */
export const doctorCommand: Command<typeof OPTIONS> = {
  name: 'doctor',
  summary: 'look at everything a build needs of this machine',
  options: OPTIONS,
  positionals: [],
  examples: [{ commandLine: 'mintmark doctor', does: 'tools, accelerator, space, memory, ports, mirror' }],
  run: async ({ options }, { workflow, catalogue, layout }) => {
    const mirror = checkMirror('mirror', options.mirror);
    const { runDoctor } = await import('../../workflows/doctor.ts');
    const request = {
      catalogue: options.catalogue ?? catalogue,
      offline: options.offline,
      ...definedMembers({ packer: options.packer, mirror }),
    };
    return describeReport(await runDoctor(request, workflow), layout);
  },
};

/** The report, with a failure of kind `host` when a build could not work. */
export function describeReport({ healthy, findings }: DoctorReport, layout: TextLayout): CommandOutcome {
  const outcome = { document: { healthy, findings }, result: renderDoctor(findings, layout) };
  if (healthy) return outcome;
  const failed = findings.filter(({ status }) => status === 'fail').map(({ name }) => name);
  const message = `this machine cannot build yet: ${failed.join(', ')}`;
  const hint = 'the remedies above say what to do';
  return { ...outcome, failure: new Failure('host', 'E_DOCTOR', message, { hint, evidence: { failed } }) };
}
