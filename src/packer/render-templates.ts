import { escapeGoTemplate, hclComment, hclLiteral, isHclValue } from '../hcl/literal.ts';
import type { Profile } from '../profiles/profile.ts';
import { renderTemplate } from '../templates/render.ts';
import { hasQemuOption, QEMU_PLUGIN_CONSTRAINT, type PackerDialect } from './dialect.ts';
import { GUEST_RUN_DIRECTORY, type PlannedProvisioner, type ProvisioningStep } from './provisioning.ts';
import { RUN_FILES, type SourceOptions } from './qemu-source.ts';
import {
  OPTIONAL_VARIABLES,
  REQUIRED_VARIABLES,
  type ProjectVariable,
  type RequiredVariable,
  type SecretVariable,
} from './variables.ts';

/** Files of a project that have a template, by their path in the project; the template's name adds `.hbs`. */
export const PROJECT_TEMPLATES = ['mintmark.pkr.hcl', 'plugins.pkr.hcl', 'README.md'] as const;

/** A file of a project that has a template. */
export type ProjectTemplate = (typeof PROJECT_TEMPLATES)[number];

/** What the templates say: a project without its text. */
export interface ProjectMeaning {
  readonly dialect: PackerDialect;
  /** What happens in the guest, in order, as a person follows it. */
  readonly steps: readonly ProvisioningStep[];
  readonly source: SourceOptions;
  /** Variables whose values are secrets: only Packer's environment may carry them. */
  readonly secrets: readonly SecretVariable[];
}

/** The only ways in which a value becomes text of a template. */
const HELPERS = {
  hcl: (value: unknown, depth: number): string => {
    if (!isHclValue(value)) throw new Error('a template writes what HCL has no literal for');
    return hclLiteral(value, depth);
  },
  comment: (value: unknown): string => hclComment(String(value)),
};

/** Renders one file of a project from its template. */
export function renderProjectFile(template: string, profile: Profile, project: ProjectMeaning): string {
  return renderTemplate(template, templateContext(profile, project), HELPERS);
}

function templateContext(profile: Profile, project: ProjectMeaning): object {
  const { dialect, steps, source, secrets } = project;
  const width = Math.max(0, ...secrets.map(({ name }) => name.length));
  return {
    profile,
    packerVersion: dialect.name === 'modern' ? '1.10 and later' : '1.6.5 and 1.6.6',
    dialect: {
      classic: dialect.name === 'classic',
      modern: dialect.name === 'modern',
      cpuModelOption: hasQemuOption(dialect, 'cpu_model'),
    },
    pluginConstraint: QEMU_PLUGIN_CONSTRAINT,
    variables: [...REQUIRED_VARIABLES, ...OPTIONAL_VARIABLES].map(variableContext),
    secrets: secrets.map(({ name, fromEnv }) => ({
      name,
      fromEnv,
      padded: name.padEnd(width),
      description: `Secret of the profile, from the variable ${fromEnv}`,
    })),
    goTemplate: { open: '{{', escaped: escapeGoTemplate('{{') },
    runFiles: RUN_FILES,
    source: { qemu_img_args: false, ...source },
    stepCount: steps.length === 1 ? 'one step' : `${steps.length} steps`,
    steps: steps.map((step, index) => ({
      number: index + 1,
      total: steps.length,
      name: step.name,
      provisioners: step.provisioners.map(provisionerContext),
    })),
    commandLine: exampleCommandLine(),
  };
}

function variableContext(variable: ProjectVariable): object {
  return { ...variable, optional: variable.defaultValue !== undefined };
}

function provisionerContext(provisioner: PlannedProvisioner): object {
  if (provisioner.type === 'file') return { ...provisioner, upload: true };
  return {
    ...provisioner,
    upload: false,
    remoteFolder: GUEST_RUN_DIRECTORY,
    // The directory is in memory, so only what must not outlive its step is worth a further SSH session.
    skipClean: !provisioner.environmentAsFile,
  };
}

/** Values for a run by hand; those with `$` are for the shell. */
const EXAMPLE_VALUES: Readonly<Record<RequiredVariable, string>> = {
  base_disk: '"$BASE/base.qcow2"',
  base_sha256: '"$(sha256sum <"$BASE/base.qcow2" | cut -c 1-64)"',
  root_uuid: '"$(sed -n \'s/.*"rootUuid": "\\(.*\\)".*/\\1/p\' "$BASE/entry.json")"',
  kernel: '"$BASE/vmlinuz"',
  initrd: '"$BASE/microvm.cpio.gz"',
  ssh_private_key_file: 'build-key',
  ssh_public_key_base64: '"$(base64 -w 0 <build-key.pub)"',
  output_directory: 'output',
  run_directory: '"$PWD/run"',
};

function exampleCommandLine(): string {
  const variables = REQUIRED_VARIABLES.map(({ name }) => `  -var ${name}=${EXAMPLE_VALUES[name]} \\\n`);
  return `packer build -on-error=cleanup \\\n${variables.join('')}  .`;
}
