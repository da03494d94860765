import type { MachineArchitecture } from '../values/architecture.ts';
import type { StageName } from './events.ts';

/** How one line's build ended well; failures are thrown instead. */
export type BuildStatus =
  /** A new release was filed. */
  | 'built'
  /** The line already has a release with the same recipe and packages; nothing was done. */
  | 'up-to-date'
  /** The finished disk holds what the line's newest release holds; nothing was filed, and the BUILD is used up. */
  | 'unchanged'
  /** `--dry-run`: only the plan was made, nothing was reserved or written. */
  | 'planned';

/** How large the disk was along the way, in bytes that the file system really holds. */
export interface BuildSizes {
  /** The cached base disk. */
  readonly baseBytes?: number;
  /** The disk as Packer left it. */
  readonly provisionedBytes?: number;
  /** The disk after hygiene, trim and virt-sparsify. */
  readonly finishedBytes?: number;
  /** The filed artifacts, all together. */
  readonly packedBytes?: number;
}

/** What a package costs inside the image. */
export interface PackageCost {
  readonly name: string;
  /** Installed size as dpkg states it, in bytes. */
  readonly sizeBytes: number;
}

/** A filed artifact. */
export interface BuiltArtifact {
  readonly target: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
  /** Of the file, lower-case hexadecimal. */
  readonly sha256: string;
}

/** What `build` reports of one line: facts for the summary and for the JSON document. */
export interface BuildOutcome {
  readonly status: BuildStatus;
  readonly line: string;
  /** The release's LONG version: the new one, the one that already has the content, or the planned one. */
  readonly long: string;
  readonly arch: MachineArchitecture;
  /** The BUILD that was taken and gave no release; only with `unchanged`. */
  readonly burnt?: number;
  /** Every artifact of the release; empty when only planned. */
  readonly artifacts: readonly BuiltArtifact[];
  /** The artifact; of several, the release's directory. Absent when only planned. */
  readonly path?: string;
  /** Of the only artifact; those of several have their own. */
  readonly sizeBytes?: number;
  /** Of the only artifact: size of the disk that a guest sees. */
  readonly virtualSizeBytes?: number;
  /** Of the only artifact's file, lower-case hexadecimal. */
  readonly sha256?: string;
  /** Time that each stage of this run took. */
  readonly stageMs: Readonly<Partial<Record<StageName, number>>>;
  /** Time of the whole run. */
  readonly totalMs: number;
  /** Median time of earlier runs of the same profile; absent for the first. */
  readonly usualMs?: number;
  readonly sizes: BuildSizes;
  /** Largest first. */
  readonly biggestPackages: readonly PackageCost[];
  /** Further lines for the summary, such as the difference to the release before. */
  readonly remarks?: readonly string[];
  /** Content of `release.json`. */
  readonly release?: unknown;
  /** Directory with this run's logs and stage state. */
  readonly runDirectory?: string;
  /** The plan, for `--dry-run`. */
  readonly plan?: unknown;
}
