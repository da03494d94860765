import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactFileName } from '../catalogue/paths.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { collectGarbage } from '../host/garbage.ts';
import type { ReleaseArtifact, ReleaseManifest } from '../manifests/release.ts';
import type { Target } from '../profiles/profile.ts';
import { isMapping } from '../schemas/document-path.ts';
import { machineArchitecture } from '../values/architecture.ts';
import { digestOfValue } from '../values/digest.ts';
import { writeBuildLog } from './build-log.ts';
import type { BuildScene, ReservedBuild } from './build-scene.ts';
import { convertDisk, describeFormat, type ConvertedDisk } from './convert-disk.ts';
import { fileRelease, type FiledRelease } from './file-release.ts';
import type { FinishedDisk } from './finish-disk.ts';
import type { MadeBase } from './make-base.ts';
import type { Stage } from './stage-runner.ts';
import { planManifest, writeReleaseRecords } from './stamp-release.ts';

/** Artifacts in the run's own directory; the catalogue gets links to them, or copies. */
export interface ConvertedBuild {
  readonly directory: string;
  readonly artifacts: readonly ReleaseArtifact[];
}

/** Stage `convert`: one artifact for each target, checked against the finished disk. */
export function convertStage(
  scene: BuildScene,
  disk: FinishedDisk,
  reserved: ReservedBuild,
): Stage<ConvertedBuild> {
  const { plan, context, run } = scene;
  const { profile } = plan;
  const { long } = reserved.reservation;
  const targets = Object.entries(profile.targets);
  const directory = run.file('release');
  return {
    name: 'convert',
    input: digestOfValue({ disk: disk.digest, name: profile.template.name, long, targets: profile.targets }),
    run: async (progress) => {
      // The threads of a conversion need memory of their own, beside what reading the guest has left.
      collectGarbage('all');
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory);
      const artifacts: ReleaseArtifact[] = [];
      for (const [name, target] of targets) {
        const file = artifactFileName({
          name: profile.template.name,
          long,
          arch: machineArchitecture(profile.os.architecture),
          target: name,
          format: target.format,
        });
        const converted = await convertDisk(disk.path, join(directory, file), target, context, progress);
        artifacts.push(describeArtifact(name, file, target, converted));
      }
      return { directory, artifacts };
    },
    summarize: () => targets.map(([, target]) => describeFormat(target)).join(', '),
    restore: async (recorded) => {
      const artifacts = await restoreArtifacts(recorded, directory, context.signal);
      return artifacts && { directory, artifacts };
    },
    record: ({ artifacts }) => artifacts,
  };
}

/** Recorded artifacts whose files still have their digests. */
async function restoreArtifacts(
  recorded: unknown,
  directory: string,
  signal: AbortSignal,
): Promise<ReleaseArtifact[] | undefined> {
  if (!Array.isArray(recorded)) return undefined;
  const artifacts = recorded.filter(isArtifact);
  for (const { file, sha256 } of artifacts) {
    const found = await sha256OfFile(join(directory, file), signal).catch(() => undefined);
    signal.throwIfAborted();
    if (found !== sha256) return undefined;
  }
  return artifacts.length === recorded.length ? artifacts : undefined;
}

function isArtifact(value: unknown): value is ReleaseArtifact {
  return isMapping(value) && typeof value['file'] === 'string' && typeof value['sha256'] === 'string';
}

function describeArtifact(
  name: string,
  file: string,
  target: Target,
  converted: ConvertedDisk,
): ReleaseArtifact {
  const { sizeBytes, sha256, sha512, md5, virtualSizeBytes } = converted;
  const { format, compression } = target;
  return {
    role: 'disk',
    target: name,
    format,
    file,
    sizeBytes,
    sha256,
    sha512,
    md5,
    virtualSizeBytes,
    compression,
  };
}

/** What `stamp` puts together. */
export interface StampFacts {
  readonly base: MadeBase;
  readonly finished: FinishedDisk;
  readonly converted: ConvertedBuild;
  readonly reserved: ReservedBuild;
  readonly timings: Readonly<Record<string, number>>;
}

/** Stage `stamp`: the records beside the artifacts, and the manifest. */
export function stampStage(scene: BuildScene, facts: StampFacts): Stage<ReleaseManifest> {
  const { plan, context, request } = scene;
  return {
    name: 'stamp',
    run: async () => {
      const { directory, artifacts } = facts.converted;
      // A killed run may have linked its records into the catalogue already: ours are new files.
      await keepOnly(
        directory,
        artifacts.map(({ file }) => file),
      );
      const { content, changelogs } = facts.finished;
      await writeReleaseRecords(directory, { content, changelogs });
      await writeBuildLog(scene, directory);
      return planManifest({
        plan,
        base: facts.base,
        version: facts.reserved.version,
        releaseLine: facts.reserved.releaseLine,
        content,
        artifacts,
        timings: facts.timings,
        tested: request.test,
        now: context.clock.now(),
      });
    },
    summarize: (manifest) =>
      `release.json, ${manifest.artifacts.length === 1 ? '1 artifact' : `${manifest.artifacts.length} artifacts`}`,
  };
}

async function keepOnly(directory: string, kept: readonly string[]): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!kept.includes(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** Stage `catalogue`: the release appears under its name, whole. */
export function catalogueStage(
  scene: BuildScene,
  directory: string,
  manifest: ReleaseManifest,
): Stage<FiledRelease> {
  const { request, context } = scene;
  return {
    name: 'catalogue',
    run: () => fileRelease(request.catalogue, directory, manifest, { now: context.clock.now() }),
    summarize: ({ isLatest }) => (isLatest ? 'filed, and the latest of its line' : 'filed'),
    record: (filed) => ({ directory: filed.directory, long: filed.long }),
  };
}
