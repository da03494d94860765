import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault } from '../errors/fault.ts';
import { unsupportedYet } from '../profiles/unsupported-yet.ts';
import type { WorkflowContext } from './build-request.ts';
import type { InstalledPacker } from './find-packer.ts';
import { digestProfileFiles, loadProfile, type ProfileRequest } from './load-profile.ts';
import { readAndPlanProject, writeProject } from './render-project.ts';
import { validateProject } from './validate-project.ts';

/** What validation found of a profile without faults. */
export interface ValidatedProfile {
  readonly name: string;
  /** What is well-formed but cannot be built yet; Packer was not asked then. */
  readonly unsupported: readonly Fault[];
  /** Version of the Packer that validated the project; absent when it was not asked. */
  readonly packerVersion?: string;
}

/**
 * Checks a profile, the files it names, the HCL that is rendered from it (read back and compared), and
 * lets Packer validate the project. Leaves nothing behind.
 *
 * Raises failures of kind `profile` with every fault, `E_HCL_INVALID`, and `E_COMMAND_FAILED` with what
 * Packer said.
 */
export async function validateProfile(
  request: ProfileRequest,
  packer: InstalledPacker,
  context: WorkflowContext,
): Promise<ValidatedProfile> {
  const { profile } = await loadProfile(request);
  await digestProfileFiles(profile, `profile ${JSON.stringify(profile.name)}`);
  const unsupported = unsupportedYet(profile);
  if (unsupported.length > 0) return { name: profile.name, unsupported };
  const project = await readAndPlanProject(profile, packer.dialect);
  const scratch = await mkdtemp(join(tmpdir(), 'mintmark-project-'));
  try {
    const projectDirectory = join(scratch, 'project');
    await writeProject(project, projectDirectory);
    const cacheDirectory = join(context.directories.cache, 'packer');
    await validateProject(project, { packer: packer.path, projectDirectory, cacheDirectory }, context);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return { name: profile.name, unsupported, packerVersion: packer.dialect.version };
}
