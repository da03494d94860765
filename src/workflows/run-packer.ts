import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../errors/failure.ts';
import { inOwnProcesses } from '../host/own-processes.ts';
import type { SecretFilter } from '../host/secrets.ts';
import { parsePackerLine } from '../packer/machine-readable.ts';
import { PackerProgressReader } from '../packer/progress.ts';
import type { PackerProject } from '../packer/project.ts';
import { DISK_FILE, RUN_FILES } from '../packer/qemu-source.ts';
import { packerBuildCommand, packerInitCommand, type PackerRun } from '../packer/run-command.ts';
import { secretsOf } from '../profiles/secrets.ts';
import { secretVariable } from '../packer/provisioner-environment.ts';
import { basePath, type CheckedBase } from './base-cache.ts';
import type { WorkflowContext } from './build-request.ts';
import { explainPackerFailure, PackerTale } from './packer-tale.ts';
import type { BuildPlan } from './plan-build.ts';
import { writeProject } from './render-project.ts';
import { readBackProject } from './validate-project.ts';
import { watchQemu } from './watch-qemu.ts';

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
  readonly provisioners: number;
}

const KEYGEN_DEADLINE_MS = 30_000;
/** How long the guest may take to let us in, and to power off; an accelerated guest needs a tenth of it. */
const SSH_TIMEOUT_MS = { kvm: 5 * 60_000, tcg: 15 * 60_000 } as const;
const SHUTDOWN_TIMEOUT_MS = 10 * 60_000;
/** Packer's own start and end around the guest. */
const OVERHEAD_MS = 2 * 60_000;
/** QEMU has gone but Packer has not noticed: it is given this long to end by itself first. */
const QEMU_GONE_GRACE_MS = 3000;

/** A Packer project on disk, read back and found to say what was meant. */
export interface PreparedProject {
  readonly project: PackerProject;
  readonly directory: string;
}

/** Writes the project of a plan below the run's directory; needs no base yet, so it can go on beside making one. */
export async function prepareProject(plan: BuildPlan, runDirectory: string): Promise<PreparedProject> {
  const { project } = plan;
  const directory = join(runDirectory, 'project');
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
  const run = await describeRun(input, { projectDirectory: prepared.directory, vm }, context);
  try {
    if (plan.packer.dialect.name === 'modern') {
      input.onProgress('packer init');
      await context.run(packerInitCommand(run), { signal: context.signal });
    }
    await startTwice(() => watchBuild(run, { ...input, vm }, context), run, context);
  } finally {
    await rm(run.values.ssh_private_key_file, { force: true });
    await rm(`${run.values.ssh_private_key_file}.pub`, { force: true });
  }
  return {
    path: join(run.values.output_directory, DISK_FILE),
    provisioners: plan.profile.provisioners.length,
  };
}

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
    if (!(error instanceof Failure) || error.code !== 'E_QEMU_DIED_EARLY' || context.signal.aborted)
      throw error;
    context.emit({
      type: 'warning',
      text: `${error.message}, before anybody could log in; trying once more`,
    });
    await rm(run.values.output_directory, { recursive: true, force: true });
    await build();
  }
}

