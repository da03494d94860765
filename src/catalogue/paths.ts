import { Failure } from '../errors/failure.ts';
import { LINE_NAME_WORDS, isFileName, isLineName } from '../manifests/safe-names.ts';
import type { MachineArchitecture } from '../values/architecture.ts';
import { parseIdentity } from '../versions/parse-version.ts';
import { renderLong } from '../versions/version.ts';
import { requireChannelName } from './channel-name.ts';

/** The catalogue's own document; written last. All paths here are relative to the catalogue. */
export const CATALOGUE_DOCUMENT = 'catalogue.json';
/** Held while `catalogue.json` is written. */
export const CATALOGUE_LOCK = '.lock';
/** Where releases are put together before one rename publishes them; hidden from web servers. */
export const STAGING = '.staging';
/** One directory per line. */
export const LINES = 'lines';
/** One directory per line, with one per release. */
export const RELEASES = 'releases';
/** Evidence of failed builds. */
export const FAILED = 'failed';
/** Name of the manifest in a release directory. */
export const MANIFEST_FILE = 'release.json';

/**
 * Makes sure that a text can name a line, before it becomes part of any path.
 * @throws Failure `E_LINE_NAME`
 */
export function requireLineName(line: string): string {
  if (isLineName(line)) return line;
  const found = JSON.stringify(line.slice(0, 80));
  throw new Failure('usage', 'E_LINE_NAME', `${found} cannot name a line`, {
    hint: `it must be ${LINE_NAME_WORDS}`,
  });
}

/** What belongs to a line but to no single release. */
export function lineDirectory(line: string): string {
  return `${LINES}/${requireLineName(line)}`;
}

/** The line's index of releases. */
export function lineIndexPath(line: string): string {
  return `${lineDirectory(line)}/index.json`;
}

/** Everything that ever happened to the line's releases. */
export function journalPath(line: string): string {
  return `${lineDirectory(line)}/journal.json`;
}

/** One file per channel of the line. */
export function channelsDirectory(line: string): string {
  return `${lineDirectory(line)}/channels`;
}

/** Where a channel of the line points and pointed. @throws Failure `E_CHANNEL_NAME` */
export function channelPath(line: string, channel: string): string {
  return `${channelsDirectory(line)}/${requireChannelName(channel)}.json`;
}

/** A test's result that came after the release it is about; named by its own digest. */
export function evidencePath(line: string, sha256: string): string {
  return `${lineDirectory(line)}/evidence/${sha256}.json`;
}

/** Held while the line's index is written. */
export function lineLockPath(line: string): string {
  return `${lineDirectory(line)}/.lock`;
}

/** Held while a build of the line goes on; hidden from web servers. */
export function lineTurnPath(line: string): string {
  return `${lineDirectory(line)}/.turn`;
}

/** One file per BUILD ever taken. */
export function allocationDirectory(line: string): string {
  return `${lineDirectory(line)}/alloc`;
}

/** The file that stands for a BUILD. */
export function allocationPath(line: string, build: number): string {
  return `${allocationDirectory(line)}/${build}.json`;
}

/** The BUILD that an allocation file stands for, or undefined for any other name. */
export function buildOfAllocationFile(name: string): number | undefined {
  const match = /^([1-9][0-9]{0,8})\.json$/.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** All releases of a line. */
export function lineReleasesDirectory(line: string): string {
  return `${RELEASES}/${requireLineName(line)}`;
}

/** One release. @throws Failure `E_VERSION_INVALID` unless `long` is a LONG */
export function releaseDirectory(line: string, long: string): string {
  return `${lineReleasesDirectory(line)}/${requireLong(long)}`;
}

/** Evidence of the failed builds of a line. */
export function lineFailedDirectory(line: string): string {
  return `${FAILED}/${requireLineName(line)}`;
}

/** Evidence of one failed build. */
export function failedDirectory(line: string, long: string): string {
  return `${lineFailedDirectory(line)}/${requireLong(long)}`;
}

/** The link to the line's newest release. */
export function latestLink(line: string): string {
  return `latest/${requireLineName(line)}`;
}

/** What that link says for a release; relative, so that the catalogue can be moved and served anywhere. */
export function latestTarget(line: string, long: string): string {
  return `../${releaseDirectory(line, long)}`;
}

/** The LONG that a link's text names for this line, or undefined when it is anything else. */
export function longOfLatestTarget(line: string, target: string): string | undefined {
  const prefix = `../${lineReleasesDirectory(line)}/`;
  return target.startsWith(prefix) ? target.slice(prefix.length) : undefined;
}

/** What an artifact is. */
export interface ArtifactName {
  /** Stem of the template's name. */
  readonly name: string;
  readonly long: string;
  readonly arch: MachineArchitecture;
  readonly target: string;
  /** Also the suffix. */
  readonly format: string;
  /** Suffix of the compression around the file. */
  readonly outer?: string;
}

/**
 * `<name>_<LONG>_<arch>-<target>.<format>[.<outer>]`.
 * @throws RangeError when a part has letters that do not belong into file names: profiles are checked before
 */
export function artifactFileName(artifact: ArtifactName): string {
  const { name, long, arch, target, format, outer } = artifact;
  const file = `${name}_${requireLong(long)}_${arch}-${target}.${format}${outer === undefined ? '' : `.${outer}`}`;
  if (!isFileName(file)) throw new RangeError(`${JSON.stringify(file)} is no plain file name`);
  return file;
}

function requireLong(long: string): string {
  return renderLong(parseIdentity(long));
}
