import { InvalidDocument, type Fault } from '../errors/fault.ts';
import type { Profile } from '../profiles/profile.ts';
import { secretsOf } from '../profiles/secrets.ts';
import type { PackerDialect } from './dialect.ts';
import type { PlannedFile } from './planned-file.ts';
import { secretVariable } from './provisioner-environment.ts';
import { planProvisioning } from './provisioning.ts';
import { planSource } from './qemu-source.ts';
import { renderProjectFile, type ProjectMeaning, type ProjectTemplate } from './render-templates.ts';
import { OPTIONAL_VARIABLES, REQUIRED_VARIABLES, type SecretVariable } from './variables.ts';

/** What a project is made from, beside the profile; nothing here is looked up. */
export interface ProjectInput {
  readonly dialect: PackerDialect;
  /** Text of each template of `packer-templates/`. */
  readonly templates: Readonly<Record<ProjectTemplate, string>>;
  /** Text of each script that the profile names, by that name. */
  readonly scripts: ReadonlyMap<string, string>;
}

/** A Packer project as data: what to write, and what it is meant to say. */
export interface PackerProject extends ProjectMeaning {
  readonly files: readonly PlannedFile[];
}

/** File of the project that holds its variables, source and build. */
export const MAIN_FILE = 'mintmark.pkr.hcl';
/** File of a modern project that names its plugins. */
export const PLUGINS_FILE = 'plugins.pkr.hcl';

/**
 * Plans the Packer project that builds a profile's disk.
 * Raises `E_PROFILE_INVALID` with every value that Packer could not carry.
 */
export function planPackerProject(profile: Profile, input: ProjectInput): PackerProject {
  const faults: Fault[] = architectureFaults(profile);
  const provisioning = planProvisioning(profile, input.scripts, faults);
  if (faults.length > 0) throw new InvalidDocument(`profile ${JSON.stringify(profile.name)}`, faults);
  const meaning: ProjectMeaning = {
    dialect: input.dialect,
    steps: provisioning.steps,
    source: planSource(profile, input.dialect),
    secrets: planSecrets(profile),
  };
  const names: ProjectTemplate[] =
    input.dialect.name === 'modern' ? [MAIN_FILE, PLUGINS_FILE, 'README.md'] : [MAIN_FILE, 'README.md'];
  const rendered = names.map((name) => ({
    path: name,
    mode: 0o644,
    content: renderProjectFile(input.templates[name], profile, meaning),
  }));
  return { ...meaning, files: [...rendered, ...provisioning.files] };
}

/** Names of all variables of a project, secrets too. */
export function variableNames(project: Pick<PackerProject, 'secrets'>): string[] {
  return [...REQUIRED_VARIABLES, ...OPTIONAL_VARIABLES, ...project.secrets].map(({ name }) => name);
}

function planSecrets(profile: Profile): SecretVariable[] {
  const sources = new Set(secretsOf(profile).map(({ fromEnv }) => fromEnv));
  return [...sources].toSorted().map((fromEnv) => ({ name: secretVariable(fromEnv), fromEnv }));
}

function architectureFaults(profile: Profile): Fault[] {
  const { architecture } = profile.os;
  if (architecture === 'amd64') return [];
  return [{ path: '.os.architecture', message: `cannot be built yet: only amd64; found "${architecture}"` }];
}
