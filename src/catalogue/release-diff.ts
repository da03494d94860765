import { defineDocument } from '../manifests/define-document.ts';
import type { ListenerFact, ServiceFact } from '../manifests/guest-facts.ts';
import { RELEASE_DIFF_SCHEMA } from './release-diff-schema.ts';

/** Name of the file that tells programs what changed since the release before. */
export const DIFF_FILE = 'diff.json';

/** The same for people. */
export const DIFF_TEXT_FILE = 'diff.md';

/** What could not be compared, which is something else than no difference. */
export interface Unknown {
  readonly known: false;
  /** Why, as a clause: `server 26.11.21-1.1 has no facts.json`. */
  readonly reason: string;
}

/** What is known of one side of two releases, or that it is not. */
export type Aspect<T extends object> = ({ readonly known: true } & T) | Unknown;

/** What changed between two releases, from their records; content of `diff.json`. */
export interface ReleaseDiff {
  readonly schema: 1;
  readonly from: ComparedRelease;
  readonly to: ComparedRelease;
  /** What the manifests say of system and recipe; only what differs. */
  readonly system: Aspect<SystemChanges>;
  readonly packages: Aspect<PackageChanges>;
  readonly files: Aspect<FileChanges>;
  readonly sizes: Aspect<SizeChanges>;
  readonly services: Aspect<ServiceChanges>;
  readonly listeners: Aspect<ListenerChanges>;
  readonly configuration: Aspect<ConfigurationChanges>;
  readonly kernelArguments: Aspect<KernelArgumentChanges>;
  readonly artifacts: Aspect<ArtifactChanges>;
  /** What a reader should know of the records that were compared. */
  readonly notes: readonly string[];
}

/** Which release is compared. */
export interface ComparedRelease {
  readonly line: string;
  readonly long: string;
}

/** What two manifests say differently. */
export interface SystemChanges {
  readonly changes: readonly SystemChange[];
}

/** A fact of the manifest that differs; an absent side does not say. */
export interface SystemChange {
  readonly what:
    'operating system' | 'kernel' | 'release line' | 'profile' | 'recipe' | 'base' | 'architecture';
  readonly from?: string;
  readonly to?: string;
}

/** Packages by what became of them; each list is in the order of names. */
export interface PackageChanges {
  readonly added: readonly PackageEntry[];
  readonly removed: readonly PackageEntry[];
  readonly upgraded: readonly PackageUpdate[];
  readonly downgraded: readonly PackageUpdate[];
  /** Of equal version by Debian's order, and yet not the same. */
  readonly changed: readonly PackageUpdate[];
  /** Whether the changelogs of the packages could be read; not asked for when nothing needs one. */
  readonly changelogs: Aspect<object>;
}

/** A package that only one of the releases has. */
export interface PackageEntry {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly sourceVersion: string;
  readonly installedSizeKiB: number;
  /** The removed package whose place it takes. */
  readonly replaces?: { readonly name: string; readonly version: string };
  /** Since the one that it replaces; absent when there is none, or its changelog is not known. */
  readonly changelog?: ChangelogSummary;
}

/** A package that both releases have. */
export interface PackageUpdate {
  readonly name: string;
  readonly architecture: string;
  readonly source: string;
  readonly from: string;
  readonly to: string;
  readonly sourceFrom: string;
  readonly sourceTo: string;
  readonly installedSizeKiB: { readonly from: number; readonly to: number };
  /** Of what came between the two versions, which a downgrade takes back; absent when its changelog is not known. */
  readonly changelog?: ChangelogSummary;
}

/** What a changelog tells of the versions between two. */
export interface ChangelogSummary {
  /** Whether one of them was uploaded to a security suite. */
  readonly security: boolean;
  /** Named by any of them, the oldest first. */
  readonly cves: readonly string[];
  /** The newest first, as in the changelog. */
  readonly entries: readonly {
    readonly version: string;
    readonly distribution: string;
    readonly urgency: string;
    readonly date: string;
  }[];
}

/** What is said of a file without its content. Names are those of `files.txt`, with `\xNN` for what is not plain. */
export interface FileState {
  readonly type: string;
  /** Four octal digits. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly sha256?: string;
  readonly linkTarget?: string;
}

/** In what a file can differ. */
export type FileAspect = 'type' | 'content' | 'link' | 'mode' | 'owner';

/** Files by what became of them, in the order of paths. */
export interface FileChanges {
  readonly added: readonly ({ readonly path: string } & FileState)[];
  readonly removed: readonly ({ readonly path: string } & FileState)[];
  readonly changed: readonly FileChange[];
  readonly unchanged: number;
}

/** A file of both releases that is not the same. */
export interface FileChange {
  readonly path: string;
  readonly aspects: readonly FileAspect[];
  readonly from: FileState;
  readonly to: FileState;
}

/** A size in both releases, in bytes. */
export interface SizePair {
  readonly from: number;
  readonly to: number;
}

/** Sizes of file content; a file with two names is counted for each, since the list does not tell. */
export interface SizeChanges {
  readonly contentBytes: SizePair;
  /** Of the first two levels, with everything below; only those that differ, the largest difference first. */
  readonly directories: readonly ({ readonly path: string } & SizePair)[];
}

/** Units of systemd, by name. */
export interface ServiceChanges {
  readonly added: readonly ServiceFact[];
  readonly removed: readonly ServiceFact[];
  readonly changed: readonly {
    readonly name: string;
    readonly from: Omit<ServiceFact, 'name'>;
    readonly to: Omit<ServiceFact, 'name'>;
  }[];
  /** Whether both guests were booted; else neither what ran nor what starts only on demand is compared. */
  readonly running: Aspect<object>;
}

/** Sockets that wait for others. */
export interface ListenerChanges {
  readonly added: readonly ListenerFact[];
  readonly removed: readonly ListenerFact[];
}

/** Files of `/etc`, by path. */
export interface ConfigurationChanges {
  readonly files: readonly ConfigurationChange[];
  /** Files that hold secrets, of which no record tells whether they changed. */
  readonly untold: readonly string[];
}

/** A file of `/etc` that is not the same. */
export interface ConfigurationChange {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Unified; absent where the text is kept back, or differs in what is kept back only, or in nearly everything. */
  readonly diff?: string;
}

/** The kernel's command line. */
export interface KernelArgumentChanges {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** What people download. */
export interface ArtifactChanges {
  /** All of them, also those of equal size. */
  readonly list: readonly ArtifactChange[];
}

/** An artifact by what it is for; one side is absent when only the other release has it. */
export interface ArtifactChange {
  readonly target: string;
  readonly format: string;
  readonly from?: ArtifactSize;
  readonly to?: ArtifactSize;
}

/** How large an artifact is. */
export interface ArtifactSize {
  readonly file: string;
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
}

const DOCUMENT = defineDocument<ReleaseDiff>({
  schema: RELEASE_DIFF_SCHEMA,
  code: 'E_DIFF_INVALID',
  hint: 'compare the two releases again: mintmark diff A B',
});

/** Reads `diff.json`. @throws Failure `E_DIFF_INVALID` with every fault */
export function parseReleaseDiff(text: string, subject: string = DIFF_FILE): ReleaseDiff {
  return DOCUMENT.parse(text, subject);
}

/** Text of `diff.json`. */
export function renderReleaseDiff(diff: ReleaseDiff): string {
  return `${JSON.stringify(diff, null, 2)}\n`;
}
