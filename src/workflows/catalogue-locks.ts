import { join } from 'node:path';
import { CATALOGUE_LOCK, lineLockPath } from '../catalogue/paths.ts';
import { withFileLock } from '../host/file-lock.ts';
import { requireOwnDirectories } from './own-directories.ts';

/**
 * The locks are held for milliseconds. Waiting is only long when a holder on another host was killed: its lock
 * counts as abandoned after ten minutes, and then we want to be still there.
 */
const PATIENCE = { timeoutMs: 15 * 60_000 };

/**
 * Does something while nobody else reserves versions of a line or files its releases.
 *
 * Raises `E_CATALOGUE_SHAPE` for a line that leads out of its place, before anything is written.
 */
export async function withLineLock<T>(catalogue: string, line: string, action: () => Promise<T>): Promise<T> {
  await requireOwnDirectories(catalogue, line);
  return withFileLock(join(catalogue, lineLockPath(line)), PATIENCE, action);
}

/** Does something while nobody else writes `catalogue.json`. May be taken inside a line's lock, never around one. */
export async function withCatalogueLock<T>(catalogue: string, action: () => Promise<T>): Promise<T> {
  return withFileLock(join(catalogue, CATALOGUE_LOCK), PATIENCE, action);
}
