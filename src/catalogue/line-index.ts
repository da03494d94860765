import type { Fault } from '../errors/fault.ts';
import { Failure } from '../errors/failure.ts';
import { defineDocument } from '../manifests/define-document.ts';
import type { ReleaseManifest, ReleaseState } from '../manifests/release.ts';
import {
  COUNT,
  DAY,
  INSTANT,
  LINE_NAME,
  LONG,
  RELEASE_STATE,
  TEXT,
  listOf,
  mapOf,
  members,
} from '../manifests/schema-parts.ts';
import { parseIdentity, readVersion } from '../versions/parse-version.ts';
import { identityOf, type VersionRecord } from '../versions/version.ts';
import { FILED_FACTS, RELEASE_NAME, type FiledFacts } from './journal.ts';

/** Content of `lines/<line>/index.json`: what a line has now, made from its journal. */
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
  /** Channel → LONG of its head. */
  readonly channels: Readonly<Record<string, string>>;
}

/** What the index knows of a release. */
export interface IndexedRelease extends FiledFacts {
  readonly state: ReleaseState;
  readonly revoked?: Revocation;
  readonly withdrawn?: Verdict;
  /** Who wants it kept, the oldest first. */
  readonly pins?: readonly Pin[];
}

/** A decision about a release. */
export interface Verdict {
  readonly at: string;
  readonly by: string;
  readonly reason: string;
}

/** Why a release must not be used. */
export interface Revocation extends Verdict {
  /** LONG of what to use instead. */
  readonly replacement?: string;
  /** The release it was made from, as `LINE@LONG`, when it is that one's fault. */
  readonly inheritedFrom?: string;
}

/** Why a release is kept; `until` is the last day of that. */
export interface Pin extends Verdict {
  readonly until?: string;
}

const VERDICT = { at: INSTANT, by: TEXT, reason: TEXT };

const RELEASE = members(
  { ...FILED_FACTS.required, state: RELEASE_STATE },
  {
    ...FILED_FACTS.optional,
    revoked: members(VERDICT, { replacement: LONG, inheritedFrom: RELEASE_NAME }),
    withdrawn: members(VERDICT),
    pins: listOf(members(VERDICT, { until: DAY })),
  },
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
  hint: 'mintmark verify makes it again from journal.json beside it',
  check: (index) => index.releases.flatMap(checkRelease),
});

/** Reads a line's index. @throws Failure `E_INDEX_INVALID` with every fault */
export function parseLineIndex(text: string, subject: string): LineIndex {
  return INDEX_DOCUMENT.parse(text, subject);
}

/** Reads an index whose digest is the one in `catalogue.json`; it was checked when that was written. */
export function parseRecordedIndex(text: string, subject: string): LineIndex {
  return INDEX_DOCUMENT.parseRecorded(text, subject);
}

/** Text of a line's index. */
export function renderLineIndex(index: LineIndex): string {
  return `${JSON.stringify(index, null, 2)}\n`;
}

/** What is known of a release from its manifest. @param manifestSha256 of the text of `release.json` */
export function filedFactsOf(manifest: ReleaseManifest, manifestSha256: string): FiledFacts {
  return {
    long: manifest.version.long,
    serial: manifest.version.serial,
    created: manifest.created,
    recipeDigest: manifest.recipe.digest,
    baseDigest: manifest.base.digest,
    ...(manifest.packagesDigest === undefined ? {} : { packagesDigest: manifest.packagesDigest }),
    ...(manifest.contentDigest === undefined ? {} : { contentDigest: manifest.contentDigest }),
    manifestSha256,
    arch: manifest.arch,
    sizeBytes: manifest.artifacts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...(manifest.tests === undefined ? {} : { tests: manifest.tests.result }),
    ...(manifest.base.parent === undefined ? {} : { parent: manifest.base.parent }),
    ...(manifest.reissueOf === undefined ? {} : { reissueOf: manifest.reissueOf }),
  };
}

/** A release of the index, by its LONG. */
export function findRelease(index: LineIndex, long: string): IndexedRelease | undefined {
  return index.releases.find((release) => release.long === long);
}

/** Whether a release may be used. */
export function isUsable({ state }: Pick<IndexedRelease, 'state'>): boolean {
  return state === 'active' || state === 'deprecated';
}

/**
 * LONG of the release that `latest/<line>` points to: the newest usable one that has passed its tests; in a line where
 * none has, the newest usable one.
 */
export function latestOf(index: LineIndex): string | undefined {
  const usable = index.releases.filter(isUsable);
  return (usable.findLast(({ tests }) => tests === 'passed') ?? usable.at(-1))?.long;
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

function checkRelease({ long }: IndexedRelease, place: number): Fault[] {
  const reading = readVersion(long, 'date');
  if ('version' in reading && identityOf(reading.version)) return [];
  return [{ path: `.releases[${place}].long`, message: `must be a full version; found "${long}"` }];
}
