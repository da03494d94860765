import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  parseCatalogueDocument,
  planCatalogueDocument,
  renderCatalogueDocument,
  type CatalogueDocument,
} from '../catalogue/catalogue-document.ts';
import { channelsOf, renderChannelDocument } from '../catalogue/channel-document.ts';
import type { LineState } from '../catalogue/channel-rules.ts';
import { foldJournal } from '../catalogue/fold-journal.ts';
import { appendEntries, renderJournal, type JournalEntry } from '../catalogue/journal.ts';
import { latestOf, renderLineIndex, type LineIndex } from '../catalogue/line-index.ts';
import {
  CATALOGUE_DOCUMENT,
  LINES,
  channelPath,
  journalPath,
  latestLink,
  latestTarget,
  lineIndexPath,
  requireLineName,
} from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { isSystemError, readTextIfExists, writeFileAtomically } from '../host/files.ts';
import { refuseNewer } from '../manifests/define-document.ts';
import { isLineName } from '../manifests/safe-names.ts';
import { sha256Of } from '../values/digest.ts';
import { exists, listNames, readLinkIfExists, replaceLink, withCatalogueErrors } from './catalogue-files.ts';
import { withCatalogueLock, withLineLock } from './catalogue-locks.ts';
import { ignoreDamage } from './read-line.ts';
import { readLineState } from './read-line-state.ts';

/** Schema of every view that is written here. */
const VIEW_SCHEMA = 1;

/** A line after a change. */
export interface LineChange<Entry> extends LineState {
  /** What was added to the journal; empty when nothing had to change. */
  readonly entries: readonly Entry[];
}

/**
 * Changes a line: completes what a killed change left, plans on what is there now, and commits by one rename of the
 * journal. Killed at any moment it leaves the old state or the new one; what a reader sees of the new one before all its
 * views are written, the next change or `mintmark verify` completes.
 *
 * Raises what `plan` raises, with nothing changed; `E_CHANGE_INCOMPLETE` (host) when the change is recorded but its views
 * could not be written; failures of kind `host` for a catalogue that cannot be written.
 */
export async function changeLine<Entry extends JournalEntry>(
  catalogue: string,
  line: string,
  plan: (state: LineState) => readonly Entry[] | Promise<readonly Entry[]>,
): Promise<LineChange<Entry>> {
  requireLineName(line);
  return withCatalogueErrors(catalogue, () =>
    withLineLock(catalogue, line, async () => {
      const before = await readLineState(catalogue, line);
      const entries = await plan(before);
      const after = await commitEntries(catalogue, before, entries);
      await writeViews(catalogue, after);
      return { ...after, entries };
    }),
  );
}

/** Completes what a killed change of a line left undone; returns its state. To be called under the line's lock. */
export async function settleLine(catalogue: string, line: string): Promise<LineState> {
  const state = await readLineState(catalogue, line);
  await writeViews(catalogue, state);
  return state;
}

/** Adds entries to the journal, which is what makes a change true. Under the line's lock. */
export async function commitEntries(
  catalogue: string,
  before: LineState,
  entries: readonly JournalEntry[],
): Promise<LineState> {
  if (entries.length === 0) return before;
  const journal = appendEntries(before.journal, entries);
  const index = foldJournal(journal);
  await writeFileAtomically(join(catalogue, journalPath(journal.line)), renderJournal(journal));
  return { journal, index };
}

/**
 * Writes everything that is made from a line's journal and does not say so already: index, channels, the line's digest in
 * `catalogue.json`, and `latest` last. Under the line's lock.
 */
export async function writeViews(catalogue: string, state: LineState): Promise<void> {
  if (state.journal.entries.length === 0) return;
  try {
    await beginJournal(catalogue, state);
    const index = renderLineIndex(state.index);
    await writeIfDifferent(join(catalogue, lineIndexPath(state.index.line)), index);
    await writeChannels(catalogue, state);
    await withCatalogueLock(catalogue, () => writeCatalogueDocument(catalogue, state.index, sha256Of(index)));
    await moveLatest(catalogue, state.index);
  } catch (cause) {
    throw incomplete(catalogue, state.index.line, cause);
  }
}

