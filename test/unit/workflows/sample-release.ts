import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReleaseManifest } from '../../../src/manifests/release.ts';
import { calendarDateOf } from '../../../src/values/calendar-date.ts';
import { sha256Of } from '../../../src/values/digest.ts';
import { parseIdentity } from '../../../src/versions/parse-version.ts';
import { reserve } from '../../../src/workflows/allocate-version.ts';
import { fileRelease } from '../../../src/workflows/file-release.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';

/** Records that stand beside the artifacts of a sample. */
export const SAMPLE_RECORDS = [
  'packages.txt',
  'files.txt',
  'facts.json',
  'changelogs.zst',
  'test-result.json',
  'diff.json',
  'diff.md',
  'junit.xml',
];

/**
 * Files a small release through the front door: reserved and filed, with one artifact of a few bytes and all records.
 * BUILDs must come in ascending order.
 */
export async function fileSample(
  catalogue: string,
  long: string,
  changes: Partial<ReleaseManifest> = {},
): Promise<ReleaseManifest> {
  const { date, build } = parseIdentity(long);
  const now = new Date(Date.UTC(date.year, date.month - 1, date.day, 6));
  const sample = sampleManifest(long, { created: now.toISOString(), ...changes });
  const disk = `${sample.line} ${long}`;
  const artifacts = sample.artifacts.map((artifact) => ({
    ...artifact,
    sizeBytes: disk.length,
    sha256: sha256Of(disk),
    sha512: createHash('sha512').update(disk).digest('hex'),
    md5: createHash('md5').update(disk).digest('hex'),
  }));
  const manifest = { ...sample, artifacts };
  const reservation = await reserve(catalogue, manifest.line, {
    date: calendarDateOf(now),
    policy: 'daily',
    recipeDigest: manifest.recipe.digest,
    buildNumber: build,
    newCatalogue: true,
    ci: false,
    now,
  });
  if (reservation.long !== long)
    throw new Error(`${long} cannot follow: the next one is ${reservation.long}`);
  const staged = mkdtempSync(join(tmpdir(), 'mintmark-sample-'));
  try {
    stage(staged, manifest, disk);
    await fileRelease(catalogue, staged, manifest, { now, by: 'jenkins@build-1' });
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
  return manifest;
}

function stage(staged: string, { line, version, artifacts }: ReleaseManifest, disk: string): void {
  for (const { file } of artifacts) writeFileSync(join(staged, file), disk);
  for (const record of SAMPLE_RECORDS) {
    writeFileSync(join(staged, record), `${record} of ${line} ${version.long}\n`);
  }
}
