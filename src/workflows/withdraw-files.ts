import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isKeptWhenWithdrawn } from '../catalogue/check-withdrawn-files.ts';
import type { IndexedRelease, LineIndex } from '../catalogue/line-index.ts';
import { releaseDirectory } from '../catalogue/paths.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { readTextIfExists, syncDirectory, writeFileAtomically } from '../host/files.ts';
import { CHECKSUMS_FILE, parseChecksums, renderChecksums } from '../manifests/checksums.ts';
import { isFileName } from '../manifests/safe-names.ts';
import { WITHDRAWAL_FILE, renderWithdrawal, type WithdrawnFile } from '../manifests/withdrawal.ts';
import { sha256Of } from '../values/digest.ts';
import { listNames } from './catalogue-files.ts';
import { readLineState } from './read-line-state.ts';

/** Names of the files that a withdrawal removes from a release's directory, or has not yet removed. */
export async function listWithdrawable(directory: string): Promise<string[]> {
  return (await listReleaseFiles(directory)).filter((name) => !isKeptWhenWithdrawn(name));
}

/** A link in the place of a release leads to files that are not ours to remove. */
async function listReleaseFiles(directory: string): Promise<string[]> {
  const status = await lstat(directory).catch(() => undefined);
  return status?.isDirectory() === true ? listNames(directory) : [];
}

/** LONGs of the withdrawn releases of a line whose files are not all gone: a kill came in between. */
export async function findUnfinishedWithdrawals(catalogue: string, index: LineIndex): Promise<string[]> {
  const unfinished: string[] = [];
  for (const { long, withdrawn } of index.releases) {
    if (withdrawn === undefined) continue;
    const directory = join(catalogue, releaseDirectory(index.line, long));
    const names = await listReleaseFiles(directory);
    if (names.length === 0) continue;
    if (
      names.some((name) => !isKeptWhenWithdrawn(name)) ||
      !(await readSums(directory)).has(WITHDRAWAL_FILE)
    ) {
      unfinished.push(long);
    }
  }
  return unfinished;
}

/**
 * Removes the files of every release of a line whose withdrawal is in the journal, as far as they are still there, and
 * returns the LONGs of those that had any. To be called under the line's lock. Killed at any moment, another call goes on
 * with it: the tombstone that says what there was is written before anything goes, and only when all is gone do the
 * checksums name what stays.
 */
export async function completeWithdrawals(
  catalogue: string,
  line: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const { index } = await readLineState(catalogue, line);
  const unfinished = await findUnfinishedWithdrawals(catalogue, index);
  for (const long of unfinished) {
    signal?.throwIfAborted();
    const release = index.releases.find((each) => each.long === long);
    if (release !== undefined) await withdrawFiles(catalogue, line, release);
  }
  return unfinished;
}

async function withdrawFiles(catalogue: string, line: string, release: IndexedRelease): Promise<void> {
  const directory = join(catalogue, releaseDirectory(line, release.long));
  const names = await listWithdrawable(directory);
  const sums = await readSums(directory);
  const tombstone = join(directory, WITHDRAWAL_FILE);
  if ((await readTextIfExists(tombstone)) === undefined) {
    await writeFileAtomically(tombstone, await describeWithdrawal(line, release, { directory, names, sums }));
  }
  for (const name of names) await rm(join(directory, name), { recursive: true, force: true });
  await syncDirectory(directory);
  if (!sums.has(WITHDRAWAL_FILE)) {
    const kept = [...sums]
      .filter(([file]) => isKeptWhenWithdrawn(file))
      .map(([file, sha256]) => ({ file, sha256 }));
    const sha256 = sha256Of((await readTextIfExists(tombstone)) ?? '');
    const checksums = renderChecksums([...kept, { file: WITHDRAWAL_FILE, sha256 }]);
    await writeFileAtomically(join(directory, CHECKSUMS_FILE), checksums);
  }
}

/** What is known of a release's files. */
interface Remains {
  readonly directory: string;
  /** Those that are to go. */
  readonly names: readonly string[];
  readonly sums: ReadonlyMap<string, string>;
}

async function describeWithdrawal(
  line: string,
  { long, withdrawn }: IndexedRelease,
  { directory, names, sums }: Remains,
): Promise<string> {
  const files: WithdrawnFile[] = [];
  for (const file of names.filter(isFileName)) {
    const status = await lstat(join(directory, file));
    if (!status.isFile()) continue;
    // What was filed needs no reading: gigabytes that are about to go. What somebody put there is small.
    const sha256 = sums.get(file) ?? (await sha256OfFile(join(directory, file)));
    files.push({ file, sizeBytes: status.size, sha256 });
  }
  const { at = '', by = '', reason = '' } = withdrawn ?? {};
  return renderWithdrawal({ schema: 1, line, version: long, at, by, reason, files });
}

async function readSums(directory: string): Promise<Map<string, string>> {
  return parseChecksums((await readTextIfExists(join(directory, CHECKSUMS_FILE))) ?? '');
}
