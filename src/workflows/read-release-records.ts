import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recorded, ReleaseRecords } from '../catalogue/compare-releases.ts';
import { MANIFEST_FILE } from '../catalogue/paths.ts';
import { parseFileList } from '../disks/parse-file-list.ts';
import { Failure } from '../errors/failure.ts';
import { isSystemError } from '../host/files.ts';
import { CHECKSUMS_FILE } from '../manifests/checksums.ts';
import { parseGuestFacts } from '../manifests/guest-facts.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../manifests/release.ts';
import type { InstalledPackage } from '../packages/dpkg-status.ts';
import { parsePackageList } from '../packages/package-list.ts';
import { sha256Of } from '../values/digest.ts';
import { FACTS_FILE } from './test-records.ts';

/** Everything that comparing needs of a release, and where more of it is. */
export interface DirectoryRecords extends ReleaseRecords {
  readonly directory: string;
  readonly packages: Recorded<readonly InstalledPackage[]>;
  /** What a reader should know of these records. */
  readonly notes: readonly string[];
}

/** A release that is looked for by its directory. */
export interface RecordsRequest {
  readonly directory: string;
  readonly line: string;
  readonly long: string;
  /** Of a release that is not filed yet; else it is read. */
  readonly manifest?: ReleaseManifest;
}

/** Reads the records of a release. Never raises for one that is missing, damaged or unreadable: it is unknown, with the reason. */
export async function readReleaseRecords(request: RecordsRequest): Promise<DirectoryRecords> {
  const { directory, line, long } = request;
  const name = `${line} ${long}`;
  const reader = new RecordReader(directory, name);
  const manifest: Recorded<ReleaseManifest> =
    request.manifest === undefined
      ? await reader.read(MANIFEST_FILE, parseReleaseManifest)
      : { known: true, value: request.manifest };
  return {
    name,
    line,
    long,
    directory,
    manifest,
    packages: await reader.read('packages.txt', parseWholePackageList),
    files: await reader.read('files.txt', parseFileList),
    facts: await reader.read(FACTS_FILE, parseGuestFacts),
    notes: await reader.notes(),
  };
}

/** Why a record cannot be used, as a clause; raises what is not about the record. */
export function reasonOf(error: unknown, file: string, name: string): string {
  if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return `${name} has no ${file}`;
  if (isSystemError(error, 'EACCES', 'EPERM', 'EISDIR', 'EIO', 'ELOOP'))
    return `${file} of ${name} cannot be read (${error.code})`;
  if (error instanceof Failure && error.kind !== 'interrupted')
    return `${file} of ${name} cannot be used: ${error.message}`;
  throw error;
}

class RecordReader {
  readonly #directory: string;
  readonly #name: string;
  readonly #digests = new Map<string, string>();

  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
  }

  async read<T>(file: string, parse: (text: string, subject: string) => T): Promise<Recorded<T>> {
    try {
      const bytes = await readFile(join(this.#directory, file));
      this.#digests.set(file, sha256Of(bytes));
      return { known: true, value: parse(bytes.toString('utf8'), file) };
    } catch (error) {
      return { known: false, reason: reasonOf(error, file, this.#name) };
    }
  }

  /** Says which records were changed after the release was filed; they are compared nevertheless. */
  async notes(): Promise<string[]> {
    const text = await readFile(join(this.#directory, CHECKSUMS_FILE), 'utf8').catch(() => '');
    const recorded = new Map(
      text.split('\n').map((line) => [line.slice(CHECKSUM_DIGITS + 2), line.slice(0, CHECKSUM_DIGITS)]),
    );
    const changed = Array.from(this.#digests).flatMap(([file, digest]) =>
      recorded.has(file) && recorded.get(file) !== digest ? [file] : [],
    );
    if (changed.length === 0) return [];
    return [`${this.#name} is not as it was filed: ${changed.join(', ')} not as in ${CHECKSUMS_FILE}`];
  }
}

const CHECKSUM_DIGITS = 64;

/** A list that was cut within its last line may read like a whole one. */
function parseWholePackageList(text: string, subject: string): InstalledPackage[] {
  if (text.endsWith('\n')) return parsePackageList(text, subject);
  const message = text === '' ? `${subject} is empty` : `${subject} ends within a line`;
  throw new Failure('image-test', 'E_PACKAGE_LIST_INVALID', message);
}
