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
  const ask = (command: string, args: readonly string[]): Promise<string> =>
    context
      .run({ command, args, deadlineMs: DEADLINE_MS }, { signal: context.signal })
      .then((result) => result.stdout, ignoreBrokenHostApt);
  const [dump, targets] = await Promise.all([
    ask('apt-config', ['dump']),
    ask('apt-get', ['indextargets', '--format', HOST_MIRRORS_FORMAT]),
  ]);
  return { settings: parseNetworkSettings(dump), mirrors: parseHostMirrors(targets) };
}

/** A host whose own package sources are in disorder can still build from a mirror that is named; one without apt can render. */
function ignoreBrokenHostApt(error: unknown): string {
  if (error instanceof Failure && /^E_(COMMAND_FAILED|TOOL_MISSING)$/.test(error.code)) return '';
  throw error;
}
