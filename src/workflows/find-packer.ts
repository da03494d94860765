import { findProgramIfAny } from '../host/find-program.ts';
import { missingTool } from '../host/command-failures.ts';
import {
  packerVersionCommand,
  parsePackerVersion,
  planDialect,
  type PackerDialect,
} from '../packer/dialect.ts';
import type { WorkflowContext } from './build-request.ts';

/** A Packer on this machine, and how to write for it. */
export interface InstalledPacker {
  readonly path: string;
  readonly dialect: PackerDialect;
}

/**
 * The Packer that was named, else `MINTMARK_PACKER`, else the one on PATH; undefined when there is none.
 * Raises `E_PACKER_VERSION` for one that cannot be used.
 */
export async function findPackerIfAny(
  named: string | undefined,
  { environment, run, signal }: Pick<WorkflowContext, 'environment' | 'run' | 'signal'>,
): Promise<InstalledPacker | undefined> {
  const path = await findProgramIfAny(packerName(named, environment));
  if (path === undefined) return undefined;
  const { stdout } = await run(packerVersionCommand(path), { signal });
  return { path, dialect: planDialect(parsePackerVersion(stdout)) };
}

/** Like {@link findPackerIfAny}, but raises `E_TOOL_MISSING` when there is none. */
export async function findPacker(
  named: string | undefined,
  context: Pick<WorkflowContext, 'environment' | 'run' | 'signal'>,
): Promise<InstalledPacker> {
  const found = await findPackerIfAny(named, context);
  if (found) return found;
  throw missingTool({ command: packerName(named, context.environment) });
}

function packerName(named: string | undefined, environment: WorkflowContext['environment']): string {
  const ours = environment['MINTMARK_PACKER'] ?? '';
  return named ?? (ours === '' ? 'packer' : ours);
}
