import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newestIndexSeconds } from '../bases/closure.ts';
import {
  releaseVersionOf,
  type ReleaseArtifact,
  type ReleaseManifest,
  type ReleaseTests,
  type SkippedArtifact,
} from '../manifests/release.ts';
import { compatOf } from '../publishing/check-version.ts';
import { packagesDigest, renderPackageList } from '../packages/package-list.ts';
import { guestFactsOf } from '../guest/guest-facts.ts';
import { renderGuestFacts } from '../manifests/guest-facts.ts';
import { outputsRecipe } from '../profiles/recipe.ts';
import { renderCyclonedx, SBOM_FILE } from '../reports/cyclonedx.ts';
import { machineArchitecture } from '../values/architecture.ts';
import { digestOfValue } from '../values/digest.ts';
import type { VersionRecord } from '../versions/version.ts';
import type { CheckedBase } from './base-cache.ts';
import type { BuildPlan } from './plan-build.ts';
import { FACTS_FILE } from './test-records.ts';
import { releaseGuestOf } from './guest-promises.ts';
import type { GuestContent } from './read-guest.ts';

/** What a release is stamped from. */
export interface StampInput {
  readonly plan: BuildPlan;
  readonly base: CheckedBase;
  readonly version: VersionRecord;
  readonly releaseLine: string;
  readonly content: GuestContent;
  /** See `contentDigest`. */
  readonly contentDigest: string;
  readonly artifacts: readonly ReleaseArtifact[];
  readonly skipped: readonly SkippedArtifact[];
  readonly timings: Readonly<Record<string, number>>;
  /** Absent when the build was told not to test. */
  readonly tests: ReleaseTests | undefined;
  /** Instant of the stamp. */
  readonly now: Date;
}

/** The manifest of a release: facts of this build only; what was not looked at is absent. */
export function planManifest(input: StampInput): ReleaseManifest {
  const { plan, content } = input;
  const { profile, closure } = plan;
  return {
    schema: 1,
    name: profile.template.name,
    line: profile.line,
    scheme: 'date',
    version: releaseVersionOf(input.version),
    arch: machineArchitecture(profile.os.architecture),
    created: input.now.toISOString(),
    sourceDateEpoch: newestIndexSeconds(closure),
    state: 'active',
    recipe: {
      digest: plan.recipeDigest,
      outputsDigest: digestOfValue(outputsRecipe(profile)),
      profile: profile.name,
    },
    base: { method: profile.base.method, digest: plan.baseDigest },
    os: {
      id: content.osRelease['ID'] ?? profile.os.distribution,
      version: content.osRelease['VERSION_ID'] ?? '',
      kernel: content.kernels.at(-1) ?? '',
      ...(profile.guest.releaseFiles.length === 0 ? {} : { releaseLine: input.releaseLine }),
    },
    guest: releaseGuestOf(profile),
    mirrors: closure.mirrors.map(({ suite, inReleaseSha256, date }) => ({ suite, inReleaseSha256, date })),
    tools: plan.tools,
    host: { accelerator: plan.accelerator.accelerator },
    packagesDigest: packagesDigest(content.packages),
    contentDigest: input.contentDigest,
    artifacts: input.artifacts,
    ...(input.skipped.length === 0 ? {} : { skipped: input.skipped }),
    tests: input.tests ?? { result: 'skipped' },
    timings: input.timings,
    compat: compatOf(input.version, input.releaseLine),
  };
}

/** Writes the bill of materials, which counts the artifacts that the manifest names. */
export async function writeBill(
  directory: string,
  manifest: ReleaseManifest,
  { packages }: Pick<GuestContent, 'packages'>,
): Promise<void> {
  await writeFile(join(directory, SBOM_FILE), renderCyclonedx(manifest, packages));
}

/** Writes what stands beside the artifacts: packages, files, changelogs, and what the guest is set up to do. */
export async function writeReleaseRecords(
  directory: string,
  records: { readonly content: GuestContent; readonly changelogs: string },
): Promise<void> {
  await writeFile(join(directory, 'packages.txt'), renderPackageList(records.content.packages));
  await writeFile(join(directory, 'files.txt'), records.content.fileList);
  await writeFile(join(directory, FACTS_FILE), renderGuestFacts(guestFactsOf(records.content)));
  await copyFile(records.changelogs, join(directory, 'changelogs.zst'));
}
