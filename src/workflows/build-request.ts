import type { Clock, Pace } from '../host/clock.ts';
import type { Runner } from '../host/run.ts';
import type { EmitEvent } from './events.ts';

/** What a person asked `build` to do; the command line and its defaults, nothing probed yet. */
export interface BuildRequest {
  /** Built-in names or paths of profile files. */
  readonly profiles: readonly string[];
  /** Replaces the profiles' own targets when not empty. */
  readonly targets: readonly string[];
  /** `path=value` overrides, in the order given. */
  readonly set: readonly string[];
  /** Catalogue directory. */
  readonly catalogue: string;
  /** Day of the version, `YYYY-MM-DD`; that of SOURCE_DATE_EPOCH, else today (UTC), when absent. */
  readonly date?: string;
  /** The BUILD number to take instead of the next free one. */
  readonly buildNumber?: number;
  /** Allows an empty catalogue under `CI=true`. */
  readonly newCatalogue: boolean;
  readonly accelerator: 'auto' | 'kvm' | 'tcg';
  readonly mirror?: string;
  readonly guestMirror?: string;
  /** Packer binary to use instead of the one on PATH. */
  readonly packer?: string;
  readonly offline: boolean;
  readonly test: boolean;
  readonly rebuild: boolean;
  /** Queues behind another build of the line, instead of refusing. */
  readonly wait: boolean;
  /** Run to continue; an empty string means the newest. */
  readonly resume?: string;
  readonly keepFailed: boolean;
  readonly dryRun: boolean;
}

/** Directories that Mintmark writes to; see design section 5. */
export interface Directories {
  /** Base disks, downloads, Packer's cache; safe to delete at any time. */
  readonly cache: string;
  /** One directory per run below `runs/`. */
  readonly state: string;
}

/** What every workflow is given instead of reaching for it. */
export interface WorkflowContext {
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** How waiting is done; the machine's own pace when absent. */
  readonly pace?: Pace;
  readonly run: Runner;
  readonly directories: Directories;
  /** Our own environment, for declared secrets, proxies and `CI`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}
