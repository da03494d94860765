import { join, resolve } from 'node:path';
import { requireUsable } from '../catalogue/channel-rules.ts';
import type { IndexedRelease } from '../catalogue/line-index.ts';
import { MANIFEST_FILE, artifactFileName, releaseDirectory, requireLineName } from '../catalogue/paths.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { CHECKSUMS_FILE, parseChecksums } from '../manifests/checksums.ts';
import { releaseVersionOf, type ReleaseArtifact, type ReleaseManifest } from '../manifests/release.ts';
import { readTextIfExists } from '../host/files.ts';
import { calendarDateOf, type CalendarDate } from '../values/calendar-date.ts';
import type { VersionPolicy } from '../versions/next-version.ts';
import type { VersionRecord } from '../versions/version.ts';
import { reserve, reservedVersion, type Reservation } from './allocate-version.ts';
import type { WorkflowContext } from './build-request.ts';
import { burnOnFailure } from './burn-on-failure.ts';
import { linkOrCopyFile, withCatalogueErrors } from './catalogue-files.ts';
import { recordDiff } from './diff-releases.ts';
import { fileRelease } from './file-release.ts';
import { releaseDamaged } from './intact-release.ts';
import { readFiledManifest, readLineState } from './read-line-state.ts';
import { createStaging, removeStaging } from './stage-release.ts';

/** An old release is wanted as the newest one. */
export interface ReissueRequest {
  readonly catalogue: string;
  readonly line: string;
  /** LONG of the release whose bytes are wanted again. */
  readonly long: string;
  /** Who files it, as `user@host`; whoever runs us unless given. */
  readonly by?: string;
  /** Day of the new version, UTC; today unless given. */
  readonly date?: CalendarDate;
  /** How the line's versions go on; `daily` unless given. */
  readonly policy?: VersionPolicy;
}

/** The same bytes under a new version. */
export interface ReissuedRelease {
  readonly line: string;
  /** LONG of the new release; it is on `candidate`. */
  readonly long: string;
  readonly reissueOf: string;
  readonly directory: string;
  /** What people must know of it: machines still report the old version. */
  readonly warning: string;
}

/**
 * Files a release once more under the line's next version, for clients that only ever go forward: the same bytes (hard
 * links, where there are any) under names with the new version, and the same records, as what passed its tests was these
 * bytes. What stands inside the disk stays the old version.
 * @throws Failure of kind `conflict`: `E_RELEASE_UNKNOWN`, `E_RELEASE_REVOKED`, `E_RELEASE_WITHDRAWN`,
 * `E_RELEASE_DAMAGED` when its files are not what was filed, what taking a version raises; the signal's reason. The
 * number that was taken is burnt then, and nothing else stays.
 */
export async function reissueRelease(
  request: ReissueRequest,
  context: Pick<WorkflowContext, 'clock' | 'signal'>,
): Promise<ReissuedRelease> {
  const catalogue = resolve(request.catalogue);
  const { line, long } = request;
  requireLineName(line);
  const now = context.clock.now();
  return withCatalogueErrors(catalogue, async () => {
    const source = await readSource(catalogue, line, long);
    await requireUndamaged(source, context.signal);
    const reservation = await reserve(catalogue, line, {
      date: request.date ?? calendarDateOf(now),
      policy: request.policy ?? 'daily',
      recipeDigest: source.manifest.recipe.digest,
      newCatalogue: true,
      ci: false,
      now,
    });
    const manifest = planReissue(source.manifest, reservedVersion(reservation), now);
    const directory = await burnOnFailure(reservation, now, () =>
      fileAgain(catalogue, source, manifest, {
        now,
        signal: context.signal,
        ...(request.by === undefined ? {} : { by: request.by }),
      }),
    );
    return {
      line,
      long: reservation.long,
      reissueOf: manifest.reissueOf ?? long,
      directory,
      warning: warn(source.manifest, reservation),
    };
  });
}

