import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderFaults } from '../errors/fault.ts';
import { MAIN_FILE, type PackerProject } from '../packer/project.ts';
import { checkReadBack } from '../packer/read-back.ts';
import {
  packerInitCommand,
  packerValidateCommand,
  type PackerRun,
  type ProjectValues,
} from '../packer/run-command.ts';
import type { WorkflowContext } from './build-request.ts';
import { withHclThread } from './with-hcl-thread.ts';

/** What validation needs beside the project. */
export interface ValidationRequest {
  /** The program: a name on PATH, or a path. */
  readonly packer: string;
  /** Where the project was written. */
  readonly projectDirectory: string;
  readonly cacheDirectory: string;
}

/**
 * Checks a project that lies on disk: reads its HCL back and compares it with what was meant, then lets the real
 * Packer validate it with stand-in values. A difference is a bug and thrown as such.
 *
 * Raises `E_HCL_INVALID`, and `E_COMMAND_FAILED` with what Packer said.
 */
export async function validateProject(
  project: PackerProject,
  request: ValidationRequest,
  context: Pick<WorkflowContext, 'run' | 'signal' | 'environment'>,
): Promise<void> {
  await readBackProject(project, request.projectDirectory);
  const scratch = await mkdtemp(join(tmpdir(), 'mintmark-validate-'));
  try {
    const run: PackerRun = {
      ...request,
      values: await standInValues(scratch),
      secrets: Object.fromEntries(project.secrets.map(({ name }) => [name, 'stand-in'])),
      environment: context.environment,
    };
    const options = { signal: context.signal };
    if (project.dialect.name === 'modern') await context.run(packerInitCommand(run), options);
    await context.run(packerValidateCommand(run), options);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Reads the HCL of a project on disk and compares it with what was meant; throws a bug when they differ.
 * Raises `E_HCL_INVALID`.
 */
export async function readBackProject(project: PackerProject, projectDirectory: string): Promise<void> {
  const text = await readFile(join(projectDirectory, MAIN_FILE), 'utf8');
  const faults = await withHclThread((parse) => checkReadBack(project, text, parse));
  if (faults.length === 0) return;
  throw new Error(['the rendered HCL does not say what was meant', ...renderFaults(faults)].join('\n'));
}

/** Values that validation accepts: Packer reads the key, and wants the output directory not to exist. */
async function standInValues(scratch: string): Promise<ProjectValues> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = join(scratch, 'key');
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const runDirectory = join(scratch, 'run');
  await mkdir(runDirectory);
  return {
    base_disk: join(scratch, 'base.qcow2'),
    base_sha256: '0'.repeat(64),
    root_uuid: '00000000-0000-0000-0000-000000000000',
    kernel: join(scratch, 'vmlinuz'),
    initrd: join(scratch, 'initrd'),
    ssh_private_key_file: key,
    ssh_public_key_base64: 'AA==',
    output_directory: join(scratch, 'output'),
    run_directory: runDirectory,
  };
}
