import { CHECKSUMS_FILE } from '../manifests/checksums.ts';
import type { ReleaseManifest } from '../manifests/release.ts';
import { isFileName } from '../manifests/safe-names.ts';
import { checkEqual, type Finding } from './finding.ts';
import { filedFactsOf, type IndexedRelease } from './line-index.ts';
import { MANIFEST_FILE, journalPath, releaseDirectory } from './paths.ts';

/** A name in a release's directory. */
export interface ReleaseEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** Known of artifacts. */
  readonly sizeBytes?: number;
}

/** What was read of a release's directory; nothing of the content of its files but these two. */
export interface ReleaseContent {
  readonly line: string;
  readonly long: string;
  readonly entries: readonly ReleaseEntry[];
  readonly manifest?: ReleaseManifest;
  /** SHA-256 of `release.json`. */
  readonly manifestSha256?: string;
  /** File → SHA-256, of `SHA256SUMS`. */
  readonly checksums?: ReadonlyMap<string, string>;
}

/** A name that only a kill leaves: what was being written there. */
const TEMPORARY = /^\..*\.[0-9a-f]{8}\.tmp$/;

/** Whether a file was being written when its process was killed. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/**
 * Compares the names, kinds and sizes in a release's directory with its `SHA256SUMS` and manifest. A name that is
 * missing, or that nobody listed, is told once.
 */
export function checkReleaseFiles(content: ReleaseContent): Finding[] {
  const { line, long, entries, checksums, manifest } = content;
  const path = (name: string): string => `${releaseDirectory(line, long)}/${name}`;
  const present = new Map(entries.map((entry) => [entry.name, entry]));
  const odd = entries.filter(({ name }) => !isTemporary(name)).flatMap((entry) => checkEntry(entry, path));
  const missing = [CHECKSUMS_FILE, MANIFEST_FILE, ...(checksums?.keys() ?? [])]
    .filter((name) => !present.has(name))
    .map((name) => ({ path: path(name), fault: 'is gone' }));
  const unlisted =
    checksums === undefined
      ? []
      : entries
          .filter(({ name, kind }) => kind === 'file' && isFileName(name) && name !== CHECKSUMS_FILE)
          .filter(({ name }) => !checksums.has(name))
          .map(({ name }) => ({ path: path(name), fault: `is not in ${CHECKSUMS_FILE}` }));
  const artifacts = manifest === undefined ? [] : checkArtifacts(content, manifest, present);
  return [
    ...odd,
    ...new Map([...missing, ...unlisted, ...artifacts].map((each) => [keyOf(each), each])).values(),
  ];
}

/** Whether a manifest is that of its place, and what the journal says of it. @param entry place in the journal */
export function checkManifest(
  { line, long, manifest, manifestSha256 }: ReleaseContent,
  release: IndexedRelease | undefined,
  entry: number,
): Finding[] {
  if (manifest === undefined || manifestSha256 === undefined) return [];
  const path = `${releaseDirectory(line, long)}/${MANIFEST_FILE}`;
  const place = [
    ...checkEqual({ path, member: '.line' }, 'is of another line', { expected: line, found: manifest.line }),
    ...checkEqual({ path, member: '.version.long' }, 'is of another release', {
      expected: long,
      found: manifest.version.long,
    }),
  ];
  if (release === undefined || place.length > 0) return place;
  if (release.manifestSha256 !== manifestSha256) {
    const values = { expected: release.manifestSha256, found: manifestSha256 };
    return checkEqual({ path }, 'is not what was filed: SHA-256', values);
  }
  const facts: Readonly<Record<string, unknown>> = { ...filedFactsOf(manifest, manifestSha256) };
  const recorded: Readonly<Record<string, unknown>> = { ...release };
  return Object.keys(facts)
    .filter((member) => recorded[member] !== undefined)
    .flatMap((member) =>
      checkEqual(
        { path: journalPath(line), member: `.entries[${entry}].release.${member}` },
        `is not what ${path} says`,
        { expected: facts[member], found: recorded[member] },
      ),
    );
}

function checkEntry({ name, kind }: ReleaseEntry, path: (name: string) => string): Finding[] {
  if (!isFileName(name)) return [{ path: path(name), fault: 'has a name that a release cannot have' }];
  const words = { directory: 'a directory', link: 'a symbolic link', other: 'no file' };
  return kind === 'file'
    ? []
    : [{ path: path(name), fault: 'is not a plain file', expected: 'a file', found: words[kind] }];
}

function checkArtifacts(
  { line, long, checksums }: ReleaseContent,
  { artifacts }: ReleaseManifest,
  present: ReadonlyMap<string, ReleaseEntry>,
): Finding[] {
  const directory = releaseDirectory(line, long);
  return artifacts.flatMap(({ file, sizeBytes, sha256 }, place): Finding[] => {
    const entry = present.get(file);
    const path = `${directory}/${file}`;
    const listed = checksums?.get(file);
    return [
      ...(entry === undefined ? [{ path, fault: 'is gone' }] : []),
      ...(entry?.kind === 'file'
        ? checkEqual({ path }, 'has another size, in bytes', { expected: sizeBytes, found: entry.sizeBytes })
        : []),
      ...(checksums === undefined || listed === sha256
        ? []
        : checkEqual(
            { path: `${directory}/${CHECKSUMS_FILE}`, member: file },
            `is not .artifacts[${place}].sha256 of ${MANIFEST_FILE}`,
            { expected: sha256, found: listed },
          )),
    ];
  });
}

function keyOf({ path, member = '', fault }: Finding): string {
  return `${path}\n${member}\n${fault}`;
}
