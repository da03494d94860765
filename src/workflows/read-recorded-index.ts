import { join } from 'node:path';
import { parseRecordedIndex, type LineIndex } from '../catalogue/line-index.ts';
import { CATALOGUE_DOCUMENT, lineIndexPath } from '../catalogue/paths.ts';
import { readJsonObjectIfExists, readTextIfExists } from '../host/files.ts';
import { memberOf } from '../schemas/document-path.ts';
import { sha256Of } from '../values/digest.ts';
import { readLineIndex } from './read-line.ts';

/** The members of a `catalogue.json` that nobody checked yet. */
type LooseDocument = Readonly<Record<string, unknown>>;

/** What `catalogue.json` says, for {@link readRecordedIndex}; a damaged one says nothing. */
export async function readLooseDocument(catalogue: string): Promise<LooseDocument> {
  return (await readJsonObjectIfExists(join(catalogue, CATALOGUE_DOCUMENT))) ?? {};
}

/**
 * A line's index for those who only look. One with the digest that `catalogue.json` names was checked before it was
 * written, and thousands of releases are not checked again to show a few; any other is read as `readLineIndex` does.
 */
export async function readRecordedIndex(
  catalogue: string,
  line: string,
  document: LooseDocument,
): Promise<LineIndex> {
  const path = lineIndexPath(line);
  const recorded = ['lines', line, 'sha256'].reduce<unknown>(memberOf, document);
  const text = recorded === undefined ? undefined : await readTextIfExists(join(catalogue, path));
  if (text === undefined || sha256Of(text) !== recorded) return readLineIndex(catalogue, line);
  return parseRecordedIndex(text, path);
}
