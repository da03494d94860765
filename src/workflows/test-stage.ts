import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasPassed, type TestReport } from '../manifests/test-report.ts';
import type { ReleaseTests } from '../manifests/release.ts';
import { TARGET_NAMES } from '../profiles/profile-document.ts';
import { isMapping } from '../schemas/document-path.ts';
import { digestOfValue } from '../values/digest.ts';
import { MACHINES_DIRECTORY, TESTED_DIRECTORY, type BuildScene, type ReservedBuild } from './build-scene.ts';
import { checkHygiene } from './check-hygiene.ts';
import type { ConvertedBuild } from './convert-stage.ts';
import type { FinishedDisk } from './finish-disk.ts';
import { describePackage, releaseGuestOf, type ImagePromise } from './guest-promises.ts';
import type { Stage } from './stage-runner.ts';
import { summarizeReport } from './summarize-report.ts';
import { testFailureOf } from './test-failure.ts';
import { testImage } from './test-image.ts';
import { writeTestRecords } from './test-records.ts';
import type { TestSubject } from './test-subject.ts';

/** A build that has passed its tests. */
export interface TestedBuild {
  readonly report: TestReport;
  /** Directory of {@link files}. */
  readonly directory: string;
  /** Names of the reports and of the evidence. */
  readonly files: readonly string[];
}

/**
 * Stage `test`: the finished disk against the rules of hygiene, and every artifact booted. An image that breaks a promise
 * fails the stage with `E_IMAGE_TEST_FAILED`; its reports are in the run by then.
 */
export function testStage(
  scene: BuildScene,
  disk: FinishedDisk,
  converted: ConvertedBuild,
  reserved: ReservedBuild,
): Stage<TestedBuild> {
  const { plan, context, run, secrets } = scene;
  const directory = run.file(TESTED_DIRECTORY);
  const subject = subjectOf(scene, disk, converted, reserved);
  return {
    name: 'test',
    input: digestOfValue({
      files: converted.artifacts.map(({ file, sha256 }) => ({ file, sha256 })),
      guest: subject.promise.guest,
    }),
    run: async (onProgress) => {
      const { content, finishedAt } = disk;
      const hygiene = checkHygiene({ content, own: subject.promise.guest.ownFiles, finishedAt });
      const machines = run.file(MACHINES_DIRECTORY);
      await rm(machines, { recursive: true, force: true });
      await rm(directory, { recursive: true, force: true });
      const test = await testImage(
        {
          subject,
          directory: machines,
          accelerator: plan.accelerator.accelerator,
          qemu: plan.tools['qemu-system-x86_64'] ?? 'unknown',
          secrets,
          onProgress,
        },
        context,
      );
      const report = { ...test.report, suites: [hygiene, ...test.report.suites] };
      const files = await writeTestRecords(directory, { ...test, report, content }, secrets);
      const failure = testFailureOf(report, directory);
      if (failure !== undefined) throw failure;
      return { report, directory, files };
    },
    summarize: ({ report }) => summarizeReport(report),
    restore: (recorded) => restoreTested(recorded, directory),
    record: ({ report, files }) => ({ report, files }),
  };
}

function subjectOf(
  { plan }: BuildScene,
  { content }: FinishedDisk,
  { directory, artifacts }: ConvertedBuild,
  { reservation, releaseLine }: ReservedBuild,
): TestSubject {
  const { profile } = plan;
  const promise: ImagePromise = {
    guest: releaseGuestOf(profile),
    checks: profile.checks,
    identity: {
      imageId: profile.line,
      imageVersion: reservation.long,
      ...(profile.guest.releaseFiles.length === 0 ? {} : { releaseLine }),
      releaseFiles: profile.guest.releaseFiles,
      kernel: content.kernels.at(-1) ?? '',
      packages: content.packages.map(describePackage),
    },
  };
  return {
    name: `${profile.line} ${reservation.long}`,
    line: profile.line,
    artifacts: artifacts.map(({ file, target, sha256 }) => ({
      path: join(directory, file),
      target: TARGET_NAMES.find((name) => name === target) ?? 'kvm',
      sha256,
    })),
    promise,
  };
}

/** What `release.json` says of a test. */
export function describeTests({ report }: TestedBuild): ReleaseTests {
  const boots = report.suites.filter(({ boot }) => boot !== undefined);
  const [first] = boots;
  return {
    result: hasPassed(report) ? 'passed' : 'failed',
    ...(first?.contract === undefined ? {} : { contract: first.contract }),
    channel: boots.every(({ channel }) => channel?.kind === 'real') ? 'real' : 'simulated',
    formats: [...new Set(boots.flatMap(({ format }) => format ?? []))],
    ...(first?.boot?.readyMs === undefined ? {} : { bootMs: first.boot.readyMs }),
    boots: boots.map(({ name, file = '', contract = '', channel, boot }) => ({
      name,
      file,
      contract,
      channel: channel?.kind ?? 'simulated',
      ...(boot?.readyMs === undefined ? {} : { bootMs: boot.readyMs }),
    })),
  };
}

/** What an earlier run of the stage recorded, when its files are still there. */
async function restoreTested(recorded: unknown, directory: string): Promise<TestedBuild | undefined> {
  if (!isMapping(recorded) || !isReport(recorded['report'])) return undefined;
  const { report, files } = recorded;
  if (!Array.isArray(files) || !files.every((name) => typeof name === 'string')) return undefined;
  for (const name of files) {
    if ((await stat(join(directory, name)).catch(() => undefined)) === undefined) return undefined;
  }
  return { report, directory, files };
}

/** State files are our own; a report in one that is there at all is whole. */
function isReport(value: unknown): value is TestReport {
  return isMapping(value) && Array.isArray(value['suites']) && Array.isArray(value['files']);
}
