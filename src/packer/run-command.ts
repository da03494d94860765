import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { isCarriable } from '../hcl/literal.ts';
import type { CommandSpec } from '../values/command-spec.ts';
import { RUN_FILES } from './qemu-source.ts';
import type { OptionalVariable, RequiredVariable } from './variables.ts';

/** Values for a project's variables; paths must be absolute. */
export type ProjectValues = Readonly<Record<RequiredVariable, string>> &
  Readonly<Partial<Record<OptionalVariable, string>>>;

/** One run of Packer over a rendered project. */
export interface PackerRun {
  /** The program: a name on PATH, or a path. */
  readonly packer: string;
  readonly projectDirectory: string;
  readonly values: ProjectValues;
  /** Secret values by Packer's name of the variable; they travel in the environment only. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Where Packer keeps downloads and its locks on ports; one for all runs of a machine, or ports may clash. */
  readonly cacheDirectory: string;
  /** Our own environment: where a person keeps Packer's plugins and configuration. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Variables by which people tell Packer where its plugins are, and how to fetch them. */
const PLUGIN_VARIABLES = [
  'PACKER_CONFIG_DIR',
  'PACKER_PLUGIN_PATH',
  'PACKER_GITHUB_API_TOKEN',
  'XDG_CONFIG_HOME',
] as const;

const INIT_DEADLINE_MS = 5 * 60_000;
const VALIDATE_DEADLINE_MS = 2 * 60_000;

/** Fetches the plugins of a modern project; asks no network for what is installed. */
export function packerInitCommand(run: Omit<PackerRun, 'values' | 'secrets'>): CommandSpec {
  return {
    command: run.packer,
    name: 'packer',
    args: ['init', run.projectDirectory],
    env: packerEnvironment(run),
    deadlineMs: INIT_DEADLINE_MS,
  };
}

/**
 * Lets Packer check a project. The private key must exist, the output directory must not.
 * Raises as {@link packerBuildCommand}.
 */
export function packerValidateCommand(run: PackerRun): CommandSpec {
  return {
    command: run.packer,
    name: 'packer',
    args: ['validate', ...variableArguments(run.values), run.projectDirectory],
    env: { ...packerEnvironment(run), ...secretEnvironment(run.secrets) },
    deadlineMs: VALIDATE_DEADLINE_MS,
  };
}

/**
 * Builds. After a failure Packer leaves QEMU running and the disk in place, so that both can be looked at; the caller
 * ends and removes them. Standard output is for `machine-readable.ts`, standard error is Packer's log for `log.ts`; both can hold
 * secrets in clear. Output stays uncoloured because of `-machine-readable`.
 *
 * Raises `E_PATH_NOT_CARRIABLE` for paths that Packer or QEMU would misread, `E_SECRET_NOT_CARRIABLE` for secrets
 * that HCL would change.
 */
export function packerBuildCommand(run: PackerRun, deadlineMs: number): CommandSpec {
  const flags = ['-machine-readable', '-color=false', '-on-error=abort', '-parallel-builds=1'];
  return {
    command: run.packer,
    name: 'packer',
    args: ['build', ...flags, ...variableArguments(run.values), run.projectDirectory],
    env: { ...packerEnvironment(run), ...secretEnvironment(run.secrets), PACKER_LOG: '1' },
    deadlineMs,
  };
}

function packerEnvironment(run: Pick<PackerRun, 'cacheDirectory' | 'environment'>): Record<string, string> {
  const environment: Record<string, string> = {
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: run.cacheDirectory,
    PACKER_NO_COLOR: '1',
  };
  for (const name of PLUGIN_VARIABLES) {
    const value = run.environment[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** Longest path of a Unix socket on Linux, in bytes, without the final NUL (unix(7)). */
const SOCKET_PATH_BYTES = 107;

/**
 * Finds out whether a run can work below a directory: QEMU's control socket has a short name, and Packer writes the
 * path of its disk into an option where a comma ends it. Raises `E_PATH_NOT_CARRIABLE`.
 *
 * @param directory `run_directory` of {@link ProjectValues}
 */
export function checkRunDirectory(directory: string): void {
  const socket = join(directory, RUN_FILES.serialSocket);
  if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES) {
    throw pathFailure(`${socket} is too long for a socket: at most ${SOCKET_PATH_BYTES} bytes`);
  }
  if (directory.includes(',')) throw pathFailure(`${directory} holds a comma, which QEMU takes for an end`);
}

/** Raises `E_SECRET_NOT_CARRIABLE` for the first secret that HCL would change. */
export function checkSecretValues(secrets: Readonly<Record<string, string>>): void {
  secretEnvironment(secrets);
}

function variableArguments(values: ProjectValues): string[] {
  checkRunDirectory(values.run_directory);
  return Object.entries(values).flatMap(([name, value]) => {
    // Packer reads its options as Go templates over and over, so that no escape exists.
    if (value.includes('{{') || !isCarriable(value)) {
      throw pathFailure(`${name} cannot be told to Packer: ${JSON.stringify(value.slice(0, 200))}`);
    }
    return ['-var', `${name}=${value}`];
  });
}

function pathFailure(message: string): Failure {
  return new Failure('host', 'E_PATH_NOT_CARRIABLE', message, {
    hint: 'set XDG_STATE_HOME and MINTMARK_CACHE to directories with short, plain names',
  });
}

function secretEnvironment(secrets: Readonly<Record<string, string>>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(secrets)) {
    // The equals sign before the value would join an accent at its beginning.
    if (!isCarriable(`=${value}`)) throw secretFailure(name);
    environment[`PKR_VAR_${name}`] = value;
  }
  return environment;
}

function secretFailure(name: string): Failure {
  return new Failure('usage', 'E_SECRET_NOT_CARRIABLE', `the value of ${name} cannot be told to Packer`, {
    hint: 'secrets must be Unicode text in normal form C, without NUL, of at most 100 KiB',
  });
}
