import type { Fault } from '../errors/fault.ts';
import { Failure } from '../errors/failure.ts';
import { defineDocument } from '../manifests/define-document.ts';
import { BUILD, COUNT, INSTANT, LINE_NAME, LONG, SHA256, TEXT, members } from '../manifests/schema-parts.ts';
import { readVersion } from '../versions/parse-version.ts';
import { identityOf } from '../versions/version.ts';

/** What has become of a BUILD. All but `reserved` and `building` are ends; `failed` can be resumed by its own run. */
export type AllocationState = 'reserved' | 'building' | 'failed' | 'unchanged' | 'released';

/** The process that holds something in the catalogue, so that others can tell whether it still lives. */
export interface ProcessOwner {
  readonly pid: number;
  /** Clock ticks between boot and its start. */
  readonly startTicks: number;
  readonly bootId: string;
  readonly host: string;
  readonly pidNamespace: string;
}

/** Content of `lines/<line>/alloc/<build>.json`. */
export interface Allocation {
  readonly schema: 1;
  readonly line: string;
  readonly build: number;
  /** LONG. */
  readonly version: string;
  readonly recipeDigest: string;
  readonly state: AllocationState;
  readonly reservedAt: string;
  /** When the state became what it is. */
  readonly at: string;
  readonly owner: ProcessOwner;
  /** The run that builds it. */
  readonly run?: string;
  /** Why it failed. */
  readonly reason?: string;
  /** LONG of the release that has the same content. */
  readonly equalTo?: string;
}

/** A step in an allocation's life. */
export interface AllocationChange {
  readonly state: AllocationState;
  readonly at: Date;
  readonly owner?: ProcessOwner;
  readonly run?: string;
  readonly reason?: string;
  readonly equalTo?: string;
}

/** Schema of {@link ProcessOwner}. */
export const PROCESS_OWNER: object = members({
  pid: COUNT,
  startTicks: COUNT,
  bootId: TEXT,
  host: { type: 'string' },
  pidNamespace: { type: 'string' },
});

const NEXT_STATES: Readonly<Record<AllocationState, readonly AllocationState[]>> = {
  reserved: ['building', 'failed', 'unchanged', 'released'],
  building: ['building', 'failed', 'unchanged', 'released'],
  failed: ['building', 'failed'],
  unchanged: [],
  released: ['released'],
};

const ALLOCATION_DOCUMENT = defineDocument<Allocation>({
  schema: members(
    {
      schema: { const: 1 },
      line: LINE_NAME,
      build: BUILD,
      version: LONG,
      recipeDigest: SHA256,
      state: { enum: Object.keys(NEXT_STATES) },
      reservedAt: INSTANT,
      at: INSTANT,
      owner: PROCESS_OWNER,
    },
    { run: TEXT, reason: TEXT, equalTo: LONG },
  ),
  code: 'E_ALLOCATION_INVALID',
  check: checkVersionOf,
});

/** Reads an allocation. @throws Failure `E_ALLOCATION_INVALID` with every fault */
export function parseAllocation(text: string, subject: string): Allocation {
  return ALLOCATION_DOCUMENT.parse(text, subject);
}

/** Text of an allocation's file. */
export function renderAllocation(allocation: Allocation): string {
  return `${JSON.stringify(allocation, null, 2)}\n`;
}

/** Whether a version of this state counts when the next one is chosen: burnt numbers leave only a gap. */
export function isLive(state: AllocationState): boolean {
  return state === 'reserved' || state === 'building' || state === 'released';
}

/**
 * The allocation after a step. @throws Failure `E_ALLOCATION_STATE` for a step that would change history
 */
export function changeAllocation(allocation: Allocation, change: AllocationChange): Allocation {
  if (!NEXT_STATES[allocation.state].includes(change.state)) throw wrongState(allocation, change.state);
  const { reason: _reason, equalTo: _equalTo, ...lasting } = allocation;
  return { ...lasting, ...change, at: change.at.toISOString() };
}

function wrongState({ line, version, state }: Allocation, next: AllocationState): Failure {
  return new Failure(
    'conflict',
    'E_ALLOCATION_STATE',
    `${line} ${version} is ${state} and cannot become ${next}`,
    {
      hint: 'start a new build: it takes a number of its own',
      evidence: { line, version, state, next },
    },
  );
}

function checkVersionOf({ version, build }: Allocation): Fault[] {
  const reading = readVersion(version, 'date');
  if ('faults' in reading) return reading.faults.map((fault) => ({ ...fault, path: '.version' }));
  if (identityOf(reading.version)?.build === build) return [];
  return [{ path: '.version', message: `must end in build ${build}; found "${version}"` }];
}
