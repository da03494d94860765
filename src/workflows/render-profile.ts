import { resolve } from 'node:path';
import { chooseMirrors } from '../bases/apt-sources.ts';
import { InvalidDocument } from '../errors/fault.ts';
import { planDialect, type PackerDialect } from '../packer/dialect.ts';
import { unsupportedYet } from '../profiles/unsupported-yet.ts';
import type { WorkflowContext } from './build-request.ts';
import { findPackerIfAny } from './find-packer.ts';
import { guestSources, withGuestFiles } from './guest-files.ts';
import { findHostMirrors } from './host-apt.ts';
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

/** Written for where no Packer is installed: the one in Debian 12. */
const USUAL_PACKER = '1.6.6';

/**
 * Writes a profile's Packer project to a directory.
 * Raises failures of kind `profile` with every fault, and `E_OUTPUT_EXISTS` for a directory in use.
 */
export async function renderProfileProject(
  request: RenderRequest,
  context: WorkflowContext,
): Promise<RenderedProject> {
  const { packerVersion } = request;
  const [{ profile }, dialect, hostMirrors] = await Promise.all([
    loadProfile(request),
    packerVersion === undefined ? installedDialect(context) : planDialect(packerVersion),
    findHostMirrors(context),
  ]);
  const faults = unsupportedYet(profile);
  if (faults.length > 0) throw new InvalidDocument(`profile ${JSON.stringify(profile.name)}`, faults);
  const mirrors = chooseMirrors(profile.os.mirror, hostMirrors);
  if (!mirrors)
    context.emit({ type: 'warning', text: 'no mirror is known: the guest gets no package sources' });
  const complete = withGuestFiles(profile, mirrors && guestSources(profile.os, mirrors));
  const project = await readAndPlanProject(complete, dialect);
  const directory = resolve(request.workingDirectory ?? '.', request.out);
  await writeProject(project, directory);
  return { directory, dialect, files: project.files.map(({ path }) => path) };
}

async function installedDialect(context: WorkflowContext): Promise<PackerDialect> {
  const packer = await findPackerIfAny(undefined, context);
  if (packer) return packer.dialect;
  const text = `Packer is not installed; the project is written for ${USUAL_PACKER}`;
  context.emit({ type: 'notice', text });
  return planDialect(USUAL_PACKER);
}
