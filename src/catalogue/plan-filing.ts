import type { ReleaseManifest } from '../manifests/release.ts';
import { versionRecordOf } from '../manifests/release.ts';
import { compareRecords } from '../versions/compare-versions.ts';
import { readVersion } from '../versions/parse-version.ts';
import { identityOf } from '../versions/version.ts';
import { addRelease, indexedReleaseOf, type LineIndex } from './line-index.ts';
import { latestLink, latestTarget, longOfLatestTarget, releaseDirectory } from './paths.ts';

/** A release whose manifest has been read from, or goes to, its directory. */
export interface FiledManifest {
  readonly manifest: ReleaseManifest;
  /** SHA-256 of the text of its `release.json`. */
  readonly sha256: string;
}

/** Everything that filing a release changes, in the order in which it is carried out. */
export interface FilingPlan {
  /** Where the release goes by one rename; relative to the catalogue, like all paths here. */
  readonly releaseDirectory: string;
  readonly index: LineIndex;
  /** The link to move last; absent when a newer release holds it. */
  readonly latest?: { readonly link: string; readonly target: string };
}

/** What filing starts from. */
export interface FilingState {
  readonly index: LineIndex;
  /** Releases that stand complete in their place and that the index does not know: their filing was killed. */
  readonly orphans: readonly FiledManifest[];
  /** Text of the line's `latest` link. */
  readonly latest?: string;
}

/**
 * Plans the filing of a release.
 * @throws Failure `E_RELEASE_EXISTS` when its version is taken
 */
export function planFiling(
  state: FilingState,
  release: FiledManifest,
  options: { readonly at: Date; readonly moveLatest: boolean },
): FilingPlan {
  const index = [...state.orphans, release].reduce(
    (grown, { manifest, sha256 }) => addRelease(grown, indexedReleaseOf(manifest, sha256), options.at),
    state.index,
  );
  const { line, version } = release.manifest;
  const plan = { releaseDirectory: releaseDirectory(line, version.long), index };
  if (!options.moveLatest || !isNewer(release.manifest, state.latest)) return plan;
  return { ...plan, latest: { link: latestLink(line), target: latestTarget(line, version.long) } };
}

/** A link that names no release of ours holds nothing back. */
function isNewer({ line, version }: ReleaseManifest, latest: string | undefined): boolean {
  const long = latest === undefined ? undefined : longOfLatestTarget(line, latest);
  if (long === undefined) return true;
  const reading = readVersion(long, 'date');
  const current = 'version' in reading ? identityOf(reading.version) : undefined;
  return current === undefined || compareRecords(versionRecordOf(version), current) > 0;
}
