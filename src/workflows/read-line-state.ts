import { join } from 'node:path';
import type { LineState } from '../catalogue/channel-rules.ts';
import { foldJournal } from '../catalogue/fold-journal.ts';
import { emptyJournal, parseJournal, type JournalEntry, type LineJournal } from '../catalogue/journal.ts';
import { filedFactsOf, parseLineIndex, type IndexedRelease } from '../catalogue/line-index.ts';
import { MANIFEST_FILE, journalPath, lineIndexPath, releaseDirectory } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import { sha256Of } from '../values/digest.ts';
import { compareRecords } from '../versions/compare-versions.ts';
import { renderLong } from '../versions/version.ts';
import { ignoreDamage, listReleaseVersions, readAllocation } from './read-line.ts';

/** A release as its own directory describes it. */
export interface FiledManifest {
  readonly manifest: ReleaseManifest;
  /** SHA-256 of the text of its `release.json`. */
  readonly sha256: string;
}

/**
 * What a line has, by its journal. A line that was begun before there were journals has what its releases say.
 * @throws Failure of kind `conflict`: `E_JOURNAL_INVALID`, `E_JOURNAL_MISSING` when it was there once
 */
export async function readLineState(catalogue: string, line: string): Promise<LineState> {
  const path = journalPath(line);
  const text = await readTextIfExists(join(catalogue, path));
  const journal = text === undefined ? await journalFromReleases(catalogue, line) : parseJournal(text, path);
  if (journal.line !== line) throw foreign(path, journal.line);
  return { journal, index: foldJournal(journal) };
}

/** A release as its own manifest describes it; undefined when that is missing, damaged or another's. */
export async function readFiledManifest(
  catalogue: string,
  line: string,
  long: string,
): Promise<FiledManifest | undefined> {
  const path = `${releaseDirectory(line, long)}/${MANIFEST_FILE}`;
  const text = await readTextIfExists(join(catalogue, path));
  if (text === undefined) return undefined;
  try {
    const manifest = parseReleaseManifest(text, path);
    return manifest.line === line && manifest.version.long === long
      ? { manifest, sha256: sha256Of(text) }
      : undefined;
  } catch (error) {
    return ignoreDamage(error);
  }
}

/** Releases that stand complete in their place, were not burnt, and that a line does not know: their filing was killed. */
export async function readOrphans(
  catalogue: string,
  line: string,
  known: readonly Pick<IndexedRelease, 'long'>[],
): Promise<FiledManifest[]> {
  const seen = new Set(known.map(({ long }) => long));
  const orphans: FiledManifest[] = [];
  for (const version of (await listReleaseVersions(catalogue, line)).toSorted(compareRecords)) {
    const long = renderLong(version);
    if (seen.has(long)) continue;
    const allocation = await readAllocation(catalogue, line, version.build).catch(ignoreDamage);
    const filed = allocation?.state === 'failed' ? undefined : await readFiledManifest(catalogue, line, long);
    if (filed) orphans.push(filed);
  }
  return orphans;
}

/** Who is named for what happened before there were journals. */
const NOBODY = 'unknown';

/** Whatever was filed with a journal is on a channel: an index that says so has lost its journal, and more with it. */
async function journalFromReleases(catalogue: string, line: string): Promise<LineJournal> {
  const index = await readTextIfExists(join(catalogue, lineIndexPath(line)));
  if (index !== undefined && Object.keys(parseLineIndex(index, lineIndexPath(line)).channels).length > 0) {
    throw new Failure('conflict', 'E_JOURNAL_MISSING', `${journalPath(line)} is gone`, {
      hint: 'restore it from a copy: it alone knows what was promoted, revoked and pinned, and why',
    });
  }
  const filed = await readOrphans(catalogue, line, []);
  const entries = filed.map(({ manifest, sha256 }) =>
    fileEntryOf(manifest, sha256, { by: NOBODY, at: manifest.created }),
  );
  return { ...emptyJournal(line), entries };
}

function foreign(path: string, line: string): Failure {
  return new Failure('conflict', 'E_JOURNAL_INVALID', `${path} belongs to the line ${line}`, {
    hint: 'restore it from a copy',
  });
}

/** The journal's entry for a release. */
export function fileEntryOf(
  manifest: ReleaseManifest,
  sha256: string,
  stamp: { readonly by: string; readonly at: string },
): JournalEntry {
  return { at: stamp.at, by: stamp.by, action: 'file', release: filedFactsOf(manifest, sha256) };
}
