import { copyFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseManifest } from '../manifests/release.ts';
import { recordDiff, type RecordedDiff } from './diff-releases.ts';
import { writeBuildLog } from './build-log.ts';
import type { BuildScene, ReservedBuild } from './build-scene.ts';
import type { ConvertedBuild } from './convert-stage.ts';
import { fileRelease, type FiledRelease } from './file-release.ts';
import type { FinishedDisk } from './finish-disk.ts';
import type { MadeBase } from './make-base.ts';
import type { Stage } from './stage-runner.ts';
import { describeTests, type TestedBuild } from './test-stage.ts';
import { planManifest, writeBill, writeReleaseRecords } from './stamp-release.ts';

/** What `stamp` puts together. */
export interface StampFacts {
  readonly base: MadeBase;
  readonly finished: FinishedDisk;
  /** Of the finished disk. */
  readonly contentDigest: string;
  readonly converted: ConvertedBuild;
  readonly reserved: ReservedBuild;
  /** Absent when the build was told not to test. */
  readonly tested: TestedBuild | undefined;
  readonly timings: Readonly<Record<string, number>>;
}

/** A release that is ready to be filed. */
export interface StampedRelease {
  readonly manifest: ReleaseManifest;
  /** What changed since the release before; absent for the first of a line. */
  readonly diff?: RecordedDiff;
}

/** Stage `stamp`: the records beside the artifacts, the difference to the release before, and the manifest. */
export function stampStage(scene: BuildScene, facts: StampFacts): Stage<StampedRelease> {
  const { plan, context, request } = scene;
  return {
    name: 'stamp',
    run: async () => {
      const { directory, artifacts, skipped } = facts.converted;
      // A killed run may have linked its records into the catalogue already: ours are new files.
      await keepOnly(
        directory,
        artifacts.map(({ file }) => file),
      );
      const { content, changelogs } = facts.finished;
      const { tested } = facts;
      await writeReleaseRecords(directory, { content, changelogs });
      for (const name of tested?.files ?? []) {
        await copyFile(join(tested?.directory ?? '', name), join(directory, name));
      }
      await writeBuildLog(scene, directory);
      const manifest = planManifest({
        plan,
        base: facts.base,
        version: facts.reserved.version,
        releaseLine: facts.reserved.releaseLine,
        content,
        contentDigest: facts.contentDigest,
        artifacts,
        skipped,
        timings: facts.timings,
        tests: tested && describeTests(tested),
        now: context.clock.now(),
      });
      await writeBill(directory, manifest, content);
      const diff = await recordDiff({ catalogue: request.catalogue, directory, manifest }, context);
      return diff === undefined ? { manifest } : { manifest, diff };
    },
    summarize: ({ manifest }) =>
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
