import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseReleaseManifest } from '../../../src/manifests/release.ts';
import { sha256Of } from '../../../src/values/digest.ts';
import { burn, reserve } from '../../../src/workflows/allocate-version.ts';
import { changeLine } from '../../../src/workflows/change-line.ts';
import { importRelease, type ImportRequest } from '../../../src/workflows/import-release.ts';
import { readLineIndex } from '../../../src/workflows/read-line.ts';
import { sampleQcow2 } from '../inspection/sample-qcow2.ts';
import { fileSample } from './sample-release.ts';
import { scriptedRunner } from './scripted-runner.ts';

const NOW = new Date('2026-11-21T07:31:00Z');

let scratch: string;
let catalogue: string;
let image: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mintmark-import-'));
  catalogue = join(scratch, 'catalogue');
  image = write('disk.img', sampleQcow2());
});

afterEach(() => {
  chmodSync(scratch, 0o755);
  rmSync(scratch, { recursive: true, force: true });
});

function write(name: string, data: Uint8Array | string): string {
  const path = join(scratch, name);
  writeFileSync(path, data);
  return path;
}

function bring(changes: Partial<ImportRequest> = {}, signal = new AbortController().signal) {
  return importRelease(
    {
      catalogue,
      line: 'router',
      version: '26.10.3',
      files: [image],
      targets: [],
      arch: 'x86_64',
      link: false,
      by: 'anna@desk',
      ...changes,
    },
    {
      emit: () => {},
      signal,
      clock: { now: () => NOW },
      run: scriptedRunner({}).run,
      directories: { cache: join(scratch, 'cache'), state: join(scratch, 'state') },
      environment: {},
    },
  );
}

