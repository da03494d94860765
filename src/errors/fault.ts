import { Failure } from './failure.ts';

/** One thing that is wrong in a document, with the place where it stands. */
export interface Fault {
  /** Path in the document in jq notation: `.disk.sizeMiB`, `.targets[0].format`; `.` is the document itself. */
  readonly path: string;
  /** What is wrong and what was found; no final full stop. */
  readonly message: string;
}

/** Thrown by parsers with every fault of one document, never only the first. */
export class InvalidDocument extends Failure {
  readonly faults: readonly Fault[];

  /** @param subject what a person calls the document: a file name or `profile "kvm"` */
  constructor(subject: string, faults: readonly Fault[], code = 'E_PROFILE_INVALID') {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    super('profile', code, `${subject} has ${count}`, {
      details: renderFaults(faults),
      evidence: { faults },
    });
    this.faults = faults;
  }
}

/** Faults as aligned lines, path first. */
export function renderFaults(faults: readonly Fault[]): string[] {
  const width = Math.min(40, Math.max(0, ...faults.map((fault) => fault.path.length)));
  return faults.map((fault) => `${fault.path.padEnd(width)}  ${fault.message}`);
}
