import { outputsOf } from './outputs.ts';
import type { AptSource, Profile, ProfileFile, Provisioner } from './profile.ts';

/** SHA-256 of each file that a profile names, by absolute path; see `referencedFiles`. */
export type FileDigests = ReadonlyMap<string, string>;

/**
 * What the base disk depends on, beside the packages that the mirror offers. Addresses of mirrors are no part of
 * it: the same packages give the same disk wherever they came from.
 */
export function baseRecipe(profile: Profile): object {
  const { os, base, disk, packages, guest, finish } = profile;
  const { distribution, suite, architecture, components, aptSources } = os;
  return {
    os: { distribution, suite, architecture, components, aptSources: aptSources.map(aptSourceRecipe) },
    base,
    disk,
    packages: { ...packages, include: packages.include.toSorted(), exclude: packages.exclude.toSorted() },
    guest: { hostname: guest.hostname, consoles: guest.consoles, kernelArguments: guest.kernelArguments },
    finish: { removeDocs: finish.removeDocs, keepLocales: finish.keepLocales.toSorted() },
  };
}

/** What the disk depends on before it is given a line and a version; profiles that agree here share that work. */
export function buildRecipe(profile: Profile, digests: FileDigests): object {
  return {
    base: baseRecipe(profile),
    files: filesOf(profile, digests),
    provisioners: profile.provisioners.map((step) => provisionerRecipe(step, digests)),
  };
}

/** What a line's release depends on: the disk, its identity, and the artifacts made of it. */
export function lineRecipe(profile: Profile, digests: FileDigests): object {
  const { line, guest, targets, finish, version, template, os } = profile;
  return {
    build: buildRecipe(profile, digests),
    line,
    guest,
    guestMirror: os.guestMirror ?? null,
    targets,
    finish,
    version,
    template,
  };
}

/**
 * What decides the artifacts of a disk, its content and version aside: how each is made, the machine that an OVA describes,
 * what the template is called, and how the version is written for those who read it in the guest.
 */
export function outputsRecipe(profile: Profile): object {
  const { template, version, disk } = profile;
  const { sizeMiB, layout, secureBoot } = disk;
  const outputs = outputsOf(profile).map(({ target, output, options }) => {
    const { format, compression, subformat, compat, outer } = output;
    return { target, format, compression, subformat, compat, outer, machine: options.machine };
  });
  return { template, version, disk: { sizeMiB, layout, secureBoot }, outputs };
}

function aptSourceRecipe({ name, uri, suites, components, key }: AptSource): object {
  return { name, uri, suites, components, key: key.sha256 };
}

function filesOf(profile: Profile, digests: FileDigests): object[] {
  return profile.files.map((file) => fileRecipe(file, digests));
}

function fileRecipe({ path, mode, content, source }: ProfileFile, digests: FileDigests): object {
  return { path, mode, ...(source === undefined ? { content } : { sha256: digestFor(source, digests) }) };
}

/** Names, time limits and retries do not change the disk; of a secret only its name counts, never its value. */
function provisionerRecipe(step: Provisioner, digests: FileDigests): object {
  const { type } = step;
  if (type === 'file')
    return { type, destination: step.destination, sha256: digestFor(step.source, digests) };
  const script =
    step.script === undefined ? { inline: step.inline } : { sha256: digestFor(step.script, digests) };
  return { type, env: step.env, ...script };
}

function digestFor(file: string, digests: FileDigests): string {
  const digest = digests.get(file);
  if (digest === undefined) throw new Error(`no digest was computed for ${file}`);
  return digest;
}
