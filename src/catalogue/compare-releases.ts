import type { GuestFacts } from '../manifests/guest-facts.ts';
import type { ReleaseArtifact, ReleaseManifest } from '../manifests/release.ts';
import { compareConfiguration } from './compare-configuration.ts';
import {
  compareKernelArguments,
  compareListeners,
  compareServices,
  type NamedFacts,
} from './compare-facts.ts';
import { compareFiles, compareSizes, type FileRecord } from './compare-files.ts';
import type {
  ArtifactChange,
  ArtifactSize,
  Aspect,
  PackageChanges,
  ReleaseDiff,
  SystemChange,
  Unknown,
} from './release-diff.ts';

/** A record beside a release, or why there is none that can be used. */
export type Recorded<T> = { readonly known: true; readonly value: T } | Unknown;

/** What is filed of a release, without its disks. */
export interface ReleaseRecords {
  /** How people call it: `server 26.11.21-1.1`. */
  readonly name: string;
  readonly line: string;
  readonly long: string;
  readonly manifest: Recorded<ReleaseManifest>;
  readonly files: Recorded<readonly FileRecord[]>;
  readonly facts: Recorded<GuestFacts>;
}

/** What both releases have. */
interface Both<T> {
  readonly from: T;
  readonly to: T;
}

/** What changed between two releases. What one of them does not record is unknown, with the reason. */
export function compareReleases(
  { from, to }: Both<ReleaseRecords>,
  packages: Aspect<PackageChanges>,
  notes: readonly string[],
): ReleaseDiff {
  const manifests = bothKnown(from.manifest, to.manifest);
  const files = bothKnown(from.files, to.files);
  const facts = bothKnown(from.facts, to.facts);
  const named: Recorded<Both<NamedFacts>> = mapKnown(facts, (value) => ({
    known: true,
    value: { from: { name: from.name, facts: value.from }, to: { name: to.name, facts: value.to } },
  }));
  return {
    schema: 1,
    from: { line: from.line, long: from.long },
    to: { line: to.line, long: to.long },
    system: mapKnown(manifests, (value) => ({ known: true, changes: compareSystems(value.from, value.to) })),
    packages,
    files: mapKnown(files, (value) => ({ known: true, ...compareFiles(value.from, value.to) })),
    sizes: mapKnown(files, (value) => ({ known: true, ...compareSizes(value.from, value.to) })),
    services: mapKnown(named, (value) => ({ known: true, ...compareServices(value.from, value.to) })),
    listeners: mapKnown(named, (value) => compareListeners(value.from, value.to)),
    configuration: mapKnown(facts, (value) => ({
      known: true,
      ...compareConfiguration(
        { facts: value.from, digests: digestsOf(from.files) },
        { facts: value.to, digests: digestsOf(to.files) },
      ),
    })),
    kernelArguments: mapKnown(named, (value) => compareKernelArguments(value.from, value.to)),
    artifacts: mapKnown(manifests, (value) => ({
      known: true,
      list: compareArtifacts(value.from.artifacts, value.to.artifacts),
    })),
    notes,
  };
}

/** Both records, or why one of them is missing; the older one's reason first. */
export function bothKnown<T>(from: Recorded<T>, to: Recorded<T>): Recorded<Both<T>> {
  if (!from.known) return from;
  if (!to.known) return to;
  return { known: true, value: { from: from.value, to: to.value } };
}

function mapKnown<T, U>(recorded: Recorded<T>, compare: (value: T) => U): U | Unknown {
  return recorded.known ? compare(recorded.value) : recorded;
}

function digestsOf(files: ReleaseRecords['files']): ReadonlyMap<string, string> | undefined {
  if (!files.known) return undefined;
  return new Map(
    files.value.flatMap(({ path, sha256 }) => (sha256 === undefined ? [] : [[path, sha256] as const])),
  );
}

const SYSTEM_FACTS: readonly (readonly [
  SystemChange['what'],
  (manifest: ReleaseManifest) => string | undefined,
])[] = [
  ['operating system', ({ os }) => `${os.id} ${os.version}`],
  ['kernel', ({ os }) => os.kernel],
  ['release line', ({ os }) => os.releaseLine],
  ['architecture', ({ arch }) => arch],
  ['profile', ({ recipe }) => recipe.profile],
  ['recipe', ({ recipe }) => recipe.digest],
  ['base', ({ base }) => base.digest],
];

function compareSystems(from: ReleaseManifest, to: ReleaseManifest): SystemChange[] {
  return SYSTEM_FACTS.flatMap(([what, read]) => {
    const [before, after] = [read(from), read(to)];
    if (before === after) return [];
    return [
      {
        what,
        ...(before === undefined ? {} : { from: before }),
        ...(after === undefined ? {} : { to: after }),
      },
    ];
  });
}

function compareArtifacts(
  from: readonly ReleaseArtifact[],
  to: readonly ReleaseArtifact[],
): ArtifactChange[] {
  const older = new Map(from.map((artifact) => [purposeOf(artifact), artifact]));
  const newer = new Map(to.map((artifact) => [purposeOf(artifact), artifact]));
  return [...new Set([...older.keys(), ...newer.keys()])].flatMap((name) => {
    const [before, after] = [older.get(name), newer.get(name)];
    const either = after ?? before;
    if (either === undefined) return [];
    const { target, format, outer } = either;
    return [
      {
        target,
        format: outer === undefined ? format : `${format}.${outer}`,
        ...(before === undefined ? {} : { from: sizeOf(before) }),
        ...(after === undefined ? {} : { to: sizeOf(after) }),
      },
    ];
  });
}

/** What makes artifacts of two releases the same one. */
function purposeOf({ role, target, format, outer }: ReleaseArtifact): string {
  return [role, target, format, outer].join(' ');
}

function sizeOf({ file, sizeBytes, virtualSizeBytes }: ReleaseArtifact): ArtifactSize {
  return { file, sizeBytes, virtualSizeBytes };
}
