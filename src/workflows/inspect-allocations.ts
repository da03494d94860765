import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllocation, type Allocation } from '../catalogue/allocation.ts';
import { checkAllocations } from '../catalogue/check-allocations.ts';
import { findingsOf, type Finding } from '../catalogue/finding.ts';
import { findRelease, type LineIndex } from '../catalogue/line-index.ts';
import { allocationDirectory, allocationPath, buildOfAllocationFile } from '../catalogue/paths.ts';
import { isSystemError } from '../host/files.ts';
import { inBatches } from './in-batches.ts';
import { listNames } from './catalogue-files.ts';

/** What there is to the versions of a line that were given out. */
export interface AllocationInspection {
  readonly findings: readonly Finding[];
  /** LONGs that were filed by a process that was killed before it said so. */
  readonly unfiled: readonly string[];
  readonly notes: readonly string[];
}

/** Reads every allocation of a line, and compares them with one another and with what was filed. */
export async function inspectAllocations(
  catalogue: string,
  line: string,
  index: LineIndex,
): Promise<AllocationInspection> {
  const directory = allocationDirectory(line);
  const names = await listNames(join(catalogue, directory));
  const builds = names.map(buildOfAllocationFile).filter((build) => build !== undefined);
  const strange = names.filter((name) => !name.startsWith('.') && buildOfAllocationFile(name) === undefined);
  const readings = await inBatches(builds, async (build) => readOne(catalogue, line, build));
  const allocations = readings.flatMap((reading) => ('build' in reading ? [reading] : []));
  const damaged = readings.flatMap((reading) => ('build' in reading ? [] : reading));
  const known = new Set(builds);
  return {
    findings: [
      ...damaged,
      // What cannot be read is told already, and is there.
      ...checkAllocations(index, allocations, isUnderway).filter(
        ({ path, fault }) => !(fault.startsWith('is gone') && known.has(buildOfPath(path))),
      ),
    ],
    unfiled: allocations
      .filter((allocation) => isUnderway(allocation) && findRelease(index, allocation.version) !== undefined)
      .map(({ version }) => version),
    notes: strange.map((name) => `${directory}/${name} is no allocation`),
  };
}

function isUnderway({ state }: Allocation): boolean {
  return state === 'reserved' || state === 'building';
}

/** At one go, as releases are read. */
function readOne(catalogue: string, line: string, build: number): Allocation | Finding[] {
  const path = allocationPath(line, build);
  try {
    const text = readFileSync(join(catalogue, path), 'utf8');
    const allocation = parseAllocation(text, path);
    if (allocation.line === line && allocation.build === build) return allocation;
    const fault = 'is of another BUILD';
    return [{ path, fault, expected: `${line} ${build}`, found: `${allocation.line} ${allocation.build}` }];
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EISDIR', 'EACCES', 'ELOOP'))
      return [{ path, fault: `cannot be read: ${error.code}` }];
    return findingsOf(error, path);
  }
}

function buildOfPath(path: string): number {
  return buildOfAllocationFile(path.split('/').at(-1) ?? '') ?? 0;
}
