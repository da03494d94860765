import type { Finding } from './finding.ts';
import type { LineJournal } from './journal.ts';
import { findRelease, type LineIndex } from './line-index.ts';
import { journalPath } from './paths.ts';

/** A release made from a revoked one must carry that mark in its own line. @param indexes of all lines, by name */
export function checkDescendants(journal: LineJournal, indexes: ReadonlyMap<string, LineIndex>): Finding[] {
  const path = journalPath(journal.line);
  return journal.entries.flatMap((entry, place) => {
    if (entry.action !== 'revoke') return [];
    return (entry.descendants ?? []).flatMap((name, index): Finding[] => {
      const [line = '', long = ''] = name.split('@');
      const other = indexes.get(line);
      const release = other === undefined ? undefined : findRelease(other, long);
      if (release?.revoked !== undefined) return [];
      const member = `.entries[${place}].descendants[${index}]`;
      const fault = release === undefined ? `${name} is not there` : `${name} is not marked as revoked`;
      return [{ path, member, fault }];
    });
  });
}
