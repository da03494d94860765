import type { Fault } from '../errors/fault.ts';
import { Failure } from '../errors/failure.ts';
import { defineDocument } from '../manifests/define-document.ts';
import type { ReleaseManifest, ReleaseState } from '../manifests/release.ts';
import {
  COUNT,
  INSTANT,
  LINE_NAME,
  LONG,
  RELEASE_STATE,
  SHA256,
  TEXT,
  listOf,
  mapOf,
  members,
} from '../manifests/schema-parts.ts';
import { compareRecords } from '../versions/compare-versions.ts';
import { parseIdentity, readVersion } from '../versions/parse-version.ts';
import { identityOf, renderInter, renderShort, type VersionRecord } from '../versions/version.ts';

/** Content of `lines/<line>/index.json`. */
export interface LineIndex {
  readonly schema: 1;
  readonly line: string;
  /** When it was last changed. */
  readonly updated: string;
  /** Highest BUILD that was ever filed. */
  readonly counters: { readonly build: number };
  /** In ascending order of version. */
  readonly releases: readonly IndexedRelease[];
  /** SHORT and INTER → LONG of the newest usable release they stand for. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Channel → LONG. */
  readonly channels: Readonly<Record<string, string>>;
}

/** What the index knows of a release: enough to find it without reading its manifest. */
export interface IndexedRelease {
  readonly long: string;
  readonly serial: string;
  readonly created: string;
  readonly state: ReleaseState;
  readonly recipeDigest: string;
  readonly baseDigest: string;
  readonly packagesDigest: string;
  readonly contentDigest?: string;
  /** SHA-256 of its `release.json`. */
  readonly manifestSha256: string;
}

const RELEASE = members(
  {
    long: LONG,
    serial: TEXT,
    created: INSTANT,
    state: RELEASE_STATE,
    recipeDigest: SHA256,
    baseDigest: SHA256,
    packagesDigest: SHA256,
    manifestSha256: SHA256,
  },
  { contentDigest: SHA256 },
);

const INDEX_DOCUMENT = defineDocument<LineIndex>({
  schema: members({
    schema: { const: 1 },
    line: LINE_NAME,
    updated: INSTANT,
    counters: members({ build: COUNT }),
    releases: listOf(RELEASE),
    aliases: mapOf(LONG),
    channels: mapOf(LONG),
  }),
  code: 'E_INDEX_INVALID',
  hint: 'move this file away: the next release that is filed makes it again from those that are there',
  check: (index) => index.releases.flatMap(checkRelease),
});

/** Reads a line's index. @throws Failure `E_INDEX_INVALID` with every fault */
export function parseLineIndex(text: string, subject: string): LineIndex {
  return INDEX_DOCUMENT.parse(text, subject);
}

/** Text of a line's index. */
export function renderLineIndex(index: LineIndex): string {
  return `${JSON.stringify(index, null, 2)}\n`;
}

/** The index of a line without releases. */
export function emptyLineIndex(line: string, at: Date): LineIndex {
  return {
    schema: 1,
    line,
    updated: at.toISOString(),
    counters: { build: 0 },
    releases: [],
    aliases: {},
    channels: {},
  };
}

/** What the index says about a release. */
export function indexedReleaseOf(manifest: ReleaseManifest, manifestSha256: string): IndexedRelease {
  return {
    long: manifest.version.long,
    serial: manifest.version.serial,
    created: manifest.created,
    state: manifest.state,
    recipeDigest: manifest.recipe.digest,
    baseDigest: manifest.base.digest,
    packagesDigest: manifest.packagesDigest,
    ...(manifest.contentDigest === undefined ? {} : { contentDigest: manifest.contentDigest }),
    manifestSha256,
  };
}

/**
 * The index with one more release; adding the same one again changes nothing.
 * @throws Failure `E_RELEASE_EXISTS` when the version is taken by a release with another manifest
 */
export function addRelease(index: LineIndex, release: IndexedRelease, at: Date): LineIndex {
  const present = index.releases.find((other) => other.long === release.long);
  if (present && present.manifestSha256 === release.manifestSha256) return index;
  if (present) throw releaseExists(index.line, release.long);
  const releases = [...index.releases, release].toSorted((a, b) => compareRecords(recordOf(a), recordOf(b)));
  const build = Math.max(index.counters.build, recordOf(release).build);
  return { ...index, updated: at.toISOString(), counters: { build }, releases, aliases: aliasesOf(releases) };
}

/** The version record of an indexed release. */
export function recordOf(release: Pick<IndexedRelease, 'long'>): VersionRecord {
  return parseIdentity(release.long);
}

/** The newest release that may be used and was made from these inputs. */
export function findByInputs(
  index: LineIndex,
  inputs: Pick<IndexedRelease, 'recipeDigest' | 'baseDigest'>,
): IndexedRelease | undefined {
  return index.releases.findLast(
    (release) =>
      release.state === 'active' &&
      release.recipeDigest === inputs.recipeDigest &&
      release.baseDigest === inputs.baseDigest,
  );
}

/** The failure for a version that is taken already. */
export function releaseExists(line: string, long: string): Failure {
  return new Failure('conflict', 'E_RELEASE_EXISTS', `${line} ${long} exists already, with another content`, {
    hint: 'a released version never changes: build again, which takes the next number',
    evidence: { line, long },
  });
}

/** Releases come in ascending order, so that the newest of each alias is the one that stays. */
function aliasesOf(releases: readonly IndexedRelease[]): Record<string, string> {
  const aliases: Record<string, string> = {};
  for (const release of releases) {
    if (release.state !== 'active' && release.state !== 'deprecated') continue;
    const record = recordOf(release);
    aliases[renderShort(record.date)] = release.long;
    aliases[renderInter(record)] = release.long;
  }
  return aliases;
}

function checkRelease({ long }: IndexedRelease, place: number): Fault[] {
  const reading = readVersion(long, 'date');
  if ('version' in reading && identityOf(reading.version)) return [];
  return [{ path: `.releases[${place}].long`, message: `must be a full version; found "${long}"` }];
}
