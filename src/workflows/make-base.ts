import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { closureIdentity } from '../bases/closure.ts';
import { withFileLock } from '../host/file-lock.ts';
import type { Profile } from '../profiles/profile.ts';
import { baseRecipe } from '../profiles/recipe.ts';
import { digestOfValue } from '../values/digest.ts';
import { boundCache, cacheLimitBytes, storeBase, takeBase, type CheckedBase } from './base-cache.ts';
import { runBaseMethod } from './base-method.ts';
import { bootstrapBase } from './bootstrap-base.ts';
import type { WorkflowContext } from './build-request.ts';
import { cacheLost, withCacheErrors } from './cache-errors.ts';
import type { ResolvedClosure } from './resolve-closure.ts';
import { sweepWorkDirectories, withWorkDirectory, workDirectories } from './work-directory.ts';

/** Raised by one with every change of how bases are made, so that older entries of the cache are not used. */
const BASE_BUILDER_VERSION = 2;

/** What decides a base disk. */
export interface BaseRequest {
  readonly profile: Profile;
  readonly closure: ResolvedClosure;
  readonly sourceKeys: Readonly<Record<string, string>>;
  /** SHA-256 of each program of ours that takes part, by name. */
  readonly builderDigests: Readonly<Record<string, string>>;
  readonly offline: boolean;
  /** Makes the base again even when the cache has it. */
  readonly rebuild: boolean;
  /** Where the log of making the base is written, when it is made; without it only that of a failure stays, in the cache. */
  readonly logFile?: string;
}

/** A base disk and how it was come by. */
export interface MadeBase extends CheckedBase {
  readonly cached: boolean;
}

/** The key of a base: what is installed, how it is arranged, and who arranged it. */
export function baseKey(request: Pick<BaseRequest, 'profile' | 'closure' | 'builderDigests'>): string {
  return digestOfValue({
    builder: BASE_BUILDER_VERSION,
    programs: request.builderDigests,
    recipe: baseRecipe(request.profile),
    closure: closureIdentity(request.closure.packages),
    busybox: request.closure.busybox.sha256,
  });
}

/**
 * Takes a base disk from the cache, or makes it, and leaves checked copies of its files in `destination`.
 * Two builds that want the same base at once make it once: the second waits for the first. What killed builds
 * left in the cache is swept first.
 *
 * Raises what the base method raises, and `E_CACHE_…` for what is wrong with the cache.
 */
export async function makeBase(
  request: BaseRequest,
  destination: string,
  context: WorkflowContext,
  onProgress: (detail: string, percent?: number) => void = () => {},
): Promise<MadeBase> {
  const { cache } = context.directories;
  const key = baseKey(request);
  const limitBytes = cacheLimitBytes(context.environment);
  const take = async (): Promise<MadeBase> => {
    const known = request.rebuild ? undefined : await takeBase(cache, key, destination, context.signal);
    if (known) return { ...known, cached: true };
    await bootstrapInto(request, key, context, onProgress);
    const made = await takeBase(cache, key, destination, context.signal);
    if (!made) throw cacheLost(cache);
    await boundCache(cache, [key], limitBytes);
    return { ...made, cached: false };
  };
  return withCacheErrors(cache, async () => {
    await sweepWorkDirectories(context);
    // Among the work directories: a killed build leaves nothing anywhere else.
    const lock = join(workDirectories(cache), `${key}.lock`);
    return withFileLock(lock, { signal: context.signal }, take);
  });
}

function bootstrapInto(
  request: BaseRequest,
  key: string,
  context: WorkflowContext,
  onProgress: (detail: string, percent?: number) => void,
): Promise<void> {
  const { cache } = context.directories;
  return withWorkDirectory(key.slice(0, 16), context, async (work) => {
    const input = {
      ...request,
      key,
      entryDirectory: join(work, 'entry'),
      jobDirectory: join(work, 'job'),
      onProgress,
    };
    try {
      await runBaseMethod(bootstrapBase(input, context), context.signal);
      await storeBase(cache, key, input.entryDirectory);
    } catch (error) {
      throw context.signal.aborted || (await exists(work)) ? error : cacheLost(cache, error);
    }
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