async function describeRun(
  input: PackerRunInput,
  places: { projectDirectory: string; vm: string },
  context: WorkflowContext,
): Promise<PackerRun> {
  const { plan, base, directory } = input;
  const key = join(directory, 'build-key');
  await rm(key, { force: true });
  const keygen = ['-q', '-t', 'ed25519', '-N', '', '-C', 'mintmark-build', '-f', key];
  const spec = { command: 'ssh-keygen', args: keygen, deadlineMs: KEYGEN_DEADLINE_MS };
  await context.run(spec, { signal: context.signal });
  const { accelerator } = plan.accelerator;
  return {
    packer: plan.packer.path,
    projectDirectory: places.projectDirectory,
    cacheDirectory: join(context.directories.cache, 'packer'),
    environment: context.environment,
    secrets: secretValues(plan, context),
    values: {
      base_disk: basePath(base, 'disk'),
      base_sha256: base.entry.files.disk.sha256,
      root_uuid: base.entry.rootUuid,
      kernel: basePath(base, 'kernel'),
      initrd: basePath(base, 'initrd'),
      ssh_private_key_file: key,
      ssh_public_key_base64: Buffer.from(await readFile(`${key}.pub`)).toString('base64'),
      output_directory: join(directory, 'output'),
      run_directory: places.vm,
      accelerator,
      cpu_model: accelerator === 'kvm' ? 'host' : 'max',
      ssh_timeout: `${SSH_TIMEOUT_MS[accelerator] / 1000}s`,
      shutdown_timeout: `${SHUTDOWN_TIMEOUT_MS / 1000}s`,
      ...proxies(context),
    },
  };
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

async function watchBuild(
  run: PackerRun,
  input: PackerRunInput & { vm: string },
  context: WorkflowContext,
): Promise<void> {
  const tale = new PackerTale();
  const progress = new PackerProgressReader(input.prepared.project.steps);
  const log = createWriteStream(join(input.directory, 'packer.log'), { flags: 'a' });
  const logFailed = new AbortController();
  log.on('error', (error) => logFailed.abort(error));
  const qemuGone = new AbortController();
  const ended = new AbortController();
  const watching = watchQemu(join(input.vm, RUN_FILES.qmp), ended.signal, async () => {
    await delay(QEMU_GONE_GRACE_MS, undefined, { signal: ended.signal }).catch(() => {});
    if (!tale.shuttingDown && !ended.signal.aborted) qemuGone.abort();
  });
  const spec = packerBuildCommand(run, deadlineOf(input.plan));
  // Packer's temporary files go with the run directory, however it ends.
  const temporary = join(input.directory, 'tmp');
  await mkdir(temporary, { recursive: true });
  const separate = inOwnProcesses({ ...spec, env: { ...spec.env, TMPDIR: temporary } });
  try {
    await context.run(separate, {
      signal: AbortSignal.any([context.signal, qemuGone.signal, logFailed.signal]),
      onLine: (line, stream) => hearLine(line, stream, { tale, log, progress, input }),
    });
  } catch (error) {
    if (context.signal.aborted) throw error;
    if (logFailed.signal.aborted) throw logCannotBeWritten(input.directory, logFailed.signal.reason);
    throw await explainPackerFailure(error, tale, qemuGone.signal.aborted, input);
  } finally {
    ended.abort();
    await watching;
    // Packer keeps the variables of a running script there, and cannot remove them when it is killed.
    await rm(temporary, { recursive: true, force: true });
    log.end();
    await finished(log).catch(() => {});
  }
}

/** Mostly a full disk, which the guest's own disk is on as well. */
function logCannotBeWritten(directory: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure('host', 'E_LOG_NOT_WRITTEN', `Packer's log cannot be written: ${reason}`, {
    hint: `look at the space that is left below ${directory}`,
    cause,
  });
}

function hearLine(
  line: string,
  stream: 'stdout' | 'stderr',
  listener: { tale: PackerTale; log: WriteStream; progress: PackerProgressReader; input: PackerRunInput },
): void {
  const { tale, log, progress, input } = listener;
  const text = input.secrets.text(line);
  if (stream === 'stderr') {
    log.write(`${text}\n`);
    tale.hearLog(text);
    return;
  }
  for (const event of parsePackerLine(text)) {
    tale.hear(event);
    const heard = progress.read(event);
    if (!heard) continue;
    const { step, detail } = heard;
    input.onProgress(
      step ? `${step.number} of ${step.total} ${step.name}${detail === '' ? '' : `: ${detail}`}` : detail,
    );
  }
}

function deadlineOf(plan: BuildPlan): number {
  const provisioning = plan.profile.provisioners.reduce(
    (sum, step) =>
      sum + (step.type === 'shell' ? step.timeoutSeconds * 1000 * (1 + step.retries) : 10 * 60_000),
    10 * 60_000,
  );
  return SSH_TIMEOUT_MS[plan.accelerator.accelerator] + provisioning + SHUTDOWN_TIMEOUT_MS + OVERHEAD_MS;
}
