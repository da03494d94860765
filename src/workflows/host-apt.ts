import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseNetworkSettings, type AptSetting } from '../bases/apt-config.ts';
import { HOST_MIRRORS_FORMAT, parseHostMirrors, type Mirrors } from '../bases/apt-sources.ts';
import { Failure } from '../errors/failure.ts';
import type { WorkflowContext } from './build-request.ts';

/** What the build host's own apt knows. */
export interface HostApt {
  readonly mirrors: Partial<Mirrors>;
  /** How the network is reached: proxies, retries, checks. */
  readonly settings: readonly AptSetting[];
}

const DEADLINE_MS = 60_000;

/** Asks the host's apt which mirror it uses and how it reaches the network. */
export async function readHostApt(context: WorkflowContext): Promise<HostApt> {
  const [settings, mirrors] = await Promise.all([
    context
      .run({ command: 'apt-config', args: ['dump'], deadlineMs: DEADLINE_MS }, { signal: context.signal })
      .then((result) => parseNetworkSettings(result.stdout), ignoreBrokenHostApt),
    findHostMirrors(context),
  ]);
  return { settings: settings ?? [], mirrors };
}

/**
 * Asks the host's apt for its package sources. apt reads its indices for that, half a second's work that it keeps in
 * a cache file; where the host does without one, as container images do, ours saves that from the second time on.
 *
 * @throws Failure E_TOOL_MISSING, E_COMMAND_FAILED when the host has no apt, or one that is in disorder.
 */
export async function readHostMirrors(context: WorkflowContext): Promise<Partial<Mirrors>> {
  const cache = join(context.directories.cache, 'apt', 'host');
  await mkdir(cache, { recursive: true }).catch(() => undefined);
  const settings = [
    `Dir::Cache=${cache}`,
    'Dir::Cache::pkgcache=pkgcache.bin',
    'Dir::Cache::srcpkgcache=srcpkgcache.bin',
  ];
  const options = settings.flatMap((setting) => ['-o', setting]);
  const args = ['indextargets', '--format', HOST_MIRRORS_FORMAT, ...options];
  const spec = { command: 'apt-get', args, deadlineMs: DEADLINE_MS };
  const { stdout } = await context.run(spec, { signal: context.signal });
  return parseHostMirrors(stdout);
}

/** The host's package sources as far as it has any in order. */
export async function findHostMirrors(context: WorkflowContext): Promise<Partial<Mirrors>> {
  return (await readHostMirrors(context).catch(ignoreBrokenHostApt)) ?? {};
}

/** A host whose own package sources are in disorder can still build from a mirror that is named; one without apt can render. */
function ignoreBrokenHostApt(error: unknown): undefined {
  if (error instanceof Failure && /^E_(COMMAND_FAILED|TOOL_MISSING)$/.test(error.code)) return undefined;
  throw error;
}
