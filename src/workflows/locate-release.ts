import { join } from 'node:path';
import type { IndexedRelease, LineIndex } from '../catalogue/line-index.ts';
import { LINES, releaseDirectory } from '../catalogue/paths.ts';
import { LATEST, resolveRelease } from '../catalogue/resolve-release.ts';
import { Failure } from '../errors/failure.ts';
import { isLineName } from '../manifests/safe-names.ts';
import { listNames, withCatalogueErrors } from './catalogue-files.ts';
import { readLooseDocument, readRecordedIndex } from './read-recorded-index.ts';

/** A release of a catalogue. */
export interface LocatedRelease {
  readonly line: string;
  readonly long: string;
  /** Where its files are, or were. */
  readonly directory: string;
  readonly release: IndexedRelease;
  readonly index: LineIndex;
  /** What was written instead of a full version, such as `stable`; to be told with what it meant. */
  readonly floating?: string;
}

/** A release as a person names it, taken apart. */
export interface ReleaseReference {
  readonly line: string;
  /** After the `@`; absent for the line alone. */
  readonly version?: string;
}

/** Takes `LINE` or `LINE@VERSION` apart. @throws Failure `E_RELEASE_NAME` (usage) */
export function parseReleaseReference(text: string): ReleaseReference {
  const [line = '', version, ...rest] = text.split('@');
  if (isLineName(line) && rest.length === 0 && version !== '') {
    return version === undefined ? { line } : { line, version };
  }
  throw new Failure('usage', 'E_RELEASE_NAME', `${JSON.stringify(text.slice(0, 80))} names no release`, {
    hint: 'write LINE, or LINE@VERSION where VERSION is a version, a channel or a range such as 26.11.x',
  });
}

/**
 * Finds a release by `LINE` (its latest) or `LINE@VERSION`. Reads the line's index only.
 * @throws Failure of kind `usage`: `E_RELEASE_NAME`, `E_LINE_UNKNOWN`, `E_RELEASE_UNKNOWN`, each with what there is
 */
export async function locateRelease(catalogue: string, text: string): Promise<LocatedRelease> {
  const { line, version = LATEST } = parseReleaseReference(text);
  const index = await readKnownLine(catalogue, line);
  const { release, floating } = resolveRelease(index, version);
  const directory = join(catalogue, releaseDirectory(line, release.long));
  const found = { line, long: release.long, directory, release, index };
  return floating === undefined ? found : { ...found, floating };
}

/** The index of a line that has releases. @throws Failure `E_LINE_UNKNOWN` (usage) with those that have */
export async function readKnownLine(catalogue: string, line: string): Promise<LineIndex> {
  return withCatalogueErrors(catalogue, async () => {
    const index = await readRecordedIndex(catalogue, line, await readLooseDocument(catalogue));
    if (index.releases.length > 0) return index;
    const lines = (await listNames(join(catalogue, LINES))).filter(isLineName);
    const hint = lines.length === 0 ? `nothing is filed in ${catalogue}` : `there is ${lines.join(', ')}`;
    throw new Failure('usage', 'E_LINE_UNKNOWN', `the catalogue has no line ${line}`, { hint });
  });
}
