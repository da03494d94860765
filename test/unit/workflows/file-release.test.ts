import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseAllocation } from '../../../src/catalogue/allocation.ts';
import { parseCatalogueDocument } from '../../../src/catalogue/catalogue-document.ts';
import { parseLineIndex, type LineIndex } from '../../../src/catalogue/line-index.ts';
import {
  parseReleaseManifest,
  renderReleaseManifest,
  type ReleaseManifest,
} from '../../../src/manifests/release.ts';
import { sha256Of } from '../../../src/values/digest.ts';
import { burn, markBuilding, reserve, type Reservation } from '../../../src/workflows/allocate-version.ts';
import { fileFailure } from '../../../src/workflows/file-failure.ts';
import { fileRelease, findReleaseByRecipe } from '../../../src/workflows/file-release.ts';
import { recoverLine } from '../../../src/workflows/recover-line.ts';
import { createStaging } from '../../../src/workflows/stage-release.ts';
import { sampleManifest } from '../manifests/sample-manifest.ts';
import { compileSource } from '../../compiled-source.ts';

const NOW = new Date('2026-11-21T07:31:00Z');
const DISK = 'disk';

let scratch: string;
let catalogue: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mintmark-file-'));
  catalogue = join(scratch, 'catalogue');
});

afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

async function take(line = 'server', recipe = 'a'): Promise<Reservation> {
  const reservation = await reserve(catalogue, line, {
    date: { year: 2026, month: 11, day: 21 },
    policy: 'daily',
    recipeDigest: recipe.repeat(64),
    newCatalogue: false,
    ci: false,
    now: NOW,
  });
  await markBuilding(reservation, NOW);
  return reservation;
}

function manifestOf({ line, long }: Reservation, recipe = 'a'): ReleaseManifest {
  const manifest = sampleManifest(long, { line, recipe: { digest: recipe.repeat(64), profile: line } });
  const [artifact] = manifest.artifacts;
  if (!artifact) throw new Error('the sample has an artifact');
  return { ...manifest, artifacts: [{ ...artifact, sizeBytes: DISK.length, sha256: sha256Of(DISK) }] };
}

function stage(
  manifest: ReleaseManifest,
  directory = join(scratch, `staged-${manifest.version.long}`),
): string {
  mkdirSync(directory, { recursive: true });
  for (const { file } of manifest.artifacts) writeFileSync(join(directory, file), DISK, { mode: 0o600 });
  writeFileSync(join(directory, 'packages.txt'), 'base-files\t13\n');
  return directory;
}

async function fileOne(line = 'server', recipe = 'a'): Promise<string> {
  const reservation = await take(line, recipe);
  const manifest = manifestOf(reservation, recipe);
  await fileRelease(catalogue, stage(manifest, join(scratch, `${line}-${reservation.build}`)), manifest, {
    now: NOW,
  });
  return reservation.long;
}

function read(path: string): string {
  return readFileSync(join(catalogue, path), 'utf8');
}

function readIndex(line = 'server'): LineIndex {
  return parseLineIndex(read(`lines/${line}/index.json`), 'index');
}

function stateOf(build: number, line = 'server'): string {
  return parseAllocation(read(`lines/${line}/alloc/${build}.json`), 'allocation').state;
}

/** What must hold whenever nobody writes: everything named exists, is complete, and digests agree. */
function expectConsistent(): void {
  const text = existsSync(join(catalogue, 'catalogue.json')) ? read('catalogue.json') : undefined;
  const lines = text === undefined ? {} : parseCatalogueDocument(text, 'catalogue.json').lines;
  for (const [line, { index, sha256 }] of Object.entries(lines)) {
    expect(sha256Of(read(index))).toBe(sha256);
    for (const { long, manifestSha256 } of readIndex(line).releases)
      expectComplete(line, long, manifestSha256);
    expect(readdirSync(join(catalogue, 'releases', line)).toSorted()).toEqual(
      readIndex(line)
        .releases.map((release) => release.long)
        .toSorted(),
    );
    expect(readlinkSync(join(catalogue, 'latest', line))).toBe(
      `../releases/${line}/${readIndex(line).releases.at(-1)?.long}`,
    );
  }
  if (existsSync(join(catalogue, '.staging'))) expect(readdirSync(join(catalogue, '.staging'))).toEqual([]);
}

