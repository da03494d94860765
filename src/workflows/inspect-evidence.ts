import { join } from 'node:path';
import { TESTED } from '../catalogue/channel-name.ts';
import type { LineState } from '../catalogue/channel-rules.ts';
import { checkEqual, type Finding } from '../catalogue/finding.ts';
import { journalPath } from '../catalogue/paths.ts';
import { readTextIfExists } from '../host/files.ts';
import { sha256Of } from '../values/digest.ts';

/** Whether the record on which the head of `tested` rests is still the one that the promotion named. */
export async function inspectEvidence(catalogue: string, { journal, index }: LineState): Promise<Finding[]> {
  const head = index.channels[TESTED];
  const place = journal.entries.findLastIndex(
    (entry) => entry.action === 'promote' && entry.channel === TESTED && entry.to === head && entry.evidence,
  );
  const entry = journal.entries[place];
  if (head === undefined || entry?.action !== 'promote' || entry.evidence === undefined) return [];
  const { file, sha256 } = entry.evidence;
  if (!isInside(file)) {
    const member = `.entries[${place}].evidence.file`;
    return [{ path: journalPath(journal.line), member, fault: 'leads out of the catalogue', found: file }];
  }
  const text = await readTextIfExists(join(catalogue, file));
  if (text === undefined) return [{ path: file, fault: `is gone; ${TESTED} rests on it` }];
  const values = { expected: sha256, found: sha256Of(text) };
  return checkEqual({ path: file }, `is not what ${TESTED} rests on: SHA-256`, values);
}

function isInside(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
