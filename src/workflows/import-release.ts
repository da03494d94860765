import { rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { refused, requireFiled } from '../catalogue/channel-rules.ts';
import { artifactFileName, requireLineName } from '../catalogue/paths.ts';
import { planReservation } from '../catalogue/plan-reservation.ts';
import { Failure } from '../errors/failure.ts';
import { releaseVersionOf, type ReleaseArtifact, type ReleaseManifest } from '../manifests/release.ts';
import { FILE_NAME_WORDS, isFileName } from '../manifests/safe-names.ts';
import { packagesDigest, renderPackageList } from '../packages/package-list.ts';
import type { TargetName } from '../profiles/profile.ts';
import type { MachineArchitecture } from '../values/architecture.ts';
import { calendarDateOf } from '../values/calendar-date.ts';
import { sha256Of } from '../values/digest.ts';
import { parseGivenVersion } from '../versions/import-version.ts';
import { parseIdentity } from '../versions/parse-version.ts';
import { renderLong, sourceDateEpochOf, type VersionRecord } from '../versions/version.ts';
import { reserve, reservedVersion, type ReserveOptions } from './allocate-version.ts';
import type { WorkflowContext } from './build-request.ts';
import { burnOnFailure } from './burn-on-failure.ts';
import { withCatalogueErrors } from './catalogue-files.ts';
import { recordDiff } from './diff-releases.ts';
import { fileRelease } from './file-release.ts';
import { readMadeAt, refuseUnfit, takeImage, type ImportedImage } from './imported-image.ts';
import { parseReleaseReference, readKnownLine } from './locate-release.ts';
import { requireOwnDirectories } from './own-directories.ts';
import { readLineHistory } from './read-line.ts';
import { UNKNOWN_SYSTEM, type DiskSystem } from './read-system.ts';
import { createStaging, removeStaging, sweepStaging } from './stage-release.ts';

/** Images that were made elsewhere are to be a release. */
export interface ImportRequest {
  readonly catalogue: string;
  readonly line: string;
  /** LONG, or INTER or SHORT, which take the next BUILD. */
  readonly version: string;
  /** The same disk in one or more formats. */
  readonly files: readonly string[];
  /** For whom each file is, in their order; one stands for all. What is usual for the format when empty. */
  readonly targets: readonly TargetName[];
  /** Stem of the file names; the line's unless given. */
  readonly name?: string;
  readonly arch: MachineArchitecture;
  /** The release that it was made from, as `LINE@LONG`. */
  readonly parent?: string;
  /** Whether the catalogue may share the bytes of the files; they must never be written to again then. */
  readonly link: boolean;
  /** Who imports, as `user@host`; whoever runs us unless given. */
  readonly by?: string;
}

/** A release that was made of images from elsewhere. */
export interface ImportedRelease {
  readonly line: string;
  readonly long: string;
  readonly directory: string;
  readonly manifest: ReleaseManifest;
  /** Whether `latest/<line>` points at it now. */
  readonly isLatest: boolean;
}

/**
 * Files images that were made elsewhere as a release. They are copied and proven first; a version is taken only when
 * nothing is left that could be wrong with them. What is not known of them stays unknown.
 *
 * Raises of kind `usage` what a version, a file or a parent that is not there raises; `image-test` what is wrong with an
 * image; `conflict` for a version that is taken or does not fit; `host` for a catalogue that cannot be written; the
 * signal's reason. Nothing stays of an import that did not succeed, but the BUILD that it may have burnt.
 */
export async function importRelease(
  request: ImportRequest,
  context: WorkflowContext,
): Promise<ImportedRelease> {
  const catalogue = resolve(request.catalogue);
  const now = context.clock.now();
  const options = await checkRequest({ ...request, catalogue }, now, context);
  return withCatalogueErrors(catalogue, async () => {
    // A line that has no release yet has no build either that would sweep what a killed import left.
    await sweepStaging(catalogue);
    const staging = await createStaging(catalogue, request.line, 'import');
    try {
      const images: ImportedImage[] = [];
      for (const [place, file] of request.files.entries()) {
        const staged = join(staging, `image-${place}`);
        images.push(await takeImage({ file, staged, link: request.link }, context));
      }
      return await fileImages({ ...request, catalogue }, images, {
        staging,
        options,
        signal: context.signal,
      });
    } finally {
      await removeStaging(staging);
    }
  });
}

/** Everything that can be refused before gigabytes are copied. */
async function checkRequest(
  request: ImportRequest,
  now: Date,
  context: WorkflowContext,
): Promise<ReserveOptions> {
  const { catalogue, files, line, name, targets } = request;
  requireLineName(line);
  if (name !== undefined && !isFileName(name)) {
    throw new Failure('usage', 'E_USAGE', `--name must be ${FILE_NAME_WORDS}`);
  }
  if (targets.length > 1 && targets.length !== files.length) {
    throw new Failure('usage', 'E_USAGE', `${files.length} files cannot be for ${targets.length} targets`, {
      hint: 'give --target once for all of them, or once for each',
    });
  }
  const days = { today: calendarDateOf(now), made: calendarDateOf(await readMadeAt(files[0] ?? '')) };
  const exact = parseGivenVersion(request.version, days);
  const options: ReserveOptions = {
    exact,
    date: exact.date,
    policy: 'daily',
    recipeDigest: sha256Of(''),
    newCatalogue: true,
    ci: false,
    now,
  };
  await withCatalogueErrors(catalogue, async () => {
    await requireOwnDirectories(catalogue, line);
    planReservation(await readLineHistory(catalogue, line), options);
    if (request.parent !== undefined) await requireParent(catalogue, request.parent);
  });
  for (const file of files) await refuseUnfit(file, context);
  return options;
}

/** A parent may be gone by now, but whatever was made from a revoked one must not be used either. */
async function requireParent(catalogue: string, parent: string): Promise<void> {
  const { line, version = '' } = parseReleaseReference(parent);
  const release = requireFiled(await readKnownLine(catalogue, line), renderLong(parseIdentity(version)));
  if (release.revoked === undefined) return;
  const { at, reason } = release.revoked;
  const message = `${parent} was revoked at ${at}: ${reason}`;
  throw refused('E_RELEASE_REVOKED', message, 'what was made from it must not be used either');
}

/** What a release is filed with. */
interface Filing {
  readonly staging: string;
  readonly options: ReserveOptions;
  readonly signal: AbortSignal;
}

async function fileImages(
  request: ImportRequest,
  images: readonly ImportedImage[],
  { staging, options, signal }: Filing,
): Promise<ImportedRelease> {
  const { catalogue, line, by } = request;
  const { now } = options;
  const recipeDigest = digestOfImages(images);
  // Two files that would get one name are refused before a version is taken for them.
  planArtifacts(request, images, '26.1.1-1.1');
  const reservation = await reserve(catalogue, line, { ...options, recipeDigest });
  return burnOnFailure(reservation, now, async () => {
    const manifest = planImport(request, images, { version: reservedVersion(reservation), now });
    for (const [place, { file }] of manifest.artifacts.entries()) {
      await rename(join(staging, `image-${place}`), join(staging, file));
    }
    const { packages } = systemOf(images);
    if (packages !== undefined) await writeFile(join(staging, 'packages.txt'), renderPackageList(packages));
    await recordDiff({ catalogue, directory: staging, manifest }, { signal });
    const filed = await fileRelease(catalogue, staging, manifest, {
      now,
      ...(by === undefined ? {} : { by }),
    });
    return { line, long: filed.long, directory: filed.directory, manifest, isLatest: filed.isLatest };
  });
}

/** The manifest of a release that was made elsewhere: what nobody knows is absent, or said to be unknown. */
function planImport(
  request: Pick<ImportRequest, 'line' | 'name' | 'arch' | 'parent' | 'targets'>,
  images: readonly ImportedImage[],
  stamp: { readonly version: VersionRecord; readonly now: Date },
): ReleaseManifest {
  const { line, name = line, arch, parent } = request;
  const version = releaseVersionOf(stamp.version);
  const digest = digestOfImages(images);
  const { os, packages } = systemOf(images);
  return {
    schema: 1,
    name,
    line,
    scheme: 'date',
    version,
    arch,
    created: stamp.now.toISOString(),
    sourceDateEpoch: sourceDateEpochOf(stamp.version),
    state: 'active',
    recipe: { digest, profile: 'import' },
    // The bytes themselves are all that it is known to be made of: another import of them is the same release.
    base: { method: 'disk', digest, ...(parent === undefined ? {} : { parent }) },
    os,
    tools: {},
    ...(packages === undefined ? {} : { packagesDigest: packagesDigest(packages) }),
    artifacts: planArtifacts(request, images, version.long),
  };
}

function planArtifacts(
  { line, name = line, arch, targets }: Pick<ImportRequest, 'line' | 'name' | 'arch' | 'targets'>,
  images: readonly ImportedImage[],
  long: string,
): ReleaseArtifact[] {
  const artifacts = images.map(({ artifact }, place) => {
    const { format, outer } = artifact;
    const target = targets[place] ?? targets[0] ?? USUAL_TARGETS[format] ?? 'kvm';
    const parts = { name, long, arch, target, format, ...(outer === undefined ? {} : { outer }) };
    return { ...artifact, target, file: artifactFileName(parts) };
  });
  const names = artifacts.map(({ file }) => file);
  if (new Set(names).size === names.length) return artifacts;
  throw new Failure('usage', 'E_USAGE', 'two of the files are in the same format for the same target', {
    hint: 'give --target for each file, or leave one out',
  });
}

/** Who takes which format, unless a person says. */
const USUAL_TARGETS: Readonly<Record<string, TargetName>> = {
  vhd: 'xenserver',
  vhdx: 'hyperv',
  vmdk: 'vmware',
  ova: 'vmware',
};

/** Of one image its own digest; of several one over all of them, whatever their order. */
function digestOfImages(images: readonly ImportedImage[]): string {
  const digests = images.map(({ artifact }) => artifact.sha256).toSorted();
  return digests.length === 1 ? (digests[0] ?? '') : sha256Of(digests.join('\n'));
}

/** They are said to hold the same disk, and not each can be read. */
function systemOf(images: readonly ImportedImage[]): DiskSystem {
  return images.find(({ system }) => system !== UNKNOWN_SYSTEM)?.system ?? UNKNOWN_SYSTEM;
}
