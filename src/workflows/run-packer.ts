import { mkdir, rm } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import type { SecretFilter } from '../host/secrets.ts';
import { explainInitFailure } from '../packer/init-failures.ts';
import type { PackerProject } from '../packer/project.ts';
import { DISK_FILE } from '../packer/qemu-source.ts';
import { packerInitCommand, type PackerRun } from '../packer/run-command.ts';
import { secretsOf } from '../profiles/secrets.ts';
import { secretVariable } from '../packer/provisioner-environment.ts';
import { basePath, type CheckedBase } from './base-cache.ts';
import type { WorkflowContext } from './build-request.ts';
import { makeKey, removeKey } from './make-key.ts';
import { askPatiently, mirrorWaitMs } from './mirror-patience.ts';
import type { BuildPlan } from './plan-build.ts';
import { writeProject } from './render-project.ts';
import { readBackProject } from './validate-project.ts';
import { watchBuild } from './watch-build.ts';

/** What a Packer run works with. */
export interface PackerRunInput {
  readonly plan: BuildPlan;
  readonly prepared: PreparedProject;
  readonly base: CheckedBase;
  /** Directory of the run; everything is written below it. */
  readonly directory: string;
  readonly secrets: SecretFilter;
  readonly onProgress: (detail: string, percent?: number) => void;
}

/** The disk as the provisioners left it: an overlay of the base disk. */
export interface ProvisionedDisk {
  readonly path: string;
  /** Digest of the overlay alone. */
  readonly sha256: string;
  readonly provisioners: number;
}

/** How long a plugin's servers are waited for, when nobody says otherwise. */
const PLUGIN_WAIT_MS = 90_000;
/** How long the guest may take to let us in, and to power off; an accelerated guest needs a tenth of it. */
const SSH_TIMEOUT_MS = { kvm: 5 * 60_000, tcg: 15 * 60_000 } as const;
const SHUTDOWN_TIMEOUT_MS = 10 * 60_000;
/** Packer's own start and end around the guest. */
const OVERHEAD_MS = 2 * 60_000;

/** A Packer project on disk, read back and found to say what was meant. */
export interface PreparedProject {
  readonly project: PackerProject;
  readonly directory: string;
}

/** Writes the project of a plan below the run's directory; needs no base yet, so it can go on beside making one. */
export async function prepareProject(plan: BuildPlan, runDirectory: string): Promise<PreparedProject> {
  const { project } = plan;
  const directory = join(runDirectory, 'project');
  // A run that is gone on with has one already; only an empty place is written to.
  await rm(directory, { recursive: true, force: true });
  await writeProject(project, directory);
  await readBackProject(project, directory);
  return { project, directory };
}

/**
 * Lets Packer boot the base, run the provisioners and power the guest off.
 * Packer, its plugins and QEMU live in a process namespace of their own and end with it.
 *
 * Raises `E_PACKER_FAILED` with the error of the guest or of Packer, `E_QEMU_DIED` (`E_QEMU_DIED_EARLY` before login)
 * when the machine stopped under Packer, which would not notice, `E_QEMU_START` when it did not start.
 */
export async function runPacker(input: PackerRunInput, context: WorkflowContext): Promise<ProvisionedDisk> {
  const { plan, directory, prepared } = input;
  const vm = join(directory, 'vm');
  await mkdir(vm, { recursive: true });
  // What a run that was killed has left of it; Packer wants to make the directory itself.
  await rm(join(directory, 'output'), { recursive: true, force: true });
  const run = await describeRun(input, { projectDirectory: prepared.directory, vm }, context);
  try {
    if (plan.packer.dialect.name === 'modern') {
      input.onProgress('packer init');
      await initPlugins(run, context);
    }
    const watched = {
      ...input,
      run,
      steps: prepared.project.steps,
      vm,
      deadlineMs: deadlineOf(plan),
    };
    await startTwice(() => watchBuild(watched, context), run, context);
  } finally {
    await removeKey(run.values.ssh_private_key_file);
  }
  const path = join(run.values.output_directory, DISK_FILE);
  return {
    path,
    sha256: await sha256OfFile(path, context.signal),
    provisioners: plan.profile.provisioners.length,
  };
}

/** Asks no network when the plugin is there; else its servers are asked with the patience that mirrors get. */
async function initPlugins(run: PackerRun, context: WorkflowContext): Promise<void> {
  const quietMs = mirrorWaitMs(context.environment, PLUGIN_WAIT_MS);
  const init = async (): Promise<void> => {
    try {
      await context.run(dieWithParent(packerInitCommand(run)), { signal: context.signal });
    } catch (error) {
      throw explainInitFailure(error);
    }
  };
  await askPatiently(init, { quietMs, totalMs: PLUGIN_WAIT_MS }, context);
}

