import { machine } from 'node:os';
import { join } from 'node:path';
import { BASE_FILES } from '../bases/base-entry.ts';
import { entryDirectory } from './base-cache.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { requireHostArchitecture } from './host-architecture.ts';
import { makeBase, type MadeBase } from './make-base.ts';
import { planBuild, startResolving, type BuildPlan } from './plan-build.ts';
import { prepareProfile } from './prepare-profile.ts';
import { probeHost } from './probe-host.ts';
import { StageRunner } from './stage-runner.ts';
import { withWorkDirectory } from './work-directory.ts';

/** A base disk in the cache. */
export interface BaseOfProfile {
  /** The disk itself; the cache may remove it when it needs the room. */
  readonly path: string;
  /** Key of the base: its packages and how they are arranged. */
  readonly digest: string;
  /** Whether it was there already. */
  readonly cached: boolean;
}

/**
 * Makes the base disk of one profile, or finds it in the cache, and checks it.
 * Raises what planning and the base method raise.
 */
export async function makeBaseOfProfile(
  reference: string,
  request: BuildRequest,
  context: WorkflowContext,
): Promise<BaseOfProfile> {
  context.emit({ type: 'stages', stages: ['plan', 'base'] });
  const stages = new StageRunner(context.emit, context.signal);
  const plan = await stages.run({
    name: 'plan',
    run: async () => {
      const prepared = await prepareProfile(reference, request, context);
      requireHostArchitecture(machine(), [prepared.profile.os.architecture]);
      const resolving = startResolving(prepared, request, context);
      return planBuild(prepared, await probeHost([], request, context), resolving, request, context);
    },
    summarize: ({ profile, closure }) => `${profile.name}, ${closure.packages.length} packages`,
  });
  const { entry, cached } = await stages.run({
    name: 'base',
    run: (progress) => makeInScratch(plan, request, context, progress),
    summarize: (base) => (base.cached ? 'from the cache' : 'fresh'),
  });
  const path = join(entryDirectory(context.directories.cache, entry.key), BASE_FILES.disk);
  return { path, digest: entry.key, cached };
}

/** The checked copy that builds work on is not wanted here. */
function makeInScratch(
  plan: BuildPlan,
  { offline, rebuild }: BuildRequest,
  context: WorkflowContext,
  progress: (detail: string, percent?: number) => void,
): Promise<MadeBase> {
  return withWorkDirectory('copy', context, (scratch) =>
    makeBase({ ...plan, offline, rebuild }, scratch, context, progress),
  );
}