/** The manifest of a release whose bytes are those of another one. */
function planReissue(source: ReleaseManifest, version: VersionRecord, now: Date): ReleaseManifest {
  const forms = releaseVersionOf(version);
  const artifacts = source.artifacts.map((artifact) => ({
    ...artifact,
    file: renamed(source, artifact, forms.long),
  }));
  const names = new Map(source.artifacts.map(({ file }, place) => [file, artifacts[place]?.file ?? file]));
  const { tests } = source;
  const boots = tests?.boots?.map((boot) => ({ ...boot, file: names.get(boot.file) ?? boot.file }));
  return {
    ...source,
    version: forms,
    created: now.toISOString(),
    artifacts,
    ...(tests === undefined ? {} : { tests: { ...tests, ...(boots === undefined ? {} : { boots }) } }),
    // The first of them all: it is the one that the disk names inside, and whose tests these were.
    reissueOf: source.reissueOf ?? source.version.long,
  };
}

function renamed({ name, arch }: ReleaseManifest, artifact: ReleaseArtifact, long: string): string {
  const { target, format, outer } = artifact;
  return artifactFileName({ name, long, arch, target, format, ...(outer === undefined ? {} : { outer }) });
}

/** A release that stands in the catalogue. */
interface Source {
  readonly directory: string;
  readonly release: IndexedRelease;
  readonly manifest: ReleaseManifest;
  /** SHA-256 of its files, by name. */
  readonly sums: ReadonlyMap<string, string>;
}

async function readSource(catalogue: string, line: string, long: string): Promise<Source> {
  const release = requireUsable(await readLineState(catalogue, line), long);
  const directory = join(catalogue, releaseDirectory(line, long));
  const filed = await readFiledManifest(catalogue, line, long);
  if (filed?.sha256 !== release.manifestSha256) throw releaseDamaged(join(directory, MANIFEST_FILE));
  const sums = parseChecksums((await readTextIfExists(join(directory, CHECKSUMS_FILE))) ?? '');
  return { directory, release, manifest: filed.manifest, sums };
}

/** What everybody gets next must be read again: it may have lain there for years. */
async function requireUndamaged({ directory, manifest, sums }: Source, signal: AbortSignal): Promise<void> {
  const known = new Map([...sums, ...manifest.artifacts.map(({ file, sha256 }) => [file, sha256] as const)]);
  for (const [file, sha256] of known) {
    const found = await sha256OfFile(join(directory, file), signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw releaseDamaged(join(directory, file), error);
    });
    if (found !== sha256) throw releaseDamaged(join(directory, file));
  }
}

/** Made for the version that they stand beside; a reissue gets its own. */
const NOT_TAKEN_OVER = new Set([MANIFEST_FILE, 'diff.json', 'diff.md']);

async function fileAgain(
  catalogue: string,
  { directory, manifest: old, sums }: Source,
  manifest: ReleaseManifest,
  options: { readonly now: Date; readonly by?: string; readonly signal: AbortSignal },
): Promise<string> {
  const { signal, ...filing } = options;
  const staging = await createStaging(catalogue, manifest.line, manifest.version.long);
  try {
    const artifacts = new Map(
      old.artifacts.map(({ file }, place) => [file, manifest.artifacts[place]?.file ?? file]),
    );
    const records = [...sums.keys()].filter((file) => !artifacts.has(file) && !NOT_TAKEN_OVER.has(file));
    for (const [from, to] of [...artifacts, ...records.map((file) => [file, file] as const)]) {
      await linkOrCopyFile(join(directory, from), join(staging, to));
    }
    await recordDiff({ catalogue, directory: staging, manifest }, { signal });
    return (await fileRelease(catalogue, staging, manifest, filing)).directory;
  } finally {
    await removeStaging(staging);
  }
}

function warn({ os, version, reissueOf = version.long }: ReleaseManifest, { long }: Reservation): string {
  const inside = os.releaseLine === undefined ? reissueOf : `${os.releaseLine} (${reissueOf})`;
  return `${long} has the bytes of ${reissueOf}: its machines go on reporting ${inside}; to raise that, build again`;
}
