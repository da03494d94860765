import { Failure } from '../errors/failure.ts';
import { isSystemError } from '../host/files.ts';

/**
 * Does something in the cache, and says in one failure what is wrong with the directory when it cannot.
 * Raises `E_CACHE_READ_ONLY`, `E_NO_SPACE`, `E_CACHE_SHAPE`, `E_CACHE_LOST`.
 */
export async function withCacheErrors<T>(cache: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw cacheFailure(cache, error) ?? error;
  }
}

/** The failure for files that vanish from the cache while they are needed. */
export function cacheLost(cache: string, cause?: unknown): Failure {
  return new Failure(
    'host',
    'E_CACHE_LOST',
    `somebody deleted files in ${cache} while a base disk was made`,
    {
      hint: 'run again; the cache may be deleted at any time, but a build that needs it then has to start again',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** Raises `E_CACHE_PATH` for a directory that apt cannot be given: keys and packages have their place in it. */
export function checkCachePath(cache: string): void {
  const odd = /[^\w./@+,:=~^(){}!&-]/.exec(cache.replaceAll(/[^\x00-\x7f]/g, ''))?.[0];
  if (odd === undefined) return;
  throw new Failure(
    'host',
    'E_CACHE_PATH',
    `apt cannot work in the cache directory ${JSON.stringify(cache)}: its path holds ${JSON.stringify(odd)}`,
    { hint: 'put the cache elsewhere with MINTMARK_CACHE' },
  );
}

function cacheFailure(cache: string, cause: unknown): Failure | undefined {
  const hint = 'put the cache elsewhere with MINTMARK_CACHE';
  if (isSystemError(cause, 'EACCES', 'EPERM', 'EROFS')) {
    const message = `${cause.path ?? cache} cannot be written`;
    return new Failure('host', 'E_CACHE_READ_ONLY', message, {
      hint: `give this user write access to it, or ${hint}`,
      cause,
    });
  }
  if (isSystemError(cause, 'ENOSPC', 'EDQUOT')) {
    const message = `there is no space left for a base disk: ${cause.message}`;
    return new Failure('host', 'E_NO_SPACE', message, { hint: `make room, or ${hint}`, cause });
  }
  if (isSystemError(cause, 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY')) {
    const message = `the cache ${cache} has a file where a directory belongs, or the other way round`;
    return new Failure('host', 'E_CACHE_SHAPE', message, { hint: `delete it; it is only a cache`, cause });
  }
  const isLost = isSystemError(cause, 'ENOENT') && cause.path?.startsWith(`${cache}/`) === true;
  return isLost ? cacheLost(cache, cause) : undefined;
}