function expectComplete(line: string, long: string, manifestSha256: string): void {
  const text = read(`releases/${line}/${long}/release.json`);
  expect(sha256Of(text)).toBe(manifestSha256);
  for (const { file, sizeBytes } of parseReleaseManifest(text).artifacts) {
    expect(statSync(join(catalogue, 'releases', line, long, file)).size).toBe(sizeBytes);
  }
}

async function killBuilder(compiled: string, round: number, delayMs: number): Promise<void> {
  const script = join(import.meta.dirname, 'fixtures/file-release.mjs');
  const staged = join(scratch, `killed-${round}`);
  const child = spawn(process.execPath, [script, compiled, catalogue, staged, '1000'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const template = manifestOf({ catalogue, line: 'server', build: 1, long: '26.11.21-1.1' });
  child.stdin.end(renderReleaseManifest(template));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.resume();
  await sleep(delayMs);
  child.kill('SIGKILL');
  await ended;
}

function unsettledBuilds(): string[] {
  return readdirSync(join(catalogue, 'lines/server/alloc'))
    .filter((name) => name.endsWith('.json'))
    .filter((name) => !['failed', 'released'].includes(stateOf(Number(name.replace('.json', '')))));
}

describe('a release', () => {
  test('is filed whole: directory, sums, index, catalogue, latest, allocation', async () => {
    const reservation = await take();
    const manifest = manifestOf(reservation);
    const filed = await fileRelease(catalogue, stage(manifest), manifest, { now: NOW });
    const directory = join(catalogue, 'releases/server/26.11.21-1.1');
    expect(filed).toEqual({ directory, long: '26.11.21-1.1', isLatest: true });
    expect(readdirSync(directory).toSorted()).toEqual(
      ['SHA256SUMS', 'packages.txt', 'release.json', 'server_26.11.21-1.1_x86_64-kvm.qcow2'].toSorted(),
    );
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: directory });
    expect(parseReleaseManifest(read('latest/server/release.json'))).toEqual(manifest);
    expect(readIndex()).toMatchObject({
      counters: { build: 1 },
      aliases: { '26.11.21': '26.11.21-1.1', '26.11.21-1': '26.11.21-1.1' },
      releases: [{ long: '26.11.21-1.1', recipeDigest: 'a'.repeat(64), baseDigest: 'b'.repeat(64) }],
    });
    expect(parseCatalogueDocument(read('catalogue.json'), '').version).toBe(1);
    expect(stateOf(1)).toBe('released');
    expectConsistent();
  });

  test('can be read by a web server that runs as somebody else', async () => {
    const long = await fileOne();
    const directory = join(catalogue, 'releases/server', long);
    expect(statSync(directory).mode & 0o777).toBe(0o755);
    for (const name of readdirSync(directory))
      expect(statSync(join(directory, name)).mode & 0o444).toBe(0o444);
  });

  test('may be put together in the catalogue itself', async () => {
    const reservation = await take();
    const manifest = manifestOf(reservation);
    const directory = await createStaging(catalogue, 'server', reservation.long);
    await fileRelease(catalogue, stage(manifest, directory), manifest, { now: NOW });
    expect(existsSync(directory)).toBe(false);
    expectConsistent();
  });

  test('filed again changes nothing', async () => {
    const manifest = manifestOf(await take());
    const staged = stage(manifest);
    await fileRelease(catalogue, staged, manifest, { now: NOW });
    const before = [read('catalogue.json'), read('lines/server/index.json')];
    await fileRelease(catalogue, staged, manifest, { now: new Date() });
    expect([read('catalogue.json'), read('lines/server/index.json')]).toEqual(before);
    expectConsistent();
  });

  test('is the latest only when it is the newest', async () => {
    const [older, newer] = [manifestOf(await take()), manifestOf(await take())];
    await fileRelease(catalogue, stage(newer), newer, { now: NOW });
    const filed = await fileRelease(catalogue, stage(older), older, { now: NOW });
    expect(filed.isLatest).toBe(false);
    expectConsistent();
  });
});

