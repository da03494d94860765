import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TESTED, STABLE } from '../../../src/catalogue/channel-name.ts';
import { planPromotion } from '../../../src/catalogue/plan-promotion.ts';
import type { ReleaseManifest } from '../../../src/manifests/release.ts';
import { sha256Of } from '../../../src/values/digest.ts';
import { createHash } from 'node:crypto';
import { markBuilding, reserve } from '../../../src/workflows/allocate-version.ts';
import { changeLine } from '../../../src/workflows/change-line.ts';
import { fileRelease } from '../../../src/workflows/file-release.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';

const NOW = new Date('2026-11-21T07:31:00.000Z');
const RESULT = '{"tested":true}\n';
/** Who changes these catalogues, and when. */
export const SAMPLE_STAMP = { at: NOW.toISOString(), by: 'jenkins@build-1' };

/** Files one release of a line with a disk and some records; returns its LONG. */
export async function fileSample(
  catalogue: string,
  scratch: string,
  line: string,
  changes: Partial<ReleaseManifest> = {},
): Promise<string> {
  const reservation = await reserve(catalogue, line, {
    date: { year: 2026, month: 11, day: 21 },
    policy: 'daily',
    recipeDigest: 'a'.repeat(64),
    newCatalogue: true,
    ci: false,
    now: NOW,
  });
  await markBuilding(reservation, NOW);
  const { long } = reservation;
  const disk = `disk of ${line} ${long}`;
  const sample = sampleManifest(long, { line, name: line, ...changes });
  const [artifact] = sample.artifacts;
  if (artifact === undefined) throw new Error('the sample has an artifact');
  const file = `${line}_${long}_x86_64-kvm.qcow2`;
  const digests = { sha256: sha256Of(disk), sha512: hex('sha512', disk), md5: hex('md5', disk) };
  const tests = { result: 'passed' as const };
  const manifest = {
    ...sample,
    tests,
    artifacts: [{ ...artifact, file, sizeBytes: disk.length, ...digests }],
  };
  const staged = join(scratch, `staged-${line}-${long}`);
  mkdirSync(staged, { recursive: true });
  writeFileSync(join(staged, file), disk);
  writeFileSync(join(staged, 'packages.txt'), 'base-files\t13\tamd64\tbase-files\t13\t340\n');
  writeFileSync(join(staged, 'test-result.json'), RESULT);
  await fileRelease(catalogue, staged, manifest, { now: NOW, by: SAMPLE_STAMP.by });
  return long;
}

/** Puts a release on `tested` and `stable`, on the evidence that was filed with it. */
export async function promoteSample(catalogue: string, line: string, long: string): Promise<void> {
  const evidence = { file: `releases/${line}/${long}/test-result.json`, sha256: sha256Of(RESULT) };
  await changeLine(catalogue, line, (state) =>
    planPromotion(state, { channel: TESTED, long, evidence }, SAMPLE_STAMP),
  );
  await changeLine(catalogue, line, (state) => planPromotion(state, { channel: STABLE, long }, SAMPLE_STAMP));
}

function hex(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex');
}
