import { checkAssignments } from '../check-values.ts';
import type { Command } from '../command.ts';
import { definedMembers } from '../defined-members.ts';
import { usageFailure } from '../usage-failure.ts';
import { ONE_PROFILE, PROFILE_CHANGES, targetsOf } from './profile-options.ts';

const OPTIONS = {
  ...ONE_PROFILE,
  out: { kind: 'text', value: 'DIR', summary: 'directory for the project, new or empty', required: true },
  'packer-version': {
    kind: 'text',
    value: 'V',
    summary: 'write for this Packer; else for the installed one',
  },
  ...PROFILE_CHANGES,
} as const;

/** `mintmark render`: the Packer project as `build` would run it, for a person to read and run. */
export const renderCommand: Command<typeof OPTIONS> = {
  name: 'render',
  summary: 'write the Packer project of a profile to a directory',
  options: OPTIONS,
  positionals: [],
  examples: [
    { commandLine: 'mintmark render --profile kvm --out /tmp/kvm', does: 'HCL, scripts and a README' },
    {
      commandLine: 'mintmark render --profile kvm --out /tmp/kvm --packer-version 1.11.2',
      does: 'for a new Packer',
    },
  ],
  run: async ({ options }, { workflow, summaryLayout }) => {
    const request = {
      reference: options.profile,
      targets: targetsOf(options.target),
      set: checkAssignments('set', options.set),
      out: options.out,
      ...definedMembers({ packerVersion: checkVersion(options['packer-version']) }),
    };
    const { renderProfileProject } = await import('../../workflows/render-profile.ts');
    const { directory, dialect, files } = await renderProfileProject(request, workflow);
    const about = summaryLayout.style.dim(`${files.length} files for Packer ${dialect.version}`);
    return {
      document: { directory, packerVersion: dialect.version, dialect: dialect.name, files },
      summary: `${directory}\n  ${about}`,
      result: directory,
    };
  },
};

function checkVersion(text: string | undefined): string | undefined {
  if (text === undefined || /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(text)) return text;
  throw usageFailure(`--packer-version must be a version such as 1.11.2; found ${JSON.stringify(text)}`);
}
