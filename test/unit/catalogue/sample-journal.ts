import type { FiledFacts, JournalEntry, LineJournal } from '../../../src/catalogue/journal.ts';
import { filedFactsOf } from '../../../src/catalogue/line-index.ts';
import { foldJournal } from '../../../src/catalogue/fold-journal.ts';
import type { LineState } from '../../../src/catalogue/channel-rules.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';

/** When and by whom everything in these journals happens. */
export const STAMP = { at: '2026-11-21T07:31:00.000Z', by: 'jenkins@build-1' };

/** A release was filed. */
export function filed(long: string, changes: Partial<FiledFacts> = {}): JournalEntry {
  return {
    ...STAMP,
    action: 'file',
    release: { ...filedFactsOf(sampleManifest(long), 'a'.repeat(64)), ...changes },
  };
}

/** A channel moved to a release. */
export function promoted(channel: string, to: string, from?: string): JournalEntry {
  return { ...STAMP, action: 'promote', channel, to, ...(from === undefined ? {} : { from }) };
}

/** The journal of the line `server`. */
export function journalOf(...entries: JournalEntry[]): LineJournal {
  return { schema: 1, line: 'server', entries };
}

/** The state that a journal comes to. */
export function stateOf(...entries: JournalEntry[]): LineState {
  const journal = journalOf(...entries);
  return { journal, index: foldJournal(journal) };
}
