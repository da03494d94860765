import { copyFile, link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { explainAptFailure } from '../bases/apt-failures.ts';
import type { ClosurePackage } from '../bases/closure.ts';
import { Failure } from '../errors/failure.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { isSystemError } from '../host/files.ts';
import type { WorkflowContext } from './build-request.ts';

/** Longest time that a download of all packages may take, in milliseconds. */
const DOWNLOAD_DEADLINE_MS = 30 * 60_000;

/**
 * Puts every package into `destination` under its apt file name, verified by SHA-256, and keeps a copy in the cache.
 * What the cache holds already is linked; a damaged copy counts as missing.
 *
 * @param onProgress packages present so far, and in all
 * Raises `E_MIRROR_…` when a package cannot be had and `E_PACKAGE_DAMAGED` when it is not the one promised.
 */
export async function fetchPackages(
  packages: readonly ClosurePackage[],
  request: { readonly aptConfig: string; readonly destination: string; readonly offline: boolean },
  context: WorkflowContext,
  onProgress: (present: number, total: number) => void = () => {},
): Promise<void> {
  const store = join(context.directories.cache, 'debs');
  await mkdir(store, { recursive: true });
  await mkdir(request.destination, { recursive: true });
  const missing: ClosurePackage[] = [];
  for (const entry of packages) {
    if (!(await takeFromStore(store, entry, request.destination))) missing.push(entry);
  }
  onProgress(packages.length - missing.length, packages.length);
  if (missing.length === 0) return;
  if (request.offline) throw notCached(missing);
  await download(missing, request, context, (count) =>
    onProgress(packages.length - missing.length + count, packages.length),
  );
  for (const entry of missing) await checkAndStore(store, entry, request.destination);
}

async function takeFromStore(store: string, entry: ClosurePackage, destination: string): Promise<boolean> {
  const stored = join(store, entry.sha256);
  try {
    if ((await stat(stored)).size !== entry.sizeBytes) throw new Error('size differs');
    if ((await sha256OfFile(stored)) !== entry.sha256) throw new Error('digest differs');
    await linkOrCopy(stored, join(destination, entry.file));
    const now = new Date();
    await utimes(stored, now, now);
    return true;
  } catch {
    await rm(stored, { force: true });
    return false;
  }
}

async function download(
  missing: readonly ClosurePackage[],
  request: { readonly aptConfig: string; readonly destination: string },
  context: WorkflowContext,
  onFetched: (count: number) => void,
): Promise<void> {
  const names = missing.map((entry) =>
    entry.architecture === 'all'
      ? `${entry.name}=${entry.version}`
      : `${entry.name}:${entry.architecture}=${entry.version}`,
  );
  let fetched = 0;
  try {
    await context.run(
      {
        command: 'apt-get',
        args: ['download', '-q', ...names],
        cwd: request.destination,
        env: { APT_CONFIG: request.aptConfig },
        deadlineMs: DOWNLOAD_DEADLINE_MS,
      },
      {
        signal: context.signal,
        onLine: (line) => {
          if (line.startsWith('Get:')) onFetched((fetched += 1));
        },
      },
    );
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
    if (!isSystemError(error, 'EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP')) throw error;
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
