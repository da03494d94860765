import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FindChangelogs } from '../catalogue/package-changes.ts';
import type { Aspect } from '../catalogue/release-diff.ts';
import { readTarFiles } from '../disks/tar-members.ts';
import { Failure } from '../errors/failure.ts';
import { streamCommand } from '../host/stream-command.ts';
import { parseChangelog, type ChangelogEntry } from '../packages/changelog.ts';
import { compareDebianVersions } from '../packages/debian-version.ts';
import type { InstalledPackage } from '../packages/dpkg-status.ts';
import type { DirectoryRecords } from './read-release-records.ts';
import { reasonOf } from './read-release-records.ts';

/** Changelogs of a release. */
export interface ReadChangelogs {
  readonly find: FindChangelogs;
  readonly state: Aspect<object>;
}

/** Name of the archive in a release directory. */
const CHANGELOGS_FILE = 'changelogs.zst';

/** Of what the archive unpacks to, in bytes: a system VM's has 25 MiB. */
const MAX_ARCHIVE_BYTES = 256 * 1024 * 1024;

/** Of what one changelog unpacks to, in bytes: the kernel's has 6 MiB. */
const MAX_CHANGELOG_BYTES = 64 * 1024 * 1024;

const UNPACK_DEADLINE_MS = 60_000;

/** What of an archive is a changelog of Debian's; packages without changes by Debian have the short name. */
const MEMBER = /^(?:\.\/)?usr\/share\/doc\/([^/]+)\/changelog(?:\.Debian(?:\.[a-z0-9-]+)?)?\.gz$/;

const NONE: FindChangelogs = () => [];

/**
 * Reads from a release's archive the changelogs of some packages; what packages of the same source have serves, too. An archive that
 * is missing or damaged is unknown, and a changelog that cannot be unpacked tells nothing. Raises `E_INTERRUPTED`.
 */
export async function readStoredChangelogs(
  { directory, name, packages }: Pick<DirectoryRecords, 'directory' | 'name' | 'packages'>,
  wanted: readonly InstalledPackage[],
  signal: AbortSignal | undefined,
): Promise<ReadChangelogs> {
  if (wanted.length === 0) return { find: NONE, state: { known: true } };
  const bySource = packagesBySource(packages.known ? packages.value : wanted);
  const names = new Set(wanted.flatMap((each) => bySource.get(sourceKey(each)) ?? []));
  try {
    const archive = await unpackArchive(join(directory, CHANGELOGS_FILE), signal);
    const files = changelogFiles(archive, names);
    return { find: finder(files, bySource), state: { known: true } };
  } catch (error) {
    return { find: NONE, state: { known: false, reason: reasonOf(error, CHANGELOGS_FILE, name) } };
  }
}

async function unpackArchive(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  const take = (piece: Uint8Array): void => {
    sizeBytes += piece.length;
    if (sizeBytes > MAX_ARCHIVE_BYTES)
      throw new Failure(
        'conflict',
        'E_ARCHIVE_TOO_LARGE',
        `it unpacks to more than ${MAX_ARCHIVE_BYTES} bytes`,
      );
    pieces.push(piece);
  };
  const handle = await open(path, 'r');
  try {
    const spec = { command: 'zstd', args: ['-d', '-q', '-c'], deadlineMs: UNPACK_DEADLINE_MS };
    await streamCommand(spec, { inputFd: handle.fd, output: take, signal });
  } finally {
    await handle.close();
  }
  return Buffer.concat(pieces);
}

/** Compressed changelogs by package. */
type ChangelogFiles = ReadonlyMap<string, readonly Buffer[]>;

function changelogFiles(archive: Buffer, names: ReadonlySet<string>): ChangelogFiles {
  const files = new Map<string, Map<string, Buffer>>();
  for (const { name, data } of readTarFiles(archive)) {
    const packageName = MEMBER.exec(name)?.[1];
    if (packageName === undefined || !names.has(packageName)) continue;
    // What a package's provisioner installed was appended, and counts more than what the base had.
    const own = files.get(packageName) ?? new Map<string, Buffer>();
    files.set(packageName, own.set(name, data));
  }
  return new Map(Array.from(files, ([name, own]) => [name, Array.from(own.values())]));
}

function finder(files: ChangelogFiles, bySource: ReadonlyMap<string, readonly string[]>): FindChangelogs {
  const read = new Map<string, readonly ChangelogEntry[]>();
  const entriesOf = (name: string): readonly ChangelogEntry[] => {
    const entries = read.get(name) ?? newestFirst((files.get(name) ?? []).flatMap(entriesIn));
    read.set(name, entries);
    return entries;
  };
  return function* find(of) {
    yield entriesOf(of.name);
    for (const name of bySource.get(sourceKey(of)) ?? []) yield entriesOf(name);
  };
}

/** Rebuilds of a version are told in another file than the version. */
function newestFirst(entries: readonly ChangelogEntry[]): ChangelogEntry[] {
  return entries.toSorted((a, b) => compareDebianVersions(b.version, a.version));
}

function entriesIn(compressed: Buffer): ChangelogEntry[] {
  try {
    return parseChangelog(gunzipSync(compressed, { maxOutputLength: MAX_CHANGELOG_BYTES }).toString('utf8'));
  } catch {
    // Damaged or endless: whoever asks for it learns that nothing is known.
    return [];
  }
}

function packagesBySource(packages: readonly InstalledPackage[]): Map<string, string[]> {
  const sources = new Map<string, string[]>();
  for (const each of packages) {
    const key = sourceKey(each);
    sources.set(key, [...(sources.get(key) ?? []), each.name]);
  }
  return sources;
}

function sourceKey({ source, sourceVersion }: InstalledPackage): string {
  return `${source} ${sourceVersion}`;
}
