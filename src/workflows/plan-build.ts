import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseMirrors, isPrivateMirror, planSources, renderGuestSources } from '../bases/apt-sources.ts';
import { InvalidDocument } from '../errors/fault.ts';
import { Failure } from '../errors/failure.ts';
import { chooseAccelerator, type AcceleratorVerdict } from '../host/accelerator.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { findReadableKernel } from '../host/host-kernel.ts';
import type { Profile, ProfileFile } from '../profiles/profile.ts';
import { buildRecipe, lineRecipe, type FileDigests } from '../profiles/recipe.ts';
import { checkSecrets } from '../profiles/secrets.ts';
import { unsupportedYet } from '../profiles/unsupported-yet.ts';
import { calendarDateOf, parseIsoDate, type CalendarDate } from '../values/calendar-date.ts';
import { digestOfValue } from '../values/digest.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { findPacker, type InstalledPacker } from './find-packer.ts';
import { digestProfileFiles, loadProfile, PROVISIONERS_DIRECTORY } from './load-profile.ts';
import { baseKey } from './make-base.ts';
import { resolveClosure, type ResolvedClosure } from './resolve-closure.ts';

/** Everything that is decided before anything is built. */
export interface BuildPlan {
  readonly profile: Profile;
  readonly fileDigests: FileDigests;
  readonly date: CalendarDate;
  readonly packer: InstalledPacker;
  readonly accelerator: AcceleratorVerdict;
  readonly closure: ResolvedClosure;
  readonly sourceKeys: Readonly<Record<string, string>>;
  readonly builderDigests: Readonly<Record<string, string>>;
  /** Package sources of the guest: while it is built, and for good. */
  readonly sources: { readonly built: string; readonly guest: string };
  /** Key of the base disk: its packages and how it is arranged. */
  readonly baseDigest: string;
  /** What decides the disk before it is given a line and a version. */
  readonly buildDigest: string;
  /** The recipe of the line, packages aside: a change of it makes a new REV. */
  readonly recipeDigest: string;
  readonly warnings: readonly string[];
}

/** Path of the guest's own package sources. */
const GUEST_SOURCES = '/etc/apt/sources.list.d/debian.sources';

/**
 * Makes the plan of one profile: reads it, asks the mirror, looks at the host. Changes nothing but caches.
 * Raises failures of kind `profile` with every fault, and of kind `host` for a tool or a mirror that is not there.
 */
export async function planBuild(
  reference: string,
  request: BuildRequest,
  context: WorkflowContext,
): Promise<BuildPlan> {
  const { profile } = await loadProfile({ reference, targets: request.targets, set: request.set });
  const subject = `profile ${JSON.stringify(profile.name)}`;
  const faults = [...unsupportedYet(profile), ...checkSecrets(profile, context.environment)];
  if (faults.length > 0) throw new InvalidDocument(subject, faults);
  const fileDigests = await digestProfileFiles(profile, subject);
  const sourceKeys = await readSourceKeys(profile);
  const choice = { mirror: request.mirror, offline: request.offline, sourceKeys };
  const [packer, accelerator, closure, builderDigests] = await Promise.all([
    findPacker(request.packer, context),
    findAccelerator(request, context),
    resolveClosure(profile, choice, context),
    digestPrograms(),
  ]);
  const sources = planGuestSources(profile, request, closure);
  const baseDigest = baseKey({ profile, closure, builderDigests: builderDigests.base });
  return {
    profile,
    fileDigests,
    date: dateOf(request, context),
    packer,
    accelerator,
    closure,
    sourceKeys,
    builderDigests: builderDigests.base,
    sources,
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
    warnings: planWarnings(sources.guestUri, accelerator),
  };
}

/** The files that are placed into the guest: the profile's own, and the package sources for the build. */
export function guestFilesOf(plan: Pick<BuildPlan, 'profile' | 'sources'>): ProfileFile[] {
  const sources = { path: GUEST_SOURCES, content: plan.sources.built, mode: '0644' };
  return [...plan.profile.files.filter((file) => file.path !== GUEST_SOURCES), sources];
}

async function findAccelerator(request: BuildRequest, context: WorkflowContext): Promise<AcceleratorVerdict> {
  return chooseAccelerator(context.run, {
    choice: request.accelerator,
    cacheDirectory: context.directories.cache,
    kernel: await findReadableKernel(),
    signal: context.signal,
  });
}

function dateOf(request: BuildRequest, context: WorkflowContext): CalendarDate {
  if (request.date === undefined) return calendarDateOf(context.clock.now());
  const date = parseIsoDate(request.date);
  if (!date)
    throw new Failure('usage', 'E_DATE', `--date takes YYYY-MM-DD; found ${JSON.stringify(request.date)}`);
  return date;
}

async function readSourceKeys(profile: Profile): Promise<Record<string, string>> {
  const keys = await Promise.all(
    profile.os.aptSources.map(async ({ name, key }) => {
      const text = key.text ?? (key.file === undefined ? '' : await readFile(key.file, 'utf8'));
      return [name, text] as const;
    }),
  );
  return Object.fromEntries(keys);
}

/** Our own scripts decide what comes out as much as the profile does: those of the base, and all of them. */
async function digestPrograms(): Promise<{ base: Record<string, string>; all: Record<string, string> }> {
  const all: Record<string, string> = {};
  for (const directory of ['base', 'microvm', 'finish']) {
    for (const name of (await readdir(join(PROVISIONERS_DIRECTORY, directory))).sort()) {
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
  const built = planSources(profile.os, closure.chosenMirrors);
  const named = request.guestMirror ?? profile.os.guestMirror;
  const mirrors = chooseMirrors(named, closure.chosenMirrors) ?? closure.chosenMirrors;
  const guest = planSources(profile.os, mirrors);
  return { built: renderGuestSources(built), guest: renderGuestSources(guest), guestUri: mirrors.main };
}

function planWarnings(guestUri: string, accelerator: AcceleratorVerdict): string[] {
  const warnings: string[] = [];
  if (isPrivateMirror(guestUri)) {
    warnings.push(
      `the guest's package sources name ${guestUri}, which others may not reach; --guest-mirror URL names another`,
    );
  }
  if (accelerator.forced) warnings.push(accelerator.reason);
  return warnings;
}