/** Signs of a kernel that tripped over emulation, which it does about once in thirty starts with several processors. */
const CHANCE_SIGNS: readonly unknown[] = ['panic', 'panic-lockup'];

/**
 * A guest kernel may still lock up in its first seconds under emulation with several processors (its watchdog then
 * panics, and QEMU ends). Nothing has been done to the disk by then, so it is tried once more.
 */
async function startTwice(
  build: () => Promise<void>,
  run: PackerRun,
  context: WorkflowContext,
): Promise<void> {
  try {
    await build();
  } catch (error) {
    if (!(error instanceof Failure) || !mayBeChance(error) || context.signal.aborted) throw error;
    context.emit({ type: 'warning', text: `${error.message}; trying once more` });
    await rm(run.values.output_directory, { recursive: true, force: true });
    await build();
  }
}

/** Whether the machine ended before anybody could log in, and not for a reason that a second start would meet again. */
function mayBeChance({ code, evidence }: Failure): boolean {
  if (evidence['loggedIn'] !== false) return false;
  const endedSilently = code === 'E_QEMU_DIED_EARLY' || code === 'E_GUEST_RESTARTED';
  return endedSilently ? evidence['sign'] === undefined : CHANCE_SIGNS.includes(evidence['sign']);
}

async function describeRun(
  input: PackerRunInput,
  places: { projectDirectory: string; vm: string },
  context: WorkflowContext,
): Promise<PackerRun> {
  const { plan, base, directory } = input;
  const key = join(directory, 'build-key');
  const publicKey = await makeKey(key, 'mintmark-build', context);
  const { accelerator } = plan.accelerator;
  return {
    packer: resolve(plan.packer.path),
    projectDirectory: places.projectDirectory,
    cacheDirectory: join(context.directories.cache, 'packer'),
    environment: withAbsolutePaths(context.environment),
    secrets: secretValues(plan, context),
    values: {
      base_disk: basePath(base, 'disk'),
      base_sha256: base.entry.files.disk.sha256,
      root_uuid: base.entry.rootUuid,
      kernel: basePath(base, 'kernel'),
      initrd: basePath(base, 'initrd'),
      ssh_private_key_file: key,
      ssh_public_key_base64: Buffer.from(`${publicKey}\n`).toString('base64'),
      output_directory: join(directory, 'output'),
      run_directory: places.vm,
      accelerator,
      cpu_model: accelerator === 'kvm' ? 'host' : 'max',
      ssh_timeout: `${SSH_TIMEOUT_MS[accelerator] / 1000}s`,
      shutdown_timeout: `${SHUTDOWN_TIMEOUT_MS / 1000}s`,
      console: 'socket',
      ...proxies(context),
    },
  };
}

/** Packer is not started where we are, so that paths which people give it must not depend on that. */
function withAbsolutePaths(environment: WorkflowContext['environment']): WorkflowContext['environment'] {
  const paths = ['PACKER_CONFIG_DIR', 'PACKER_PLUGIN_PATH', 'XDG_CONFIG_HOME'].flatMap((name) => {
    const value = environment[name] ?? '';
    return value === ''
      ? []
      : [
          [
            name,
            value
              .split(delimiter)
              .map((path) => resolve(path))
              .join(delimiter),
          ],
        ];
  });
  return { ...environment, ...Object.fromEntries(paths) };
}

/** Values of a plan's declared secrets, by the variable that carries them. */
export function secretValues(
  plan: Pick<BuildPlan, 'profile'>,
  context: WorkflowContext,
): Record<string, string> {
  return Object.fromEntries(
    secretsOf(plan.profile).map(({ fromEnv }) => [
      secretVariable(fromEnv),
      context.environment[fromEnv] ?? '',
    ]),
  );
}

function proxies(context: WorkflowContext): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) {
    const value = context.environment[name] ?? context.environment[name.toUpperCase()];
    if (value !== undefined && value !== '') found[name] = value;
  }
  return found;
}

function deadlineOf(plan: BuildPlan): number {
  const provisioning = plan.profile.provisioners.reduce(
    (sum, step) =>
      sum + (step.type === 'shell' ? step.timeoutSeconds * 1000 * (1 + step.retries) : 10 * 60_000),
    10 * 60_000,
  );
  return SSH_TIMEOUT_MS[plan.accelerator.accelerator] + provisioning + SHUTDOWN_TIMEOUT_MS + OVERHEAD_MS;
}
