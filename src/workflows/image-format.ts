import type { DeflateOptions } from '../host/deflate-workers.ts';
import type { Runner } from '../host/run.ts';
import type { ImageReport } from '../inspection/image-report.ts';
import type { MachineDescription, Output, TargetName } from '../profiles/profile.ts';
import type { SourceDisk } from './source-disk.ts';

/** What an image is to be, beside the disk that it holds. The same recipe and disk give the same bytes. */
export interface ImageRecipe {
  readonly output: Output;
  /** Whose rules it follows where hypervisors differ; undefined for an image that is for nobody in particular. */
  readonly hypervisor?: TargetName | undefined;
  /** Time stamp that goes into the file, in seconds since the epoch. */
  readonly createdSeconds: number;
  /** Name of the template, for formats that hold one. */
  readonly name: string;
  /** What an OVA describes. */
  readonly machine: MachineDescription;
  readonly firmware: 'bios' | 'efi';
  /** Whether that firmware starts signed loaders only. */
  readonly secureBoot: boolean;
}

/** What a writer may use. */
export interface ImageTools extends DeflateOptions {
  readonly run: Runner;
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress: (fraction: number) => void;
}

/** An image format: how it is written, and how QEMU reads it back. One file for each; the table is `image-formats.ts`. */
export interface ImageFormat {
  /** Writes the disk under a new name; nothing stays of an image that was not finished. */
  readonly write: (
    disk: SourceDisk,
    outPath: string,
    recipe: ImageRecipe,
    tools: ImageTools,
  ) => Promise<void>;
  /** Kind within the format, as `inspection` names it; undefined where there is but one. */
  readonly subformat: (output: Output) => string | undefined;
  /** What makes `qemu-img` open such a file as `--image-opts`; the report says where in it the disk is. */
  readonly imageOptions: (path: string, report: ImageReport) => string;
  /** Whether `qemu-img check` knows the format. */
  readonly isCheckable: boolean;
  /** Cores that writing keeps busy. */
  readonly cores: (output: Output) => 'one' | 'all';
  /** What tells it from others of its format, for people: `zlib`, `compat 1.1`. */
  readonly describe: (output: Output) => readonly string[];
}
