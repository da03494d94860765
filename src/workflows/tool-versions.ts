import { probeTools, requireTools } from '../host/tools.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';

/**
 * Versions of the programs that a build uses, by name, for the header and the manifest.
 * Raises `E_TOOLS_MISSING` with every one that is missing or too old.
 */
export async function readToolVersions(
  request: Pick<BuildRequest, 'packer'>,
  context: WorkflowContext,
): Promise<Record<string, string>> {
  const probed = await probeTools(context.run, {
    environment: context.environment,
    packer: request.packer,
    signal: context.signal,
  });
  return Object.fromEntries(
    requireTools(probed).map(({ tool, version }) => [tool.program, version ?? 'unknown']),
  );
}
