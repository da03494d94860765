import { join } from 'node:path';
import { parseJournal, type JournalEntry } from '../catalogue/journal.ts';
import type { IndexedRelease } from '../catalogue/line-index.ts';
import { MANIFEST_FILE, journalPath, releaseDirectory } from '../catalogue/paths.ts';
import { channelsAt } from '../catalogue/plan-revocation.ts';
import { Failure } from '../errors/failure.ts';
import { readTextIfExists } from '../host/files.ts';
import { parseFiledManifest, type ReleaseManifest } from '../manifests/release.ts';
import { sha256Of } from '../values/digest.ts';
import type { WorkflowContext } from './build-request.ts';
import { withCatalogueErrors } from './catalogue-files.ts';
import { locateRelease } from './locate-release.ts';

/** Everything that the catalogue knows of a release. */
export interface ShownRelease {
  readonly line: string;
  readonly long: string;
  /** What was written instead of a full version. */
  readonly floating?: string;
  /** Where its files are, or were. */
  readonly directory: string;
  readonly release: IndexedRelease;
  /** The channels whose head it is. */
  readonly channels: readonly string[];
  /** SHORT and INTER that mean it at present. */
  readonly aliases: readonly string[];
  /** Its `release.json`; absent when that is gone or damaged, which a warning tells. */
  readonly manifest?: ReleaseManifest;
  /** How many packages are installed; absent when nothing tells. */
  readonly packages?: number;
  /** Entries of the line's journal that name it, oldest first. */
  readonly history: readonly JournalEntry[];
}

/** Name of the list of installed packages in a release directory. */
const PACKAGES_FILE = 'packages.txt';

/**
 * Gathers what is known of `LINE` (its latest release), `LINE@VERSION`, a channel or a range. Reads the line's index and
 * journal and two files of the release, and writes nothing; also answers for a release whose files are gone.
 * Raises what finding the release raises.
 */
export async function showRelease(
  catalogue: string,
  text: string,
  { emit }: Pick<WorkflowContext, 'emit'>,
): Promise<ShownRelease> {
  const located = await locateRelease(catalogue, text);
  const { line, long, directory, release, index, floating } = located;
  return withCatalogueErrors(catalogue, async () => {
    const warn = (error: unknown): undefined => {
      if (!(error instanceof Failure)) throw error;
      emit({ type: 'warning', text: `${error.message}; mintmark verify ${line} tells what is wrong` });
    };
    const [manifest, packages, history] = await Promise.all([
      readManifest(catalogue, line, release).catch(warn),
      countPackages(directory),
      readHistory(catalogue, line, long).catch(warn),
    ]);
    return {
      line,
      long,
      ...(floating === undefined ? {} : { floating }),
      directory,
      release,
      channels: channelsAt(index, long),
      aliases: Object.keys(index.aliases).filter((alias) => index.aliases[alias] === long),
      ...(manifest === undefined ? {} : { manifest }),
      ...(packages === undefined ? {} : { packages }),
      history: history ?? [],
    };
  });
}

async function readManifest(
  catalogue: string,
  line: string,
  { long, manifestSha256 }: IndexedRelease,
): Promise<ReleaseManifest> {
  const path = `${releaseDirectory(line, long)}/${MANIFEST_FILE}`;
  const text = await readTextIfExists(join(catalogue, path));
  if (text === undefined) throw new Failure('conflict', 'E_RELEASE_DAMAGED', `${path} is gone`);
  if (sha256Of(text) === manifestSha256) return parseFiledManifest(text, path);
  throw new Failure('conflict', 'E_RELEASE_DAMAGED', `${path} is not what was filed`);
}

/** One line per package. */
async function countPackages(directory: string): Promise<number | undefined> {
  const text = await readTextIfExists(join(directory, PACKAGES_FILE));
  return text === undefined ? undefined : text.split('\n').filter((line) => line !== '').length;
}

async function readHistory(catalogue: string, line: string, long: string): Promise<JournalEntry[]> {
  const path = journalPath(line);
  const text = await readTextIfExists(join(catalogue, path));
  if (text === undefined) return [];
  return parseJournal(text, path).entries.filter((entry) => isAbout(entry, line, long));
}

function isAbout(entry: JournalEntry, line: string, long: string): boolean {
  switch (entry.action) {
    case 'file':
      return entry.release.long === long;
    case 'promote':
    case 'rollback':
      return entry.to === long || entry.from === long;
    case 'revoke':
      return (
        entry.long === long ||
        entry.replacement === long ||
        entry.descendants?.includes(`${line}@${long}`) === true
      );
    default:
      return entry.long === long;
  }
}
