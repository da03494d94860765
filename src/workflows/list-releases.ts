import { join } from 'node:path';
import { isUsable, recordOf, type IndexedRelease, type LineIndex } from '../catalogue/line-index.ts';
import { isChannelName } from '../catalogue/channel-name.ts';
import { LINES } from '../catalogue/paths.ts';
import { channelsAt } from '../catalogue/plan-revocation.ts';
import { LATEST, resolveRelease } from '../catalogue/resolve-release.ts';
import { Failure } from '../errors/failure.ts';
import { isLineName } from '../manifests/safe-names.ts';
import { matchesRange, parseRange } from '../versions/version-range.ts';
import type { WorkflowContext } from './build-request.ts';
import { listNames, withCatalogueErrors } from './catalogue-files.ts';
import { parseReleaseReference, readKnownLine } from './locate-release.ts';
import { readLooseDocument, readRecordedIndex } from './read-recorded-index.ts';

/** A line of the catalogue in one row. */
export interface LineOverview {
  readonly line: string;
  /** How many releases it has; those whose files are gone are not counted. */
  readonly releases: number;
  /** Its newest release that may be used; absent when there is none. */
  readonly newest?: { readonly long: string; readonly created: string };
  /** Channel → LONG of its head. */
  readonly channels: Readonly<Record<string, string>>;
  /** The artifacts of all releases together. */
  readonly sizeBytes: number;
}

/** A release of a line in one row. */
export interface ListedRelease extends IndexedRelease {
  /** The channels whose head it is. */
  readonly channels: readonly string[];
}

/** The releases of a line that were asked for. */
export interface ReleaseList {
  readonly line: string;
  /** Newest first, also those that are withdrawn. */
  readonly releases: readonly ListedRelease[];
  /** What was written instead of a full version. */
  readonly floating?: string;
}

/**
 * Every line that has releases, by name. Reads the indexes only; a line whose index and journal cannot be understood is
 * told as a warning. Raises `E_NOT_FOUND` (usage) when the catalogue is not there.
 */
export async function listLines(
  catalogue: string,
  { emit }: Pick<WorkflowContext, 'emit'>,
): Promise<LineOverview[]> {
  return withCatalogueErrors(catalogue, async () => {
    const lines = (await listNames(join(catalogue, LINES))).filter(isLineName);
    const document = await readLooseDocument(catalogue);
    const overviews: LineOverview[] = [];
    for (const line of lines) {
      try {
        const index = await readRecordedIndex(catalogue, line, document);
        if (index.releases.length > 0) overviews.push(overviewOf(index));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        emit({ type: 'warning', text: `${error.message}; mintmark verify ${line} tells what is wrong` });
      }
    }
    return overviews;
  });
}

/**
 * The releases of `LINE`, or those that `LINE@RANGE` means: a version, a channel, `latest` or a range. Reads the line's
 * index only. Raises what finding the line and understanding the range raise, and `E_RELEASE_UNKNOWN` when nothing is in
 * the range.
 */
export async function listReleases(catalogue: string, text: string): Promise<ReleaseList> {
  const { line, version } = parseReleaseReference(text);
  const index = await readKnownLine(catalogue, line);
  const chosen = version === undefined ? index.releases : releasesIn(index, version);
  const releases = chosen
    .map((release) => ({ ...release, channels: channelsAt(index, release.long) }))
    .toReversed();
  return { line, releases, ...(version === undefined ? {} : { floating: version }) };
}

function overviewOf(index: LineIndex): LineOverview {
  const there = index.releases.filter(({ withdrawn }) => withdrawn === undefined);
  const newest = there.findLast(isUsable);
  return {
    line: index.line,
    releases: there.length,
    ...(newest === undefined ? {} : { newest: { long: newest.long, created: newest.created } }),
    channels: index.channels,
    sizeBytes: there.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
  };
}

/** A range means all that is in it here, where elsewhere it means the newest. */
function releasesIn(index: LineIndex, version: string): readonly IndexedRelease[] {
  const { release, floating } = resolveRelease(index, version);
  if (floating === undefined || floating === LATEST || isChannelName(floating)) return [release];
  const range = parseRange(version);
  return index.releases.filter((each) => matchesRange(range, recordOf(each)));
}
