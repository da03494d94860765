import { isAbsolute, join, resolve } from 'node:path';
import type { Directories } from '../workflows/build-request.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where Mintmark keeps its cache and its state: `MINTMARK_CACHE`, else the XDG base directories.
 * XDG variables count only when absolute, as their specification demands.
 */
export function defaultDirectories(environment: Environment, home: string, cwd: string): Directories {
  const cacheHome = absoluteOr(environment['XDG_CACHE_HOME'], join(home, '.cache'));
  const stateHome = absoluteOr(environment['XDG_STATE_HOME'], join(home, '.local', 'state'));
  const ownCache = environment['MINTMARK_CACHE'] ?? '';
  return {
    cache: ownCache === '' ? join(cacheHome, 'mintmark') : resolve(cwd, ownCache),
    state: join(stateHome, 'mintmark'),
  };
}

/** The catalogue directory when no option names one: `MINTMARK_CATALOGUE`, else `./catalogue`. */
export function defaultCatalogue(environment: Environment, cwd: string): string {
  const own = environment['MINTMARK_CATALOGUE'] ?? '';
  return resolve(cwd, own === '' ? 'catalogue' : own);
}

function absoluteOr(value: string | undefined, fallback: string): string {
  return value !== undefined && isAbsolute(value) ? value : fallback;
}