/** Everything below the catalogue but its directories; what must not change when an import is refused. */
function names(): string[] {
  if (!existsSync(catalogue)) return [];
  const entries = readdirSync(catalogue, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
}

/** Its first table leads nowhere. */
function damaged(): Uint8Array {
  const data = sampleQcow2();
  data.fill(0xff, 3 * 4096, 3 * 4096 + 8);
  return data;
}

const hex = (algorithm: string, data: Uint8Array): string => createHash(algorithm).update(data).digest('hex');

describe('importRelease', () => {
  test('files what a person names under the next BUILD, with what is known of it and nothing else', async () => {
    const { directory, long } = await bring();
    expect(long).toBe('26.10.3-1.1');
    const data = sampleQcow2();
    const manifest = parseReleaseManifest(readFileSync(join(directory, 'release.json'), 'utf8'));
    const file = 'router_26.10.3-1.1_x86_64-kvm.qcow2';
    expect(manifest).toMatchObject({
      name: 'router',
      created: NOW.toISOString(),
      sourceDateEpoch: Date.UTC(2026, 9, 3) / 1000,
      recipe: { digest: hex('sha256', data), profile: 'import' },
      base: { method: 'disk', digest: hex('sha256', data) },
      os: { id: 'unknown', version: 'unknown', kernel: 'unknown' },
      artifacts: [
        {
          file,
          format: 'qcow2',
          sizeBytes: data.length,
          sha256: hex('sha256', data),
          sha512: hex('sha512', data),
          md5: hex('md5', data),
          virtualSizeBytes: 64 * 4096,
          compression: 'zlib',
        },
      ],
    });
    for (const unknown of ['host', 'packagesDigest', 'contentDigest', 'tests', 'guest', 'timings']) {
      expect(manifest).not.toHaveProperty(unknown);
    }
    expect(readFileSync(join(directory, file))).toEqual(data);
    expect(readdirSync(directory).toSorted()).toEqual(['SHA256SUMS', 'release.json', file]);
    const index = await readLineIndex(catalogue, 'router');
    expect(index.channels).toEqual({ candidate: long });
  });

  test('what is packed is looked into, and filed as it is', async () => {
    const packed = write('disk.bin', gzipSync(sampleQcow2()));
    const { manifest } = await bring({ files: [packed], name: 'vr' });
    const data = sampleQcow2();
    expect(manifest.artifacts).toMatchObject([
      {
        file: 'vr_26.10.3-1.1_x86_64-kvm.qcow2.gz',
        outer: 'gz',
        virtualSizeBytes: 64 * 4096,
        uncompressed: { sizeBytes: data.length, sha256: hex('sha256', data) },
      },
    ]);
    expect(readdirSync(join(scratch, 'cache/work'))).toEqual([]);
  });

  test('several files are one release, each for its target', async () => {
    const packed = write('disk.gz', gzipSync(sampleQcow2()));
    const { manifest } = await bring({ files: [image, packed], targets: ['kvm', 'xenserver'] });
    expect(manifest.artifacts.map(({ target, outer }) => [target, outer])).toEqual([
      ['kvm', undefined],
      ['xenserver', 'gz'],
    ]);
  });

  test('shares the bytes only when it is told that nobody will write to them', async () => {
    const inode = statSync(image).ino;
    const copied = await bring();
    expect(statSync(join(copied.directory, copied.manifest.artifacts[0]?.file ?? '')).ino).not.toBe(inode);
    const linked = await bring({ link: true, version: '26.10.4' });
    expect(statSync(join(linked.directory, linked.manifest.artifacts[0]?.file ?? '')).ino).toBe(inode);
  });

  test('a version that says its BUILD gets that, also between two others where it was left out', async () => {
    await fileSample(catalogue, '26.9.1-1.1', { line: 'router' });
    await fileSample(catalogue, '26.11.1-1.5', { line: 'router' });
    expect((await bring({ version: '26.10.3-2.3' })).long).toBe('26.10.3-2.3');
    const index = await readLineIndex(catalogue, 'router');
    expect(index.releases.map(({ long }) => long)).toEqual(['26.9.1-1.1', '26.10.3-2.3', '26.11.1-1.5']);
    expect(index.channels).toEqual({ candidate: '26.11.1-1.5' });
  });

  test('names the release that it was made from, of any line', async () => {
    await fileSample(catalogue, '26.9.1-1.1');
    const { manifest } = await bring({ parent: 'server@26.9.1-1.1' });
    expect(manifest.base.parent).toBe('server@26.9.1-1.1');
  });
});

describe('a version that cannot be', () => {
  test.each([
    { version: '26.11.1-1.5', code: 'E_BUILD_TAKEN', because: 'it is another release' },
    { version: '26.11.2-1.5', code: 'E_BUILD_TAKEN', because: 'no number is used twice' },
    { version: '26.11.2-1.7', code: 'E_BUILD_TAKEN', because: 'a burnt number was used, too' },
    { version: '26.10.3', code: 'E_VERSION_ORDER', because: 'the next BUILD is not for an older day' },
    { version: '26.10.3-1.9', code: 'E_VERSION_ORDER', because: 'an older day has no higher BUILD' },
    { version: '26.11.2-1.3', code: 'E_VERSION_ORDER', because: 'a newer day has no lower BUILD' },
    { version: '4.6.0', code: 'E_VERSION_LEGACY', because: 'it is no dated version' },
    { version: '26.11.22', code: 'E_VERSION_DATE', because: 'that day is still to come' },
    { version: 'stable', code: 'E_VERSION_INVALID', because: 'it names whatever is there' },
    { version: '26.11.21.9', code: 'E_VERSION_INVALID', because: 'it leaves REV open' },
  ])('$version: $because', async ({ version, code }) => {
    await fileSample(catalogue, '26.11.1-1.5', { line: 'router' });
    const taken = await reserve(catalogue, 'router', {
      date: { year: 2026, month: 11, day: 1 },
      policy: 'daily',
      recipeDigest: 'f'.repeat(64),
      buildNumber: 7,
      newCatalogue: true,
      ci: false,
      now: NOW,
    });
    await burn(taken, 'it failed', NOW);
    const before = names();
    await expect(bring({ version })).rejects.toMatchObject({ code });
    expect(names()).toEqual(before);
  });

  test('of a product: the hint says which dated version it would be', async () => {
    utimesSync(image, NOW, new Date('2016-04-03T10:00:00Z'));
    await expect(bring({ version: '4.6.0' })).rejects.toMatchObject({
      kind: 'usage',
      hint: 'give the day on which it was made, such as 16.4.3',
    });
  });
});

describe('what is no release', () => {
  test.each([
    {
      content: 'no image at all'.repeat(100).slice(0, 1024),
      code: 'E_IMAGE_UNRECOGNISED',
      because: 'it is some text',
    },
    { content: '', code: 'E_IMAGE_UNSOUND', because: 'it is empty' },
    { content: damaged(), code: 'E_IMAGE_UNSOUND', because: 'a table leads nowhere' },
    { content: gzipSync(damaged()), code: 'E_IMAGE_UNSOUND', because: 'what is packed is damaged' },
    {
      content: gzipSync(gzipSync(sampleQcow2())),
      code: 'E_IMAGE_UNRECOGNISED',
      because: 'it is packed twice',
    },
    {
      content: gzipSync(sampleQcow2()).subarray(0, 200),
      code: 'E_IMAGE_UNREADABLE',
      because: 'what it is packed in is cut short',
    },
    {
      content: sampleQcow2({ backing: { name: '/etc/base.qcow2', format: 'qcow2' } }),
      code: 'E_IMAGE_DEPENDS',
      because: 'it needs a file outside of its directory',
    },
    {
      content: sampleQcow2({ backing: { name: 'disk.img', format: 'qcow2' } }),
      code: 'E_IMAGE_DEPENDS',
      because: 'it needs a file beside it, which would not be filed',
    },
  ])('$because: $code', async ({ content, code }) => {
    const bad = write('bad.qcow2', content);
    await expect(bring({ files: [image, bad], targets: ['kvm', 'vmware'] })).rejects.toMatchObject({ code });
    expect(names()).toEqual([]);
  });

  test('a faulty image is refused with every fault', async () => {
    const details = [expect.stringContaining('offset')];
    await expect(bring({ files: [write('bad', damaged())] })).rejects.toMatchObject({
      kind: 'image-test',
      details: expect.arrayContaining(details),
    });
  });

  test.each([
    { file: 'nowhere.img', because: 'it is not there' },
    { file: '.', because: 'it is a directory' },
  ])('$file: $because', async ({ file }) => {
    await expect(bring({ files: [join(scratch, file)] })).rejects.toMatchObject({
      kind: 'usage',
      code: 'E_IMAGE_UNREADABLE',
    });
    expect(names()).toEqual([]);
  });

  test.each([
    {
      changes: { files: ['a', 'a', 'a'], targets: ['kvm', 'vmware'] },
      because: 'three files are not for two targets',
    },
    { changes: { files: ['a', 'a'] }, because: 'both would have the same name' },
    { changes: { name: '../up' }, because: 'a name leads nowhere else' },
  ] as const)('$because', async ({ changes }) => {
    const files = 'files' in changes ? { files: changes.files.map(() => image) } : {};
    await expect(bring({ ...changes, ...files })).rejects.toMatchObject({ kind: 'usage', code: 'E_USAGE' });
    expect(names()).toEqual([]);
  });
});

describe('a parent that cannot be', () => {
  test.each([
    { parent: 'server@26.9.1-1.2', code: 'E_RELEASE_UNKNOWN', because: 'it was never filed' },
    { parent: 'nobody@26.9.1-1.1', code: 'E_LINE_UNKNOWN', because: 'there is no such line' },
    { parent: 'server@26.9.1', code: 'E_VERSION_INVALID', because: 'that may be another one tomorrow' },
    { parent: 'server', code: 'E_VERSION_INVALID', because: 'so may that' },
    {
      parent: 'server@26.9.2-1.2',
      code: 'E_RELEASE_REVOKED',
      because: 'what was made from it must not be used',
    },
  ])('$parent: $because', async ({ parent, code }) => {
    await fileSample(catalogue, '26.9.1-1.1');
    if (code === 'E_RELEASE_REVOKED') {
      await fileSample(catalogue, '26.9.2-1.2');
      const stamp = { at: NOW.toISOString(), by: 'anna@desk' };
      await changeLine(catalogue, 'server', () => [
        { ...stamp, action: 'revoke', long: '26.9.2-1.2', reason: 'bad' },
      ]);
    }
    await expect(bring({ parent })).rejects.toMatchObject({ code });
    expect(existsSync(join(catalogue, 'lines/router'))).toBe(false);
  });
});

describe('a catalogue that does not take it', () => {
  test('that is a file', async () => {
    await expect(bring({ catalogue: image })).rejects.toMatchObject({ code: 'E_CATALOGUE_SHAPE' });
  });

  test('that cannot be written', async () => {
    mkdirSync(catalogue, { mode: 0o555 });
    chmodSync(scratch, 0o755);
    // Root may write everywhere, so that the test steps down for a moment.
    const asRoot = process.geteuid?.() === 0;
    if (asRoot) process.seteuid?.(65_534);
    try {
      await expect(bring()).rejects.toMatchObject({ kind: 'host', code: 'E_CATALOGUE_READ_ONLY' });
    } finally {
      if (asRoot) process.seteuid?.(0);
    }
  });

  test('whose line has a directory in the place of its journal', async () => {
    mkdirSync(join(catalogue, 'lines/router'), { recursive: true });
    mkdirSync(join(catalogue, 'lines/router/journal.json'));
    await expect(bring()).rejects.toMatchObject({ code: 'E_CATALOGUE_SHAPE' });
    expect(readdirSync(join(catalogue, 'lines/router'))).toEqual(['journal.json']);
  });

  test('an interruption leaves nothing', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(bring({}, signal)).rejects.toThrow('stop');
    expect(names()).toEqual([]);
  });
});

test('the digest of several images does not go by their order', async () => {
  const packed = write('disk.gz', gzipSync(sampleQcow2()));
  const { manifest } = await bring({ files: [image, packed] });
  const turned = await bring({ files: [packed, image], version: '26.10.4' });
  expect(turned.manifest.recipe.digest).toBe(manifest.recipe.digest);
  expect(manifest.recipe.digest).not.toBe(sha256Of(sampleQcow2()));
});
