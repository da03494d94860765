import { copyFile, link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { explainAptFailure } from '../bases/apt-failures.ts';
import type { ClosurePackage } from '../bases/closure.ts';
import { Failure } from '../errors/failure.ts';
import { dieWithParent } from '../host/die-with-parent.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { isSystemError, readTextIfExists } from '../host/files.ts';
import { cacheLost } from './cache-errors.ts';
import type { WorkflowContext } from './build-request.ts';

/** Longest time that a download of all packages may take, in milliseconds. */
const DOWNLOAD_DEADLINE_MS = 30 * 60_000;

/** Where packages come from and where they go. */
export interface FetchRequest {
  /** Configuration of the apt root that knows the packages. */
  readonly aptConfig: string;
  readonly destination: string;
  readonly offline: boolean;
}

/**
 * Puts every package into `destination` under its apt file name, verified by SHA-256, and keeps a copy in the cache.
 * What the cache holds already is linked; a damaged copy counts as missing.
 *
 * @param onProgress packages present so far, and in all
 * Raises `E_MIRROR_…` when a package cannot be had and `E_PACKAGE_DAMAGED` when it is not the one promised.
 */
export async function fetchPackages(
  packages: readonly ClosurePackage[],
  request: FetchRequest,
  context: WorkflowContext,
  onProgress: (present: number, total: number) => void = () => {},
): Promise<void> {
  const store = join(context.directories.cache, 'debs');
  await mkdir(store, { recursive: true });
  await mkdir(request.destination, { recursive: true });
  // A package may be asked for twice: a profile may install the busybox that the microvm is made of.
  const wanted = [...new Map(packages.map((entry) => [entry.file, entry])).values()];
  const missing: ClosurePackage[] = [];
  for (const entry of wanted) {
    context.signal.throwIfAborted();
    if (!(await takeFromStore(store, entry, request.destination))) missing.push(entry);
  }
  const present = wanted.length - missing.length;
  onProgress(present, wanted.length);
  if (missing.length === 0) return;
  if (request.offline) throw notCached(missing);
  // Without its configuration apt would quietly ask the host's own sources.
  if ((await readTextIfExists(request.aptConfig)) === undefined) throw cacheLost(context.directories.cache);
  try {
    await download(missing, request, context, (count) => onProgress(present + count, wanted.length));
  } catch (error) {
    // What did arrive need not be fetched again next time.
    for (const entry of missing) await checkAndStore(store, entry, request.destination).catch(() => {});
    throw error;
  }
  for (const entry of missing) await checkAndStore(store, entry, request.destination);
}

async function takeFromStore(store: string, entry: ClosurePackage, destination: string): Promise<boolean> {
  const stored = join(store, entry.sha256);
  if (!(await isIntact(stored, entry))) {
    await rm(stored, { recursive: true, force: true });
    return false;
  }
  try {
    await linkOrCopy(stored, join(destination, entry.file));
    const now = new Date();
    await utimes(stored, now, now);
    return true;
  } catch (error) {
    // Somebody else's cleaning may have taken it since.
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

async function isIntact(path: string, entry: ClosurePackage): Promise<boolean> {
  try {
    return (await stat(path)).size === entry.sizeBytes && (await sha256OfFile(path)) === entry.sha256;
  } catch {
    return false;
  }
}

async function download(
  missing: readonly ClosurePackage[],
  request: FetchRequest,
  context: WorkflowContext,
  onFetched: (count: number) => void,
): Promise<void> {
  const names = missing.map((entry) =>
    entry.architecture === 'all'
      ? `${entry.name}=${entry.version}`
      : `${entry.name}:${entry.architecture}=${entry.version}`,
  );
  let fetched = 0;
  const onLine = (line: string): void => {
    if (line.startsWith('Get:')) onFetched(Math.min((fetched += 1), missing.length));
  };
  const command = dieWithParent({
    command: 'apt-get',
    args: ['download', '-q', ...names],
    cwd: request.destination,
    env: { APT_CONFIG: request.aptConfig },
    deadlineMs: DOWNLOAD_DEADLINE_MS,
  });
  try {
    await context.run(command, { signal: context.signal, onLine });
  } catch (error) {
    throw explainAptFailure(error);
  }
}

async function checkAndStore(store: string, entry: ClosurePackage, destination: string): Promise<void> {
  const path = join(destination, entry.file);
  const found = await sha256OfFile(path).catch(async (error: unknown) => {
    if (!isSystemError(error, 'ENOENT')) throw error;
    throw new Failure('host', 'E_PACKAGE_MISSING', `apt did not leave ${entry.file} where it was asked to`, {
      evidence: { present: await readdir(destination) },
    });
  });
  if (found !== entry.sha256) {
    throw new Failure(
      'host',
      'E_PACKAGE_DAMAGED',
      `${entry.file} has SHA-256 ${found}, the index says ${entry.sha256}`,
      {
        hint: 'run again; if it stays, the mirror is damaged: name another with --mirror URL',
      },
    );
  }
  const temporary = join(store, `.${entry.sha256}.${process.pid}.tmp`);
  await rm(temporary, { force: true });
  await linkOrCopy(path, temporary);
  await rename(temporary, join(store, entry.sha256));
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!isSystemError(error, 'EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EEXIST')) throw error;
    await copyFile(from, to);
  }
}

function notCached(missing: readonly ClosurePackage[]): Failure {
  const [first] = missing;
  return new Failure(
    'host',
    'E_OFFLINE_EMPTY',
    `the cache lacks ${missing.length} packages, the first is ${first?.name ?? ''} ${first?.version ?? ''}`,
    { hint: 'run once without --offline' },
  );
}
