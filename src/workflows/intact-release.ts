import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { requireFiled, type LineState } from '../catalogue/channel-rules.ts';
import type { JournalEntry } from '../catalogue/journal.ts';
import type { IndexedRelease } from '../catalogue/line-index.ts';
import { MANIFEST_FILE, releaseDirectory } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { sha256Of } from '../values/digest.ts';

/**
 * The manifest of a release that is about to be given to people: it must be what was filed, and every artifact must be
 * there in its size. Reads no artifact; that is what `verify` is for.
 * @param directory of the release
 * @throws Failure `E_RELEASE_DAMAGED` (conflict)
 */
export async function requireIntact(directory: string, release: IndexedRelease): Promise<ReleaseManifest> {
  const path = join(directory, MANIFEST_FILE);
  const text = (await readTextIfExists(path)) ?? '';
  if (sha256Of(text) !== release.manifestSha256) throw releaseDamaged(path);
  const manifest = parseReleaseManifest(text, path);
  for (const { file, sizeBytes } of manifest.artifacts) {
    const found = await stat(join(directory, file)).catch(() => undefined);
    if (found?.size !== sizeBytes) throw releaseDamaged(join(directory, file));
  }
  return manifest;
}

/**
 * Makes sure that every release to which a channel is about to move is there as it was filed.
 * @throws Failure `E_RELEASE_DAMAGED` (conflict)
 */
export async function requireIntactTargets(
  catalogue: string,
  { index }: LineState,
  entries: readonly JournalEntry[],
): Promise<void> {
  for (const entry of entries) {
    if (!('channel' in entry) || entry.to === undefined) continue;
    const directory = join(catalogue, releaseDirectory(index.line, entry.to));
    await requireIntact(directory, requireFiled(index, entry.to));
  }
}

/** The failure for a file of a release that is not what was filed. */
export function releaseDamaged(path: string, cause?: unknown): Failure {
  return new Failure('conflict', 'E_RELEASE_DAMAGED', `${path} is not what was filed`, {
    hint: 'mintmark verify tells what is damaged; restore it from a copy',
    cause,
  });
}
