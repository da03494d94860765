import { resolve } from 'node:path';
import { InvalidDocument } from '../errors/fault.ts';
import { findProgramIfAny } from '../host/find-program.ts';
import {
  packerVersionCommand,
  parsePackerVersion,
  planDialect,
  type PackerDialect,
} from '../packer/dialect.ts';
import { unsupportedYet } from '../profiles/unsupported-yet.ts';
import type { WorkflowContext } from './build-request.ts';
import { loadProfile, type ProfileRequest } from './load-profile.ts';
import { readAndPlanProject, writeProject } from './render-project.ts';

/** What `render` was asked for. */
export interface RenderRequest extends ProfileRequest {
  /** Directory for the project; it must not exist yet, or be empty. */
  readonly out: string;
  /** Version of Packer to write for, when it is not the installed one. */
  readonly packerVersion?: string;
}

/** A Packer project on disk. */
export interface RenderedProject {
  /** Absolute. */
  readonly directory: string;
  readonly dialect: PackerDialect;
  /** Paths below the directory. */
  readonly files: readonly string[];
}

/** Written for where no Packer is installed: the one in Debian 12 and 13. */
const USUAL_PACKER = '1.6.6';

/**
 * Writes a profile's Packer project to a directory.
 * Raises failures of kind `profile` with every fault, and `E_OUTPUT_EXISTS` for a directory in use.
 */
export async function renderProfileProject(
  request: RenderRequest,
  context: WorkflowContext,
): Promise<RenderedProject> {
  const [{ profile }, version] = await Promise.all([
    loadProfile(request),
    request.packerVersion ?? readInstalledVersion(context),
  ]);
  const faults = unsupportedYet(profile);
  if (faults.length > 0) throw new InvalidDocument(`profile ${JSON.stringify(profile.name)}`, faults);
  const dialect = planDialect(version);
  const project = await readAndPlanProject(profile, dialect);
  const directory = resolve(request.workingDirectory ?? '.', request.out);
  await writeProject(project, directory);
  return { directory, dialect, files: project.files.map(({ path }) => path) };
}

async function readInstalledVersion({ environment, run, signal, emit }: WorkflowContext): Promise<string> {
  const packer = await findProgramIfAny(environment['MINTMARK_PACKER'] ?? 'packer');
  if (packer === undefined) {
    emit({ type: 'notice', text: `Packer is not installed; the project is written for ${USUAL_PACKER}` });
    return USUAL_PACKER;
  }
  const { stdout } = await run(packerVersionCommand(packer), { signal });
  return parsePackerVersion(stdout);
}