describe('a filing is refused, and earlier releases stay as they are', () => {
  let before: string[];

  beforeEach(async () => {
    await fileOne();
    before = [read('catalogue.json'), read('lines/server/index.json')];
  });

  afterEach(() => {
    expect([read('catalogue.json'), read('lines/server/index.json')]).toEqual(before);
    expectConsistent();
  });

  test('when the version was never reserved', async () => {
    const manifest = sampleManifest('26.11.21-1.9');
    await expect(fileRelease(catalogue, stage(manifest), manifest, { now: NOW })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_ALLOCATION_MISSING',
    });
  });

  test('when it was burnt', async () => {
    const reservation = await take();
    await burn(reservation, 'no', NOW);
    const manifest = manifestOf(reservation);
    await expect(fileRelease(catalogue, stage(manifest), manifest, { now: NOW })).rejects.toMatchObject({
      code: 'E_ALLOCATION_STATE',
    });
  });

  test('when its version has other content already', async () => {
    const manifest = {
      ...manifestOf({ catalogue, line: 'server', build: 1, long: '26.11.21-1.1' }),
      name: 'other',
    };
    await expect(fileRelease(catalogue, stage(manifest), manifest, { now: NOW })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_RELEASE_EXISTS',
    });
  });

  const damages: readonly { name: string; content?: string; link?: boolean; because: string }[] = [
    { name: 'server_26.11.21-1.2_x86_64-kvm.qcow2', content: 'longer disk', because: 'its size differs' },
    { name: 'server_26.11.21-1.2_x86_64-kvm.qcow2', because: 'it is missing' },
    { name: '.hidden', content: '', because: 'hidden names are not for releases' },
    { name: 'a b', content: '', because: 'sums would need escapes' },
  ];
  test.each(damages)('when $name is wrong: $because', async ({ name, content }) => {
    const manifest = manifestOf(await take());
    const staged = stage(manifest);
    rmSync(join(staged, name), { force: true });
    if (content !== undefined) writeFileSync(join(staged, name), content);
    await expect(fileRelease(catalogue, staged, manifest, { now: NOW })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_RELEASE_INCOMPLETE',
      details: [expect.stringContaining(name)],
    });
  });

  test('when the manifest is not valid', async () => {
    const manifest = { ...manifestOf(await take()), packagesDigest: '' };
    await expect(fileRelease(catalogue, stage(manifest), manifest, { now: NOW })).rejects.toMatchObject({
      code: 'E_RELEASE_INVALID',
      details: [expect.stringContaining('.packagesDigest')],
    });
  });
});

describe('a filing that fails half-way', () => {
  test('is completed by doing it again; its number is not burnt any more', async () => {
    const reservation = await take();
    const manifest = manifestOf(reservation);
    const staged = stage(manifest);
    mkdirSync(join(catalogue, 'latest/server/no-link'), { recursive: true });
    const filing = fileRelease(catalogue, staged, manifest, { now: NOW });
    await expect(filing).rejects.toMatchObject({ kind: 'host', code: 'E_CATALOGUE_SHAPE' });
    expect(await burn(reservation, 'the catalogue has a directory for a link', NOW)).toBe(false);
    rmSync(join(catalogue, 'latest'), { recursive: true });
    await fileRelease(catalogue, staged, manifest, { now: NOW });
    expectConsistent();
  });

  test('leaves what was staged elsewhere as it was', async () => {
    const manifest = manifestOf(await take());
    const staged = stage(manifest);
    const before = readdirSync(staged);
    writeFileSync(join(catalogue, 'releases'), 'a file where a directory belongs');
    const filing = fileRelease(catalogue, staged, manifest, { now: NOW });
    await expect(filing).rejects.toMatchObject({ kind: 'host', code: 'E_CATALOGUE_SHAPE' });
    expect(readdirSync(staged)).toEqual(before);
    expect(readdirSync(join(catalogue, '.staging'))).toEqual([]);
  });
});

