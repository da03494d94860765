import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactFileName } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { collectGarbage } from '../host/garbage.ts';
import type { ReleaseArtifact, ReleaseManifest } from '../manifests/release.ts';
import type { Profile, Target } from '../profiles/profile.ts';
import { machineArchitecture } from '../values/architecture.ts';
import { renderByteSize } from '../values/byte-size.ts';
import { renderIsoDate } from '../values/calendar-date.ts';
import { writeBuildLog } from './build-log.ts';
import type { BuildScene, ReservedBuild } from './build-scene.ts';
import { convertDisk, describeFormat, type ConvertedDisk } from './convert-disk.ts';
import { fileRelease, type FiledRelease } from './file-release.ts';
import { finishDisk, usesGuestfs, type FinishedDisk } from './finish-disk.ts';
import { makeBase, type MadeBase } from './make-base.ts';
import type { GuestContent } from './read-guest.ts';
import { prepareProject, runPacker, type PreparedProject, type ProvisionedDisk } from './run-packer.ts';
import type { Stage } from './stage-runner.ts';
import { createStaging, removeStaging } from './stage-release.ts';
import { planManifest, writeReleaseRecords } from './stamp-release.ts';

/** Stage `base`: the base disk, and beside it the Packer project that will use it. */
export function baseStage(scene: BuildScene): Stage<{ base: MadeBase; prepared: PreparedProject }> {
  const { plan, request, context, run } = scene;
  const baseRequest = {
    ...plan,
    builderDigests: plan.builderDigests,
    offline: request.offline,
    rebuild: false,
    logFile: run.file('bootstrap.log'),
  };
  return {
    name: 'base',
    run: async (progress) => {
      const making = makeBase(baseRequest, run.file('base'), context, progress);
      const preparing = prepareProject(plan, run.path);
      // Neither may still be at work below the run's directory when the other one's failure has that removed.
      await Promise.allSettled([making, preparing]);
      return { base: await making, prepared: await preparing };
    },
    summarize: ({ base }) =>
      `${base.cached ? 'from the cache' : 'made'}: ${base.entry.packages.length} packages, ${renderByteSize(base.entry.files.disk.sizeBytes)}`,
    record: ({ base }) => ({ key: base.entry.key, cached: base.cached, files: base.entry.files }),
  };
}

/** Stage `packer`: the provisioners run in the guest. */
export function packerStage(
  scene: BuildScene,
  base: MadeBase,
  prepared: PreparedProject,
): Stage<ProvisionedDisk> {
  const { plan, context, run, secrets } = scene;
  return {
    name: 'packer',
    run: (onProgress) =>
      runPacker({ plan, prepared, base, directory: run.path, secrets, onProgress }, context),
    summarize: ({ provisioners }) =>
      `${provisioners} ${provisioners === 1 ? 'provisioner' : 'provisioners'} over SSH`,
    record: ({ path }) => ({ disk: path }),
  };
}

/** Stage `finish`: identity, hygiene, trim, virt-sparsify, and the list of what the disk holds. */
export function finishStage(
  scene: BuildScene,
  base: MadeBase,
  provisioned: ProvisionedDisk,
  reserved: ReservedBuild,
): Stage<FinishedDisk> {
  const { plan, context, run } = scene;
  const { sparsify } = plan.profile.finish;
  return {
    name: 'finish',
    run: async (onProgress) => {
      const identity = {
        imageId: plan.profile.line,
        imageVersion: reserved.reservation.long,
        releaseLine: reserved.releaseLine,
        releaseDate: renderIsoDate(reserved.version.date),
        builtSources: plan.sources.built,
        guestSources: plan.sources.guest,
      };
      const disk = await finishDisk(
        {
          profile: plan.profile,
          base,
          identity,
          accelerator: plan.accelerator.accelerator,
          provisionedDisk: provisioned.path,
          directory: run.path,
          onProgress,
        },
        context,
      );
      requireSound(disk.content);
      return disk;
    },
    summarize: (disk) => `${describeWork(sparsify)}: ${renderByteSize(disk.allocatedBytes)} in use`,
    record: ({ path, allocatedBytes }) => ({ path, allocatedBytes }),
  };
}

function describeWork(sparsify: Profile['finish']['sparsify']): string {
  const trim = sparsify === 'none' ? [] : ['trim'];
  return ['hygiene', ...trim, ...(usesGuestfs(sparsify) ? ['virt-sparsify'] : [])].join(', ');
}

function requireSound(content: GuestContent): void {
  if (content.unfinishedPackages.length === 0) return;
  throw new Failure('command', 'E_PACKAGES_UNFINISHED', 'the provisioners left packages half installed', {
    details: content.unfinishedPackages.slice(0, 10),
    hint: 'a provisioner ignored an error of apt or dpkg; let it end with `set -e`',
  });
}

/** Artifacts in the catalogue's staging directory. */
export interface ConvertedBuild {
  readonly staging: string;
  readonly artifacts: readonly ReleaseArtifact[];
}

/** Stage `convert`: one artifact for each target, checked against the finished disk. */
export function convertStage(
  scene: BuildScene,
  disk: FinishedDisk,
  reserved: ReservedBuild,
): Stage<ConvertedBuild> {
  const { plan, context, request } = scene;
  const { profile } = plan;
  const targets = Object.entries(profile.targets);
  let staging: string | undefined;
  return {
    name: 'convert',
    run: async (progress) => {
      // The threads of a conversion need memory of their own, beside what reading the guest has left.
      collectGarbage('all');
      staging = await createStaging(request.catalogue, profile.line, reserved.reservation.long);
      const artifacts: ReleaseArtifact[] = [];
      for (const [name, target] of targets) {
        const file = artifactFileName({
          name: profile.template.name,
          long: reserved.reservation.long,
          arch: machineArchitecture(profile.os.architecture),
          target: name,
          format: target.format,
        });
        const converted = await convertDisk(disk.path, join(staging, file), target, context, progress);
        artifacts.push(describeArtifact(name, file, target, converted));
      }
      return { staging, artifacts };
    },
    summarize: () => targets.map(([, target]) => describeFormat(target)).join(', '),
    record: ({ artifacts }) => artifacts,
    undo: async () => {
      if (staging !== undefined) await removeStaging(staging);
    },
  };
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
      await mkdir(facts.converted.staging, { recursive: true });
      const { content, changelogs } = facts.finished;
      await writeReleaseRecords(facts.converted.staging, { content, changelogs });
      await writeBuildLog(scene, facts.converted.staging);
      return planManifest({
        plan,
        base: facts.base,
        version: facts.reserved.version,
        releaseLine: facts.reserved.releaseLine,
        content,
        artifacts: facts.converted.artifacts,
        timings: facts.timings,
        tested: request.test,
        now: context.clock.now(),
      });
    },
    summarize: (manifest) =>
      `release.json, ${manifest.artifacts.length === 1 ? '1 artifact' : `${manifest.artifacts.length} artifacts`}`,
  };
}

/** Stage `catalogue`: the release appears under its name, whole. */
export function catalogueStage(
  scene: BuildScene,
  staging: string,
  manifest: ReleaseManifest,
): Stage<FiledRelease> {
  const { request, context } = scene;
  return {
    name: 'catalogue',
    run: () => fileRelease(request.catalogue, staging, manifest, { now: context.clock.now() }),
    summarize: ({ isLatest }) => (isLatest ? 'filed, and the latest of its line' : 'filed'),
    record: ({ directory, long }) => ({ directory, long }),
  };
}
