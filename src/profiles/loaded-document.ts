import type { Fault } from '../errors/fault.ts';
import type { ProfileLayer } from './merge-documents.ts';

/** A document as it was read. */
export interface LoadedDocument extends ProfileLayer {
  /** Directory that its file references start from. */
  readonly directory: string;
  /** Faults found while reading it. */
  readonly faults: readonly Fault[];
  /** Whether it is one of ours, which the tests have checked. */
  readonly builtIn?: boolean;
  /** Its name when it is a fragment, such as `target:kvm`. */
  readonly fragment?: string;
}
