import type { Output, Profile, Target, TargetName } from './profile.ts';
import { TARGET_NAMES } from './profile-document.ts';

/** An artifact with the target that it is for. */
export interface PlannedOutput {
  readonly target: TargetName;
  readonly output: Output;
  /** The target's own options, for what its artifacts share. */
  readonly options: Target;
  /** Where the profile says so: `.targets.hyperv.also[0]`. */
  readonly path: string;
}

/** Every artifact of a profile, in the order in which they are listed. */
export function outputsOf({ targets }: Pick<Profile, 'targets'>): PlannedOutput[] {
  return TARGET_NAMES.flatMap((target) => {
    const options = targets[target];
    if (!options) return [];
    const path = `.targets.${target}`;
    return [
      { target, output: options, options, path },
      ...options.also.map((output, index) => ({ target, output, options, path: `${path}.also[${index}]` })),
    ];
  });
}
