import type { ProfileCheckOf, ProfileCheckType } from '../profiles/profile-check.ts';
import type { GuestCheck } from './guest-check.ts';

/** How a profile's check of one kind is made: what it is about, and what is asked and judged. */
export interface ProfileCheckPlan extends Pick<GuestCheck, 'title' | 'script' | 'judge' | 'timeoutSeconds'> {
  /** What it looks at, from which its name is made. */
  readonly subject: string;
}

/** Makes the plan of a check. Whatever of the profile goes into the script must go through `quoteForShell`. */
export type ProfileCheckPlanner<Type extends ProfileCheckType> = (
  check: ProfileCheckOf<Type>,
) => ProfileCheckPlan;
