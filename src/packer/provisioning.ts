import { posix } from 'node:path';
import type { Fault } from '../errors/fault.ts';
import { carriageOf } from '../hcl/literal.ts';
import { hclReference, hclTemplate, type HclTemplate } from '../hcl/template.ts';
import type { FileProvisioner, Profile, ShellProvisioner } from '../profiles/profile.ts';
import { embedValues, inlineScript, interpreterOf, isShell, unixLineEnds } from './guest-script.ts';
import { placedFilesScript, planPlacedFiles } from './placed-files.ts';
import { ordinal, slugOf, type PlannedFile } from './planned-file.ts';
import { planEnvironment } from './provisioner-environment.ts';

/** Directory of the guest, in memory, where the build keeps what must not reach the disk. */
export const GUEST_RUN_DIRECTORY = '/run/mintmark';

/** A `provisioner` block of the project. */
export type PlannedProvisioner = PlannedShell | PlannedUpload;

/** A script run in the guest. */
export interface PlannedShell {
  readonly type: 'shell';
  readonly script: HclTemplate;
  readonly executeCommand: string;
  readonly environmentAsFile: boolean;
  readonly environment: readonly (string | HclTemplate)[];
  readonly timeout: string;
  readonly retries: number;
}

/** A file or directory sent to the guest. */
export interface PlannedUpload {
  readonly type: 'file';
  readonly source: HclTemplate;
  readonly destination: string;
}

/** What a person sees as one step: one provisioner of the profile, or the placing of its files. */
export interface ProvisioningStep {
  readonly name: string;
  readonly provisioners: readonly PlannedProvisioner[];
  /** Paths in the project by which Packer's output names the step. */
  readonly markers: readonly string[];
}

/** Everything that happens between login and shutdown. */
export interface ProvisioningPlan {
  readonly steps: readonly ProvisioningStep[];
  readonly files: readonly PlannedFile[];
}

/**
 * Plans the uploads and scripts of a profile, in its order.
 * @param scripts text of each script file, by the name the profile uses
 * @param faults receives whatever Packer could not carry
 */
export function planProvisioning(
  profile: Profile,
  scripts: ReadonlyMap<string, string>,
  faults: Fault[],
): ProvisioningPlan {
  const total = profile.provisioners.length;
  const planned = profile.provisioners.map((provisioner, index) => {
    const place = { path: `.provisioners[${index}]`, label: ordinal(index + 1, total) };
    return provisioner.type === 'shell'
      ? planShell(provisioner, scripts, place, faults)
      : planUpload(provisioner, place, faults);
  });
  const all = profile.files.length === 0 ? planned : [planFiles(profile, faults), ...planned];
  return { steps: all.map((part) => part.step), files: all.flatMap((part) => part.files) };
}

interface Place {
  readonly path: string;
  readonly label: string;
}

interface PlannedPart {
  readonly step: ProvisioningStep;
  readonly files: readonly PlannedFile[];
}

/** One upload and one script for all files: under emulation each SSH session costs about a second. */
function planFiles(profile: Profile, faults: Fault[]): PlannedPart {
  const placed = planPlacedFiles(profile.files, faults);
  const marker = 'scripts/00-place-files.sh';
  const upload: PlannedUpload = {
    type: 'file',
    source: hclTemplate`${hclReference('path.root')}/files`,
    destination: `${GUEST_RUN_DIRECTORY}/`,
  };
  const script = placedFilesScript(placed, `${GUEST_RUN_DIRECTORY}/files`);
  const count = profile.files.length === 1 ? '1 file' : `${profile.files.length} files`;
  const step = {
    name: `place ${count}`,
    markers: ['files', marker],
    provisioners: [upload, plainShell(marker)],
  };
  return {
    step,
    files: [...placed.map((entry) => entry.file), { path: marker, mode: 0o755, content: script }],
  };
}

function plainShell(script: string): PlannedShell {
  return {
    type: 'shell',
    script: inProject(script),
    executeCommand: '{{ .Vars }} /bin/sh {{ .Path }}',
    environmentAsFile: false,
    environment: [],
    timeout: '10m',
    retries: 0,
  };
}

function planShell(
  provisioner: ShellProvisioner,
  scripts: ReadonlyMap<string, string>,
  place: Place,
  faults: Fault[],
): PlannedPart {
  const { field, text } = scriptText(provisioner, scripts);
  const interpreter = interpreterOf(text) ?? '';
  const environment = planEnvironment(provisioner.env, `${place.path}.env`, faults);
  faults.push(...scriptFaults(text, interpreter, `${place.path}.${field}`));
  if (!isShell(interpreter)) {
    const message = `cannot reach ${interpreter}: only a shell script can take a value that Packer would change`;
    faults.push(...environment.embedded.map(({ name }) => ({ path: `${place.path}.env.${name}`, message })));
  }
  const marker = `scripts/${place.label}-${slugOf(provisioner.name).replace(/\.sh$/, '')}.sh`;
  const shell: PlannedShell = {
    type: 'shell',
    script: inProject(marker),
    executeCommand: environment.asFile
      ? `. {{ .EnvVarFile }} && ${interpreter} {{ .Path }}`
      : `{{ .Vars }} ${interpreter} {{ .Path }}`,
    environmentAsFile: environment.asFile,
    environment: environment.variables,
    timeout: `${provisioner.timeoutSeconds}s`,
    retries: provisioner.retries,
  };
  const content = embedValues(text, environment.embedded);
  return {
    step: { name: provisioner.name, markers: [marker], provisioners: [shell] },
    files: [{ path: marker, mode: 0o755, content }],
  };
}

function scriptText(
  provisioner: ShellProvisioner,
  scripts: ReadonlyMap<string, string>,
): { field: 'script' | 'inline'; text: string } {
  if (provisioner.script === undefined) {
    return { field: 'inline', text: inlineScript(unixLineEnds(provisioner.inline ?? '')) };
  }
  const text = scripts.get(provisioner.script);
  if (text === undefined) throw new Error(`the text of ${provisioner.script} was not given`);
  return { field: 'script', text: unixLineEnds(text) };
}

function scriptFaults(text: string, interpreter: string, path: string): Fault[] {
  const carriage = carriageOf(text);
  const faults: Fault[] = [];
  if (carriage.way === 'refused') faults.push({ path, message: carriage.reason });
  if (interpreter === '') faults.push({ path, message: 'begins with a #! line that is no plain command' });
  return faults;
}

/** What Packer's file provisioner hands to a shell in the guest without quotes. */
const PLAIN_PATH = /^[A-Za-z0-9_@%+=:,./-]+$/;

function planUpload(provisioner: FileProvisioner, place: Place, faults: Fault[]): PlannedPart {
  const fileName = posix.basename(provisioner.source);
  const path = `uploads/${place.label}/${fileName}`;
  for (const field of ['source', 'destination'] as const) {
    const value = field === 'source' ? fileName : provisioner.destination;
    if (PLAIN_PATH.test(value)) continue;
    const message = `Packer can only upload names of letters, digits and _@%+=:,./-; found ${JSON.stringify(value)}`;
    faults.push({ path: `${place.path}.${field}`, message });
  }
  const upload: PlannedUpload = {
    type: 'file',
    source: inProject(path),
    destination: provisioner.destination,
  };
  return {
    step: { name: provisioner.name, markers: [path], provisioners: [upload] },
    files: [{ path, copyOf: provisioner.source }],
  };
}

function inProject(path: string): HclTemplate {
  return hclTemplate`${hclReference('path.root')}/${path}`;
}
