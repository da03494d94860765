import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { digestFile, type FileDigests } from '../../src/host/digest-file.ts';
import { run } from '../../src/host/run.ts';
import { convertWithQemuImg } from '../../src/workflows/convert-with-qemu-img.ts';
import { readSourceDisk } from '../../src/workflows/source-disk.ts';
import { writeCompressedQcow2, type WriteQcow2Options } from '../../src/workflows/write-qcow2.ts';
import { compileSource, type CompiledSource } from '../compiled-source.ts';
import { plantRaw, qemuImg, type Planted } from './planted-disk.ts';

const missing = spawnSync('qemu-img', ['--version']).error !== undefined;
if (missing) process.stderr.write('skipped: qcow2 images against qemu-img, which is not installed\n');
const describeHost = missing ? describe.skip : describe;

const KIB = 1024;
const GIB = 1024 ** 3;
let directory: string;
let compiled: CompiledSource;
let script: URL;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mintmark-qcow2-'));
  // Threads cannot run TypeScript.
  compiled = compileSource('host/deflate-worker.ts');
  script = pathToFileURL(join(compiled.directory, 'host/deflate-worker.js'));
});

afterAll(() => {
  compiled.remove();
  rmSync(directory, { recursive: true, force: true });
});

/** A raw disk with data at some places. */
const makeRaw = (name: string, sizeBytes: number, data: Planted): Promise<string> =>
  plantRaw(join(directory, name), sizeBytes, data);

const text = (length: number): Buffer => Buffer.alloc(length, readFileSync(import.meta.filename));
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** Random bytes, text and zeros in turn, so that kinds of clusters meet in every order. */
function mixed(clusters: number): Buffer {
  const kinds = [randomBytes(64 * KIB), text(64 * KIB), Buffer.alloc(64 * KIB), randomBytes(30 * KIB)];
  return Buffer.concat(
    Array.from(
      { length: clusters },
      (_, index) => kinds[(index * index + (index >> 2)) % 4] ?? Buffer.alloc(0),
    ),
  );
}

/** Writes, and says what came out. */
async function writeQcow2(
  raw: string,
  out: string,
  options: WriteQcow2Options,
): Promise<FileDigests & { virtualSizeBytes: number }> {
  const disk = await readSourceDisk(raw, { run, signal: options.signal });
  await writeCompressedQcow2(disk, out, options);
  return { ...(await digestFile(out)), virtualSizeBytes: disk.virtualSizeBytes };
}

describeHost('writeCompressedQcow2', () => {
  test.each<[string, number, () => Record<number, Buffer>]>([
    ['nothing but zeros', 10 * 1024 * KIB, () => ({})],
    ['zeros that the file system holds as data', 1024 * KIB, () => ({ 0: Buffer.alloc(1024 * KIB) })],
    ['random data', 5 * 1024 * KIB, () => ({ 0: randomBytes(5 * 1024 * KIB) })],
    ['text', 5 * 1024 * KIB, () => ({ 0: text(5 * 1024 * KIB) })],
    ['all kinds in turn', 40 * 1024 * KIB, () => ({ 0: mixed(500), 33_000_000: text(5_000_000) })],
    [
      'a size that is no multiple of a cluster',
      100 * KIB + 512,
      () => ({ [70 * KIB]: text(30 * KIB + 512) }),
    ],
    ['a last cluster that does not compress', 65 * KIB, () => ({ 0: randomBytes(65 * KIB) })],
    ['a size that is no multiple of a sector', 1000, () => ({ 0: text(1000) })],
    ['nothing at all', 0, () => ({})],
    [
      'little data far apart in 200 GiB',
      200 * GIB,
      () => ({ 5: text(10), [77 * GIB + 3]: randomBytes(200_000), [200 * GIB - 9]: text(9) }),
    ],
  ])('is what qemu-img reads back: %s', async (_title, size, data) => {
    const raw = await makeRaw('disk.raw', size, data());
    for (const compat of ['0.10', '1.1'] as const) {
      const out = join(directory, `disk-${compat}.qcow2`);
      const written = await writeQcow2(raw, out, { compat, workers: 2, script });
      expect(qemuImg('check', '-f', 'qcow2', out)).toMatch(/^No errors were found/);
      // Compared with the disk as raw: a source that is no multiple of a sector is longer by zeros.
      expect(qemuImg('compare', '-f', 'raw', '-F', 'qcow2', raw, out)).toMatch(/Images are identical/);
      const info: unknown = JSON.parse(qemuImg('info', '--output=json', out));
      expect(info).toMatchObject({
        'virtual-size': Math.ceil(size / 512) * 512,
        'cluster-size': 65536,
        'format-specific': { data: { compat } },
      });
      const bytes = await readFile(out);
      expect(written).toMatchObject({ sizeBytes: bytes.length, sha256: sha256(bytes) });
      expect(written.virtualSizeBytes).toBe(Math.ceil(size / 512) * 512);
    }
    expect(readdirSync(directory).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  test('gives the same bytes whatever the number of threads, and no more than qemu-img', async () => {
    const raw = await makeRaw('same.raw', 50 * 1024 * KIB, { 0: mixed(600) });
    const digests: string[] = [];
    const progress: number[] = [];
    for (const workers of [0, 1, 2, 3]) {
      const out = join(directory, 'same.qcow2');
      const onProgress = (done: number, total: number): void => void progress.push(done / total);
      digests.push((await writeQcow2(raw, out, { compat: '1.1', workers, script, onProgress })).sha256);
    }
    expect(new Set(digests).size).toBe(1);
    expect(progress.at(-1)).toBe(1);
    const theirs = join(directory, 'theirs.qcow2');
    qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', raw, theirs);
    expect(statSync(join(directory, 'same.qcow2')).size).toBeLessThan(
      statSync(theirs).size * 1.01 + 4 * 65536,
    );
  });

  test('leaves an older file alone, and nothing half done, when it is stopped or fails', async () => {
    const raw = await makeRaw('stop.raw', 20 * 1024 * KIB, { 0: text(20 * 1024 * KIB) });
    const out = join(directory, 'stop.qcow2');
    writeFileSync(out, 'older');
    const controller = new AbortController();
    const stopped = writeQcow2(raw, out, {
      compat: '1.1',
      script,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
    const broken = new URL('missing.mjs', script);
    await expect(writeQcow2(raw, out, { compat: '1.1', workers: 2, script: broken })).rejects.toThrow(
      'missing.mjs',
    );
    expect(readFileSync(out, 'utf8')).toBe('older');
    expect(readdirSync(directory).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});

describeHost('convertWithQemuImg', () => {
  test('writes zstd on request', async () => {
    const raw = await makeRaw('zstd.raw', 4 * 1024 * KIB, { 0: text(1024 * KIB) });
    const outPath = join(directory, 'zstd.qcow2');
    const fractions: number[] = [];
    await convertWithQemuImg(
      { sourcePath: raw, outPath, format: 'qcow2', compression: 'zstd' },
      { run, onFraction: (fraction) => fractions.push(fraction) },
    );
    expect(fractions.at(-1)).toBe(1);
    expect(JSON.parse(qemuImg('info', '--output=json', outPath))).toMatchObject({
      'format-specific': { data: { 'compression-type': 'zstd' } },
    });
  });
});
