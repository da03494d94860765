import { copyFile, link, lstat, mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClosurePackage } from '../bases/closure.ts';
import { Failure } from '../errors/failure.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { withFileLock } from '../host/file-lock.ts';
import { isSystemError, readTextIfExists } from '../host/files.ts';
import type { WorkflowContext } from './build-request.ts';
import { cacheLost } from './cache-errors.ts';
import { downloadPackages } from './download-packages.ts';

/** Where packages come from and where they go. */
export interface FetchRequest {
  /** Configuration of the apt root that knows the packages. */
  readonly aptConfig: string;
  readonly destination: string;
  readonly offline: boolean;
}

/**
 * Puts every package into `destination` under its apt file name, verified by SHA-256, and keeps a copy in the cache.
 * What the cache holds already is linked; a damaged copy counts as missing. What a cut or a killed build left half
 * fetched is gone on with.
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
  const missing = await notStored(store, wanted, request, context);
  const present = wanted.length - missing.length;
  onProgress(present, wanted.length);
  if (missing.length === 0) return;
  if (request.offline) throw notCached(missing);
  // Without its configuration apt would quietly ask the host's own sources.
  if ((await readTextIfExists(request.aptConfig)) === undefined) throw cacheLost(context.directories.cache);
  // Two builds that fetch from one mirror: the second finds most of what it wants when the first is done.
  const lock = join(dirname(request.aptConfig), 'fetch.lock');
  await withFileLock(lock, { signal: context.signal, onWait: () => tellWait(context) }, async () => {
    const rest = await notStored(store, missing, request, context);
    const done = wanted.length - rest.length;
    onProgress(done, wanted.length);
    if (rest.length === 0) return;
    const accept = (entry: ClosurePackage, path: string): Promise<boolean> =>
      takeOver(path, store, entry, request.destination);
    const onFetched = (count: number): void => onProgress(done + count, wanted.length);
    await downloadPackages({ aptConfig: request.aptConfig, packages: rest, accept, onFetched }, context);
  });
}

function tellWait({ emit }: WorkflowContext): void {
  emit({ type: 'notice', text: 'another build fetches packages from the same mirror; waiting for it' });
}

/** Puts what the store has into its place; gives the rest. */
async function notStored(
  store: string,
  wanted: readonly ClosurePackage[],
  { destination }: FetchRequest,
  { signal }: WorkflowContext,
): Promise<ClosurePackage[]> {
  const missing: ClosurePackage[] = [];
  for (const entry of wanted) {
    signal.throwIfAborted();
    if (!(await takeFromStore(store, entry, destination))) missing.push(entry);
  }
  return missing;
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

/** Moves a package that arrived into the store, and puts it into its place; false when it is not the promised one. */
async function takeOver(
  path: string,
  store: string,
  entry: ClosurePackage,
  destination: string,
): Promise<boolean> {
  if ((await sha256OfFile(path).catch(() => undefined)) !== entry.sha256) return false;
  const stored = join(store, entry.sha256);
  if ((await lstat(path)).isSymbolicLink()) {
    // A mirror in a directory: apt only points there.
    const temporary = join(store, `.${entry.sha256}.${process.pid}.tmp`);
    await copyFile(path, temporary);
    await rename(temporary, stored);
    await rm(path, { force: true });
  } else {
    await rename(path, stored);
  }
  await linkOrCopy(stored, join(destination, entry.file));
  return true;
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
