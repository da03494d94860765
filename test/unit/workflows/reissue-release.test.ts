import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseAllocation } from '../../../src/catalogue/allocation.ts';
import { parseChecksums } from '../../../src/manifests/checksums.ts';
import { parseReleaseManifest } from '../../../src/manifests/release.ts';
import { sha256Of } from '../../../src/values/digest.ts';
import { changeLine } from '../../../src/workflows/change-line.ts';
import { readLineIndex } from '../../../src/workflows/read-line.ts';
import { reissueRelease } from '../../../src/workflows/reissue-release.ts';
import { fileSample } from './sample-release.ts';

const OLD = '26.11.21-1.1';
const NOW = new Date('2026-11-23T08:00:00Z');
const STAMP = { at: NOW.toISOString(), by: 'anna@desk' };

let catalogue: string;
const releases = (): string => join(catalogue, 'releases', 'server');

beforeEach(async () => {
  catalogue = mkdtempSync(join(tmpdir(), 'mintmark-reissue-'));
  await fileSample(catalogue, OLD, {
    contentDigest: '9'.repeat(64),
    tests: {
      result: 'passed',
      boots: [{ name: 'kvm', file: `server_${OLD}_x86_64-kvm.qcow2`, contract: 'nocloud', channel: 'real' }],
    },
    os: { id: 'debian', version: '13', kernel: '6.12.57', releaseLine: '26.11.21' },
  });
  await fileSample(catalogue, '26.11.22-1.2', { recipe: { digest: '8'.repeat(64), profile: 'server' } });
});

afterEach(() => {
  rmSync(catalogue, { recursive: true, force: true });
});

function stateOf(build: number): string {
  const text = readFileSync(join(catalogue, `lines/server/alloc/${build}.json`), 'utf8');
  return parseAllocation(text, 'allocation').state;
}

const context = { clock: { now: () => NOW }, signal: new AbortController().signal };
const reissue = (long = OLD, changes = {}, around = context) =>
  reissueRelease({ catalogue, line: 'server', long, by: 'anna@desk', ...changes }, around);

describe('reissueRelease', () => {
  test('files the same bytes under the next version, with names that say so', async () => {
    const { long, directory, reissueOf } = await reissue();
    expect([long, reissueOf]).toEqual(['26.11.23-1.3', OLD]);
    const file = `server_${long}_x86_64-kvm.qcow2`;
    const manifest = parseReleaseManifest(readFileSync(join(directory, 'release.json'), 'utf8'));
    expect(manifest).toMatchObject({
      reissueOf: OLD,
      created: NOW.toISOString(),
      version: { long, rev: 1, build: 3 },
      contentDigest: '9'.repeat(64),
      artifacts: [{ file }],
      tests: { result: 'passed', boots: [{ file }] },
    });
    const [old, again] = [join(releases(), OLD, `server_${OLD}_x86_64-kvm.qcow2`), join(directory, file)];
    expect(readFileSync(again)).toEqual(readFileSync(old));
    expect(statSync(again).ino).toBe(statSync(old).ino);
    expect(readFileSync(join(directory, 'packages.txt'))).toEqual(
      readFileSync(join(releases(), OLD, 'packages.txt')),
    );
  });

  test('every file that it has is in its SHA256SUMS, with the digest that it has', async () => {
    const { directory } = await reissue();
    const sums = parseChecksums(readFileSync(join(directory, 'SHA256SUMS'), 'utf8'));
    expect([...sums.keys()]).toEqual(readdirSync(directory).filter((name) => name !== 'SHA256SUMS'));
    for (const [file, sha256] of sums) expect(sha256Of(readFileSync(join(directory, file)))).toBe(sha256);
    expect([...sums.keys()]).toContain('test-result.json');
    expect(JSON.parse(readFileSync(join(directory, 'diff.json'), 'utf8'))).toMatchObject({
      to: { long: basename(directory) },
    });
  });

  test('is on candidate and in the index, named as what it is', async () => {
    const { long } = await reissue();
    const index = await readLineIndex(catalogue, 'server');
    expect(index.channels['candidate']).toBe(long);
    expect(index.releases.at(-1)).toMatchObject({ long, reissueOf: OLD, tests: 'passed' });
  });

  test('says that machines go on reporting the old version', async () => {
    expect((await reissue()).warning).toContain('go on reporting 26.11.21 (26.11.21-1.1)');
  });

  test('twice on a day has REV 1 twice: the recipe is the same', async () => {
    await reissue();
    expect((await reissue()).long).toBe('26.11.23-1.4');
  });

  test.each([
    { action: 'revoke', code: 'E_RELEASE_REVOKED', because: 'a revoked release must not come back' },
    { action: 'withdraw', code: 'E_RELEASE_WITHDRAWN', because: 'there are no bytes any more' },
  ] as const)('refuses after $action: $because', async ({ action, code }) => {
    await changeLine(catalogue, 'server', () => [{ ...STAMP, action, long: OLD, reason: 'bad' }]);
    await expect(reissue()).rejects.toMatchObject({ kind: 'conflict', code });
    expect(readdirSync(join(catalogue, 'lines/server/alloc'))).toHaveLength(2);
  });

  test.each([
    { file: `server_${OLD}_x86_64-kvm.qcow2`, because: 'an artifact that has changed would reach everybody' },
    { file: 'test-result.json', because: 'a result that was changed proves nothing' },
    { file: 'release.json', because: 'a manifest that was changed describes something else' },
  ])('refuses $file that was changed: $because', async ({ file }) => {
    writeFileSync(join(releases(), OLD, file), 'other');
    await expect(reissue()).rejects.toMatchObject({ code: 'E_RELEASE_DAMAGED' });
    expect(readdirSync(join(catalogue, 'lines/server/alloc'))).toHaveLength(2);
  });

  test('a release that was never filed is named with what there is', async () => {
    await expect(reissue('26.11.20-1.9')).rejects.toMatchObject({ code: 'E_RELEASE_UNKNOWN' });
  });

  test('one that cannot be filed burns its number and leaves nothing else', async () => {
    rmSync(join(catalogue, '.staging'), { recursive: true });
    writeFileSync(join(catalogue, '.staging'), '');
    await expect(reissue()).rejects.toMatchObject({ code: 'E_CATALOGUE_SHAPE' });
    expect(stateOf(3)).toBe('failed');
    expect(readdirSync(releases())).toHaveLength(2);
  });

  test('an interruption before anything was taken leaves no trace', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(reissue(OLD, {}, { ...context, signal })).rejects.toThrow('stop');
    expect(readdirSync(releases())).toHaveLength(2);
    expect(readdirSync(join(catalogue, 'lines/server/alloc'))).toEqual(['1.json', '2.json']);
  });
});
