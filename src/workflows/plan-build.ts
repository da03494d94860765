import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseMirrors, isPrivateMirror } from '../bases/apt-sources.ts';
import type { AcceleratorVerdict } from '../host/accelerator.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import type { Profile } from '../profiles/profile.ts';
import { buildRecipe, lineRecipe } from '../profiles/recipe.ts';
import type { CalendarDate } from '../values/calendar-date.ts';
import { digestOfValue } from '../values/digest.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import type { PackerProject } from '../packer/project.ts';
import { guestSources, withGuestFiles } from './guest-files.ts';
import { PROVISIONERS_DIRECTORY } from './load-profile.ts';
import { baseKey } from './make-base.ts';
import type { PreparedProfile } from './prepare-profile.ts';
import type { HostFacts } from './probe-host.ts';
import { readAndPlanProject } from './render-project.ts';
import { resolveClosure, type ResolvedClosure } from './resolve-closure.ts';
import { versionDayOf } from './version-day.ts';

/** Everything that is decided before anything is built. */
export interface BuildPlan extends PreparedProfile, HostFacts {
  readonly date: CalendarDate;
  readonly closure: ResolvedClosure;
  readonly builderDigests: Readonly<Record<string, string>>;
  /** Package sources of the guest: while it is built, and for good. */
  readonly sources: { readonly built: string; readonly guest: string };
  /** What Packer is to run, rendered. */
  readonly project: PackerProject;
  /** Key of the base disk: its packages and how it is arranged. */
  readonly baseDigest: string;
  /** What decides the disk before it is given a line and a version. */
  readonly buildDigest: string;
  /** The recipe of the line, packages aside: a change of it makes a new REV. */
  readonly recipeDigest: string;
  readonly warnings: readonly string[];
}

/**
 * Starts asking the mirror which packages a profile comes to, so that this goes on while the host is looked at.
 * A failure shows when the plan waits for the answer.
 */
export function startResolving(
  { profile, sourceKeys }: PreparedProfile,
  { mirror, offline }: Pick<BuildRequest, 'mirror' | 'offline'>,
  context: WorkflowContext,
): Promise<ResolvedClosure> {
  const closure = resolveClosure(profile, { mirror, offline, sourceKeys }, context);
  // Without this a failure of the host before anybody waits for the mirror would count as nobody's.
  closure.catch(() => {});
  return closure;
}

/**
 * Makes the plan of one profile: decides everything that can be decided before anything is built. Changes nothing.
 *
 * @param resolving the answer of {@link startResolving}
 * Raises what resolving the packages raises, `E_DATE` for a date that is none, and `E_PROFILE_INVALID` for what Packer
 * could not carry.
 */
export async function planBuild(
  prepared: PreparedProfile,
  host: HostFacts,
  resolving: Promise<ResolvedClosure>,
  request: BuildRequest,
  context: WorkflowContext,
): Promise<BuildPlan> {
  const { profile, fileDigests } = prepared;
  const date = versionDayOf(request.date, context);
  const [closure, builderDigests] = await Promise.all([resolving, digestPrograms()]);
  const sources = planGuestSources(profile, request, closure);
  const complete = withGuestFiles(profile, sources.built);
  const project = await readAndPlanProject(complete, host.packer.dialect);
  const baseDigest = baseKey({ profile, closure, builderDigests: builderDigests.base });
  return {
    ...prepared,
    ...host,
    date,
    closure,
    builderDigests: builderDigests.base,
    sources,
    project,
    baseDigest,
    buildDigest: digestOfValue({
      base: baseDigest,
      build: buildRecipe(profile, fileDigests),
      sources: sources.built,
    }),
    recipeDigest: digestOfValue({
      line: lineRecipe(profile, fileDigests),
      programs: builderDigests.all,
      sources: sources.guest,
    }),
    warnings: planWarnings(sources.guestUri, closure, host.accelerator),
  };
}

/** Our own scripts decide what comes out as much as the profile does: those of the base, and all of them. */
async function digestPrograms(): Promise<{ base: Record<string, string>; all: Record<string, string> }> {
  const all: Record<string, string> = {};
  for (const directory of ['base', 'microvm', 'finish']) {
    for (const name of (await readdir(join(PROVISIONERS_DIRECTORY, directory))).toSorted()) {
      all[`${directory}/${name}`] = await sha256OfFile(join(PROVISIONERS_DIRECTORY, directory, name));
    }
  }
  const base = Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('finish/')));
  return { base, all };
}

function planGuestSources(
  profile: Profile,
  request: BuildRequest,
  closure: ResolvedClosure,
): { built: string; guest: string; guestUri: string } {
  const named = request.guestMirror ?? profile.os.guestMirror;
  const mirrors = chooseMirrors(named, closure.chosenMirrors) ?? closure.chosenMirrors;
  return {
    built: guestSources(profile.os, closure.chosenMirrors),
    guest: guestSources(profile.os, mirrors),
    guestUri: mirrors.main,
  };
}

function planWarnings(guestUri: string, closure: ResolvedClosure, accelerator: AcceleratorVerdict): string[] {
  const warnings: string[] = [];
  if (closure.chosenMirrors.security === undefined) {
    warnings.push(
      `no security archive is known beside ${closure.chosenMirrors.main}: its updates are left out`,
    );
  }
  if (isPrivateMirror(guestUri)) {
    warnings.push(
      `the guest's package sources name ${guestUri}, which others may not reach; --guest-mirror URL names another`,
    );
  }
  if (accelerator.forced) warnings.push(accelerator.reason);
  return warnings;
}