describe('the same inputs again', () => {
  const inputs = { recipeDigest: 'a'.repeat(64), baseDigest: 'b'.repeat(64) };

  test('are found by the index alone', async () => {
    expect(await findReleaseByRecipe(catalogue, 'server', inputs)).toBeUndefined();
    await fileOne('server', 'a');
    const newest = await fileOne('server', 'a');
    await fileOne('server', 'b');
    expect(await findReleaseByRecipe(catalogue, 'server', inputs)).toMatchObject({
      long: newest,
      directory: join(catalogue, 'releases/server', newest),
    });
    expect(await findReleaseByRecipe(catalogue, 'server', { ...inputs, baseDigest: 'c' })).toBeUndefined();
  });

  test('are not found when somebody deleted the release', async () => {
    const long = await fileOne();
    rmSync(join(catalogue, 'releases/server', long), { recursive: true });
    expect(await findReleaseByRecipe(catalogue, 'server', inputs)).toBeUndefined();
  });
});

describe('a lost or damaged index', () => {
  test('is made again from the releases that stand there', async () => {
    await fileOne();
    await fileOne();
    const before = readIndex().releases;
    rmSync(join(catalogue, 'lines/server/index.json'));
    await fileOne();
    expect(readIndex().releases.slice(0, 2)).toEqual(before);
    expectConsistent();
  });

  test('is read as its journal says, and mended by the next filing', async () => {
    const long = await fileOne();
    const inputs = { recipeDigest: 'a'.repeat(64), baseDigest: 'b'.repeat(64) };
    for (const text of ['{"schema":1}', '', '{"schema":1,"line":"ser']) {
      writeFileSync(join(catalogue, 'lines/server/index.json'), text);
      expect(await findReleaseByRecipe(catalogue, 'server', inputs)).toMatchObject({ long });
    }
    await fileOne();
    expectConsistent();
  });
});

describe('a lost journal', () => {
  test('is no reason to forget what was revoked: nothing is filed without it', async () => {
    await fileOne();
    rmSync(join(catalogue, 'lines/server/journal.json'));
    const manifest = manifestOf(await take());
    await expect(fileRelease(catalogue, stage(manifest), manifest, { now: NOW })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_JOURNAL_MISSING',
      hint: expect.stringContaining('restore'),
    });
  });

  test('was never there in a catalogue of old: its releases are taken over', async () => {
    const long = await fileOne();
    rmSync(join(catalogue, 'lines/server/journal.json'));
    const { channels: _channels, ...old } = readIndex();
    writeFileSync(join(catalogue, 'lines/server/index.json'), JSON.stringify({ ...old, channels: {} }));
    const next = await fileOne();
    expect(readIndex()).toMatchObject({
      releases: [{ long }, { long: next }],
      channels: { candidate: next },
    });
    expectConsistent();
  });
});

async function fileFailureOf(...given: Parameters<typeof fileFailure>): Promise<string> {
  const directory = await fileFailure(...given);
  if (directory === undefined) throw new Error('nothing was filed');
  return directory;
}

