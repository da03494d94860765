import { CLOCK_TOLERANCE_MS, type LineState } from './channel-rules.ts';
import { CANDIDATE } from './channel-name.ts';
import { checkEqual, type Finding } from './finding.ts';
import type { JournalEntry, LineJournal } from './journal.ts';
import { findRelease, isUsable, recordOf } from './line-index.ts';
import { journalPath } from './paths.ts';
import { compareRecords } from '../versions/compare-versions.ts';

/**
 * What no change of ours would have written into a line's journal: entries twice, about releases that were never filed,
 * moves of a channel from where it was not, heads that must not be used.
 */
export function checkJournal({ journal, index }: LineState): Finding[] {
  const path = journalPath(journal.line);
  return [
    ...checkRepetitions(journal, path),
    ...checkMoves(journal, path),
    ...checkSubjects(journal, path),
    ...Object.entries(index.channels).flatMap(([channel, long]): Finding[] => {
      const release = findRelease(index, long);
      if (release === undefined || isUsable(release)) return [];
      return [{ path, fault: `${channel} points to ${long}, which is ${release.state}` }];
    }),
  ];
}

/** Clocks go back, on one machine or from one to another: that is told, and nothing is wrong with what was done. */
export function describeTimeOrder({ line, entries }: LineJournal): string[] {
  const place = entries.findIndex(({ at }, index) => {
    const before = entries[index - 1]?.at ?? at;
    return Date.parse(before) - Date.parse(at) > CLOCK_TOLERANCE_MS;
  });
  if (place < 0) return [];
  return [`${journalPath(line)} .entries[${place}] is earlier than the one before it: a clock had gone back`];
}

function checkRepetitions({ entries }: LineJournal, path: string): Finding[] {
  const seen = new Map<string, number>();
  return entries.flatMap((entry, place) => {
    const key = entry.action === 'file' ? entry.release.long : JSON.stringify(entry);
    const before = seen.get(key);
    seen.set(key, before ?? place);
    if (before === undefined) return [];
    const what = entry.action === 'file' ? `${entry.release.long} is filed twice` : 'stands there twice';
    return [{ path, member: `.entries[${place}]`, fault: `${what}, first as .entries[${before}]` }];
  });
}

/** Every move names where the channel was: so no entry can be taken out or put in unseen. */
function checkMoves({ entries }: LineJournal, path: string): Finding[] {
  const heads = new Map<string, string | undefined>();
  return entries.flatMap((entry, place) => {
    if (entry.action === 'file') {
      takeFiled(heads, entry.release.long);
      return [];
    }
    if (entry.action !== 'promote' && entry.action !== 'rollback') return [];
    const { channel, from, to } = entry;
    const head = heads.get(channel);
    heads.set(channel, to);
    const member = `.entries[${place}].from`;
    return checkEqual({ path, member }, `${channel} was elsewhere`, { expected: head, found: from });
  });
}

function takeFiled(heads: Map<string, string | undefined>, long: string): void {
  const head = heads.get(CANDIDATE);
  if (head !== undefined && compareRecords(recordOf({ long: head }), recordOf({ long })) >= 0) return;
  heads.set(CANDIDATE, long);
}

function checkSubjects({ line, entries }: LineJournal, path: string): Finding[] {
  const filed = new Set<string>();
  return entries.flatMap((entry, place) => {
    if (entry.action === 'file') {
      filed.add(entry.release.long);
      return [];
    }
    return subjectsOf(entry).flatMap(([member, long]): Finding[] =>
      long === undefined || filed.has(long)
        ? []
        : [{ path, member: `.entries[${place}].${member}`, fault: `${line} has no release ${long} by then` }],
    );
  });
}

function subjectsOf(
  entry: Exclude<JournalEntry, { action: 'file' }>,
): (readonly [string, string | undefined])[] {
  switch (entry.action) {
    case 'promote':
    case 'rollback':
      return [['to', entry.to]];
    case 'revoke':
      return [
        ['long', entry.long],
        ['replacement', entry.replacement],
      ];
    default:
      return [['long', entry.long]];
  }
}
