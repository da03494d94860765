import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parsePackageUris, type ClosurePackage } from '../bases/closure.ts';
import { Failure } from '../errors/failure.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import type { WorkflowContext } from './build-request.ts';
import { askPatiently, mirrorWaitMs } from './mirror-patience.ts';
import { partialDirectory, removeRejected, sweepPartials } from './partial-downloads.ts';
import { findAptHelper, runApt } from './run-apt.ts';
import { bytesIn } from './watch-arrivals.ts';

/** Longest time that a download of all packages may take, in milliseconds. */
const DOWNLOAD_DEADLINE_MS = 30 * 60_000;
const URIS_DEADLINE_MS = 180_000;
/** How long packages are waited for without a byte, in milliseconds, when nobody says otherwise. */
const WAIT_MS = 5 * 60_000;
/** Wrong bytes are thrown away and fetched anew once: a file of a mirror's pool never changes, so no third try helps. */
const DAMAGED_TRIES = 2;

/** Packages to download. */
export interface DownloadRequest {
  /** Configuration of the apt root that knows the packages. */
  readonly aptConfig: string;
  readonly packages: readonly ClosurePackage[];
  /** Takes a package over that seems to be whole; false, and left where it is, when it is not the promised one. */
  readonly accept: (entry: ClosurePackage, path: string) => Promise<boolean>;
  /** Packages that were accepted or have begun to arrive. */
  readonly onFetched: (count: number) => void;
}

/**
 * Downloads packages. What is cut short stays in the apt root, and the next try, or the next run, asks for the rest of
 * it only (HTTP Range) where the mirror can. The caller sees to it that nobody else downloads into the same apt root.
 *
 * Raises `E_MIRROR_…`, and `E_PACKAGE_DAMAGED` or `E_PACKAGE_MISSING` when apt leaves another package than the one
 * promised, or none. Whatever it raises, what had arrived whole was accepted.
 */
export async function downloadPackages(request: DownloadRequest, context: WorkflowContext): Promise<void> {
  const root = dirname(request.aptConfig);
  const partial = partialDirectory(root);
  const quietMs = mirrorWaitMs(context.environment, WAIT_MS);
  await mkdir(partial, { recursive: true });
  let missing = request.packages;
  let acceptedBytes = 0;
  const acceptArrived = async (): Promise<void> => {
    const arrived = await acceptWhole(missing, partial, request);
    acceptedBytes += arrived.reduce((sum, entry) => sum + entry.sizeBytes, 0);
    missing = missing.filter((entry) => !arrived.includes(entry));
    await removeRejected(partial);
  };
  // A killed build may have left packages that had come whole.
  await acceptArrived();
  await sweepPartials(context.directories.cache, root, context.clock.now());
  if (missing.length === 0) return;
  const uris = await findUris(missing, request, context);
  const helper = await findAptHelper();
  const fetchRest = async (): Promise<void> => {
    try {
      await runApt(downloadCall({ helper, missing, uris, partial }, request), context);
    } finally {
      await acceptArrived();
    }
  };
  const measure = async (): Promise<number> => acceptedBytes + (await bytesIn([partial]));
  const patience = { quietMs, totalMs: DOWNLOAD_DEADLINE_MS, damagedTries: DAMAGED_TRIES, measure };
  await askPatiently(fetchRest, patience, context);
  const [lost] = missing;
  if (lost !== undefined) throw await notThePromised(lost, partial);
}

/** `apt-get download` itself would throw a partial file away and begin again. */
function downloadCall(
  {
    helper,
    missing,
    uris,
    partial,
  }: {
    readonly helper: string;
    readonly missing: readonly ClosurePackage[];
    readonly uris: ReadonlyMap<string, string>;
    readonly partial: string;
  },
  { aptConfig, packages, onFetched }: DownloadRequest,
): Parameters<typeof runApt>[0] {
  const triples = missing.flatMap(({ sha256 }) => [uris.get(sha256) ?? '', sha256, `SHA256:${sha256}`]);
  let fetched = packages.length - missing.length;
  const onLine = (line: string): void => {
    if (line.startsWith('Get:')) onFetched(Math.min((fetched += 1), packages.length));
  };
  return {
    config: aptConfig,
    words: [helper, '-q', 'download-file', ...triples],
    cwd: partial,
    deadlineMs: DOWNLOAD_DEADLINE_MS,
    arrivals: [partial],
    onLine,
  };
}

async function findUris(
  missing: readonly ClosurePackage[],
  { aptConfig }: DownloadRequest,
  context: WorkflowContext,
): Promise<Map<string, string>> {
  const names = missing.map(({ name, version, architecture }) =>
    architecture === 'all' ? `${name}=${version}` : `${name}:${architecture}=${version}`,
  );
  const words = ['apt-get', 'download', '-q', '--print-uris', ...names];
  const call = { config: aptConfig, words, deadlineMs: URIS_DEADLINE_MS };
  const uris = parsePackageUris(await runApt(call, context));
  const lost = missing.find(({ sha256 }) => !uris.has(sha256));
  if (lost === undefined) return uris;
  throw new Failure(
    'host',
    'E_MIRROR_INCONSISTENT',
    `the mirror was updated meanwhile: its ${lost.name} ${lost.version} is another one now`,
    { hint: 'run again' },
  );
}

/** The packages that are there whole; others may have the right size only by chance, so each is looked into. */
async function acceptWhole(
  missing: readonly ClosurePackage[],
  partial: string,
  { accept }: DownloadRequest,
): Promise<ClosurePackage[]> {
  const accepted: ClosurePackage[] = [];
  for (const entry of missing) {
    const path = join(partial, entry.sha256);
    const status = await lstat(path).catch(() => undefined);
    const mayBeWhole = status?.isSymbolicLink() === true || status?.size === entry.sizeBytes;
    if (mayBeWhole && (await accept(entry, path))) accepted.push(entry);
  }
  return accepted;
}

async function notThePromised(entry: ClosurePackage, partial: string): Promise<Failure> {
  const path = join(partial, entry.sha256);
  const found = await sha256OfFile(path).catch(() => undefined);
  await rm(path, { force: true });
  if (found === undefined) {
    const message = `apt did not leave ${entry.file} where it was asked to`;
    return new Failure('host', 'E_PACKAGE_MISSING', message, {
      evidence: { present: await readdir(partial) },
    });
  }
  const message = `${entry.file} has SHA-256 ${found}, the index says ${entry.sha256}`;
  const hint = 'run again; if it stays, the mirror is damaged: name another with --mirror URL';
  return new Failure('host', 'E_PACKAGE_DAMAGED', message, { hint });
}