/** A line from before there were journals gets its own before anything is made from it: channels without one are damage. */
async function beginJournal(catalogue: string, { journal }: LineState): Promise<void> {
  const path = join(catalogue, journalPath(journal.line));
  if (!(await exists(path))) await writeFileAtomically(path, renderJournal(journal));
}

async function writeChannels(catalogue: string, { journal }: LineState): Promise<void> {
  const { line } = journal;
  const channels = channelsOf(journal);
  for (const [channel, document] of channels) {
    await writeIfDifferent(join(catalogue, channelPath(line, channel)), renderChannelDocument(document));
  }
}

/** Only the line's own digest is looked at: a change reads nothing of other lines. A missing document is made whole. */
async function writeCatalogueDocument(
  catalogue: string,
  { line, updated }: LineIndex,
  sha256: string,
): Promise<void> {
  const path = join(catalogue, CATALOGUE_DOCUMENT);
  const text = await readTextIfExists(path);
  const document = text === undefined ? undefined : parseCatalogueDocument(text, CATALOGUE_DOCUMENT);
  const digests = document === undefined ? await readIndexDigests(catalogue) : digestsOf(document.lines);
  const before = document ?? (await startCatalogueDocument(catalogue, digests.keys(), updated));
  const next = planCatalogueDocument(before, digests.set(line, sha256), updated);
  if (next !== document) await writeFileAtomically(path, renderCatalogueDocument(next));
}

/**
 * What a lost document is made again from. Every version that it can have had came with at least one entry in some
 * journal, so that their number is not before what clients have seen.
 */
async function startCatalogueDocument(
  catalogue: string,
  lines: Iterable<string>,
  updated: string,
): Promise<CatalogueDocument> {
  let changes = 0;
  for (const line of lines) {
    const state = await readLineState(catalogue, line).catch(ignoreDamage);
    changes += state?.journal.entries.length ?? 0;
  }
  return { schema: 1, version: Math.max(0, changes - 1), updated, lines: {} };
}

function digestsOf(lines: Readonly<Record<string, { readonly sha256: string }>>): Map<string, string> {
  return new Map(Object.entries(lines).map(([line, { sha256 }]) => [line, sha256]));
}

/** SHA-256 of every line's index. */
async function readIndexDigests(catalogue: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const line of (await listNames(join(catalogue, LINES))).filter(isLineName)) {
    const index = await readTextIfExists(join(catalogue, lineIndexPath(line)));
    if (index !== undefined) digests.set(line, sha256Of(index));
  }
  return digests;
}

async function moveLatest(catalogue: string, index: LineIndex): Promise<void> {
  const link = join(catalogue, latestLink(index.line));
  const long = latestOf(index);
  const target = long === undefined ? undefined : latestTarget(index.line, long);
  if ((await readLinkIfExists(link)) === target) return;
  if (target === undefined) await rm(link, { force: true });
  else await replaceLink(link, target);
}

/** @throws Failure `E_SCHEMA_NEWER` rather than to write an older document over a newer one */
async function writeIfDifferent(path: string, text: string): Promise<void> {
  const found = await readTextIfExists(path);
  if (found === text) return;
  if (found !== undefined) refuseNewer(found, path, VIEW_SCHEMA);
  await writeFileAtomically(path, text);
}

/** A system error after the commit: the change stands, though not everything shows it yet. */
function incomplete(catalogue: string, line: string, cause: unknown): unknown {
  if (!isSystemError(cause, 'ENOSPC', 'EDQUOT', 'EIO', 'EACCES', 'EPERM', 'EROFS')) return cause;
  const message = `the change of ${line} is recorded, but could not be shown everywhere: ${cause.message}`;
  return new Failure('host', 'E_CHANGE_INCOMPLETE', message, {
    hint: `mend that, then: mintmark verify ${line}, which completes it`,
    cause,
    evidence: { catalogue, line },
  });
}
