import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestReport } from '../../src/manifests/test-report.ts';
import type { ReleaseManifest } from '../../src/manifests/release.ts';
import { renderTestResult, testResultOf } from '../../src/manifests/test-result.ts';
import { parseIsoDate, type CalendarDate } from '../../src/values/calendar-date.ts';
import { sha256Of } from '../../src/values/digest.ts';
import type { WorkflowContext } from '../../src/workflows/build-request.ts';
import { markBuilding, reserve } from '../../src/workflows/allocate-version.ts';
import { fileRelease } from '../../src/workflows/file-release.ts';
import { sampleManifest } from '../unit/manifests/sample-manifest.ts';

/** What a workflow needs that runs no program. @param scratch directory for everything that it keeps */
export function quietContext(scratch: string): WorkflowContext {
  return {
    emit: () => undefined,
    signal: new AbortController().signal,
    clock: { now: () => new Date() },
    run: () => Promise.reject(new Error('nothing is to be run')),
    directories: { cache: scratch, state: scratch },
    environment: {},
  };
}

/** A release to put into a catalogue. */
export interface SampleRelease {
  readonly line: string;
  /** Day of the version, `YYYY-MM-DD`. */
  readonly day: string;
  /** Text that the disk holds; the version unless given. */
  readonly disk?: string;
  /** Whether its tests passed, which is the default, failed or were left out. */
  readonly tests?: 'passed' | 'failed' | 'skipped';
  readonly changes?: Partial<ReleaseManifest>;
}

/** Files a small release the way a build does; returns its LONG. */
export async function fileSample(catalogue: string, sample: SampleRelease): Promise<string> {
  const { line, day, tests = 'passed' } = sample;
  const now = new Date(`${day}T07:31:00Z`);
  const reservation = await reserve(catalogue, line, {
    date: dayOf(day),
    policy: 'daily',
    recipeDigest: 'a'.repeat(64),
    newCatalogue: true,
    ci: false,
    now,
  });
  await markBuilding(reservation, now);
  const { long } = reservation;
  const disk = sample.disk ?? `disk of ${line} ${long}`;
  const base = sampleManifest(long, {
    line,
    name: line,
    created: now.toISOString(),
    tests: { result: tests },
  });
  const artifacts = base.artifacts.map((artifact) => ({
    ...artifact,
    file: `${line}_${long}_x86_64-kvm.qcow2`,
    sizeBytes: Buffer.byteLength(disk),
    sha256: sha256Of(disk),
    sha512: createHash('sha512').update(disk).digest('hex'),
    md5: createHash('md5').update(disk).digest('hex'),
  }));
  const manifest: ReleaseManifest = { ...base, artifacts, ...sample.changes };
  const staged = join(catalogue, '..', `staged-${line}-${long}`);
  mkdirSync(staged, { recursive: true });
  for (const { file } of manifest.artifacts) writeFileSync(join(staged, file), disk);
  writeFileSync(join(staged, 'packages.txt'), 'adduser\t3.152\tall\tadduser\t3.152\t428\n');
  if (tests !== 'skipped') writeFileSync(join(staged, 'test-result.json'), resultOf(manifest, tests));
  await fileRelease(catalogue, staged, manifest, { now, by: 'jenkins@build-1' });
  return long;
}

/** `test-result.json` for the artifacts of a release. */
export function resultOf({ artifacts }: ReleaseManifest, outcome: 'passed' | 'failed'): string {
  const report: TestReport = {
    subject: 'sample',
    files: artifacts.map(({ file, sha256 }) => ({ file, sha256 })),
    host: { accelerator: 'tcg', qemu: '7.2.22' },
    startedAt: '2026-11-21T07:31:00.000Z',
    durationMs: 1,
    suites: [
      {
        name: 'kvm qcow2',
        durationMs: 1,
        evidence: [],
        checks: [{ name: 'ready', title: 'gets ready', outcome, durationMs: 1 }],
      },
    ],
  };
  return renderTestResult(testResultOf(report));
}

function dayOf(day: string): CalendarDate {
  const date = parseIsoDate(day);
  if (date === undefined) throw new RangeError(`${day} is no day`);
  return date;
}
