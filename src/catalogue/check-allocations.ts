import type { Allocation } from './allocation.ts';
import type { Finding } from './finding.ts';
import { findRelease, recordOf, type LineIndex } from './line-index.ts';
import { allocationPath } from './paths.ts';

/**
 * What is wrong between the versions that were given out and those that were filed: one given out twice, a `released` one
 * that nobody filed, an `unchanged` one equal to nothing, a release without an allocation.
 * @param isUnderway whether a build still has it, or was killed at the last step of its filing
 */
export function checkAllocations(
  index: LineIndex,
  allocations: readonly Allocation[],
  isUnderway: (allocation: Allocation) => boolean,
): Finding[] {
  const { line } = index;
  const taken = new Map<string, number>();
  const filed = new Map(index.releases.map((release) => [recordOf(release).build, release.long]));
  const findings = allocations.flatMap((allocation): Finding[] => {
    const { build, version, state, equalTo } = allocation;
    const path = allocationPath(line, build);
    const twin = taken.get(version);
    taken.set(version, build);
    const isFiled = filed.get(build) === version;
    filed.delete(build);
    return [
      ...(twin === undefined
        ? []
        : [{ path, member: '.version', fault: `is that of build ${twin}, too: ${version}` }]),
      ...(state === 'released' && !isFiled
        ? [{ path, member: '.state', fault: `says released; no journal knows ${version}` }]
        : []),
      ...(state !== 'released' && isFiled && !isUnderway(allocation)
        ? [{ path, member: '.state', fault: `${version} was filed`, expected: 'released', found: state }]
        : []),
      ...(state === 'unchanged' && findRelease(index, equalTo ?? '') === undefined
        ? [{ path, member: '.equalTo', fault: `${line} has no release ${equalTo ?? 'without a name'}` }]
        : []),
    ];
  });
  const without = [...filed].map(([build, long]) => ({
    path: allocationPath(line, build),
    fault: `is gone, though ${long} was filed`,
  }));
  return [...findings, ...without];
}
