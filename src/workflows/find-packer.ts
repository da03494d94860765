import { findProgramIfAny } from '../host/find-program.ts';
import { missingTool } from '../host/command-failures.ts';
import {
  packerVersionCommand,
  parsePackerVersion,
  planDialect,
  type PackerDialect,
} from '../packer/dialect.ts';
import type { WorkflowContext } from './build-request.ts';
import { rememberedVersion } from './remembered-version.ts';

/** A Packer on this machine, and how to write for it. */
export interface InstalledPacker {
  readonly path: string;
  readonly dialect: PackerDialect;
}

type FindContext = Pick<WorkflowContext, 'environment' | 'run' | 'signal' | 'directories'>;

/**
 * The Packer that was named, else `MINTMARK_PACKER`, else the one on PATH; undefined when there is none.
 * Raises `E_PACKER_VERSION` for one that cannot be used.
 */
export async function findPackerIfAny(
  named: string | undefined,
  { environment, run, signal, directories }: FindContext,
): Promise<InstalledPacker | undefined> {
  const path = await findProgramIfAny(packerName(named, environment));
  if (path === undefined) return undefined;
  const version = await rememberedVersion(directories.cache, path, async () => {
    const { stdout } = await run(packerVersionCommand(path), { signal });
    return parsePackerVersion(stdout);
  });
  return { path, dialect: planDialect(version) };
}

/** Like {@link findPackerIfAny}, but raises `E_TOOL_MISSING` when there is none. */
export async function findPacker(named: string | undefined, context: FindContext): Promise<InstalledPacker> {
  const found = await findPackerIfAny(named, context);
  if (found) return found;
  throw missingTool({ command: packerName(named, context.environment) });
}

function packerName(named: string | undefined, environment: WorkflowContext['environment']): string {
  const ours = environment['MINTMARK_PACKER'] ?? '';
  return named ?? (ours === '' ? 'packer' : ours);
}