describe('a failed build', () => {
  test('of a version that was filed before is none', async () => {
    const reservation = await take();
    const manifest = manifestOf(reservation);
    await fileRelease(catalogue, stage(manifest), manifest, { now: NOW });
    expect(await fileFailure(reservation, { reason: 'too late', now: NOW, evidence: [] })).toBeUndefined();
    expect(existsSync(join(catalogue, 'failed'))).toBe(false);
    expectConsistent();
  });

  test('leaves its evidence and burns its number', async () => {
    await fileOne();
    const reservation = await take();
    writeFileSync(join(scratch, 'serial.log'), 'ALERT!');
    const directory = await fileFailureOf(reservation, {
      reason: 'the guest never came up',
      code: 'E_GUEST_NO_ROOT',
      now: NOW,
      evidence: [
        { name: 'serial.log', source: join(scratch, 'serial.log') },
        { name: 'screen.png', source: join(scratch, 'no-such-file') },
        { name: 'note.txt', text: 'hello' },
      ],
    });
    expect(directory).toBe(join(catalogue, 'failed/server/26.11.21-1.2'));
    expect(readdirSync(directory).toSorted()).toEqual(['failure.json', 'note.txt', 'serial.log']);
    expect(JSON.parse(readFileSync(join(directory, 'failure.json'), 'utf8'))).toMatchObject({
      version: '26.11.21-1.2',
      reason: 'the guest never came up',
      code: 'E_GUEST_NO_ROOT',
      burnt: true,
      missing: { 'screen.png': expect.stringContaining('no such file') },
    });
    expect(stateOf(2)).toBe('failed');
    expectConsistent();
  });

  test('that fails again replaces its evidence', async () => {
    const reservation = await take();
    const failure = { reason: 'first', now: NOW, evidence: [{ name: 'old.txt', text: '' }] };
    await fileFailure(reservation, failure);
    const directory = await fileFailureOf(reservation, { ...failure, reason: 'second', evidence: [] });
    expect(readdirSync(directory)).toEqual(['failure.json']);
  });
});

describe('several builders at once', () => {
  test('two builds of one line and one of another lose no entry', async () => {
    const source = compileSource('workflows/file-release.ts');
    try {
      const script = join(import.meta.dirname, 'fixtures/file-release.mjs');
      const run = async (line: string, name: string): Promise<void> => {
        const staged = join(scratch, `work-${name}`);
        const child = promisify(execFile)(process.execPath, [
          script,
          source.directory,
          catalogue,
          staged,
          '4',
        ]);
        child.child.stdin?.end(
          JSON.stringify(manifestOf({ catalogue, line, build: 1, long: '26.11.21-1.1' })),
        );
        await child;
      };
      await Promise.all([run('server', 'one'), run('server', 'two'), run('kvm', 'three')]);
    } finally {
      source.remove();
    }
    expect(readIndex('server').releases.map((release) => release.long)).toEqual(
      Array.from({ length: 8 }, (_, index) => `26.11.21-1.${index + 1}`),
    );
    expect(readIndex('kvm').releases).toHaveLength(4);
    // One writing of the document may speak for the indexes of two lines.
    const { version } = parseCatalogueDocument(read('catalogue.json'), '');
    expect(version).toBeGreaterThanOrEqual(8);
    expect(version).toBeLessThanOrEqual(12);
    expectConsistent();
  });

  test('a builder killed at any moment leaves the old state or the new one', async () => {
    const source = compileSource('workflows/file-release.ts');
    try {
      for (let round = 0; round < 12; round += 1) {
        await killBuilder(source.directory, round, 5 + round * 6);
        await recoverLine(catalogue, 'server', NOW);
        await fileOne();
        expectConsistent();
        expect(unsettledBuilds()).toEqual([]);
      }
    } finally {
      source.remove();
    }
  });

  test('a draft of who owns a staging directory is swept when it is old', async () => {
    await fileOne();
    const staging = join(catalogue, '.staging');
    mkdirSync(staging, { recursive: true });
    const [old, young] = ['0123abcd', '0123abce'].map((lot) =>
      join(staging, `.server_x.owner.json.${lot}.tmp`),
    );
    for (const path of [old, young]) writeFileSync(path ?? '', '{');
    utimesSync(old ?? '', NOW.getTime() / 1000 - 7200, NOW.getTime() / 1000 - 7200);
    utimesSync(young ?? '', NOW.getTime() / 1000, NOW.getTime() / 1000);
    await recoverLine(catalogue, 'server', NOW);
    expect([old, young].map((path) => existsSync(path ?? ''))).toEqual([false, true]);
  });
});
