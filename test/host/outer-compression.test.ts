import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/errors/failure.ts';
import { run } from '../../src/host/run.ts';
import {
  compressFile,
  type CompressFileOptions,
  type OuterFormat,
} from '../../src/workflows/compress-file.ts';
import { verifyCompressed } from '../../src/workflows/verify-compressed.ts';
import { compileSource, type CompiledSource } from '../compiled-source.ts';

/** What consumers unpack with: each is the plain program, none of them ours. */
const UNPACK: Readonly<Record<OuterFormat, readonly [string, ...string[]]>> = {
  gz: ['gzip', '-dc'],
  bz2: ['bzip2', '-dc'],
  xz: ['xz', '-dc', '-T1'],
  zst: ['zstd', '-dcq'],
  zip: ['unzip', '-p'],
};
const FORMATS: readonly OuterFormat[] = ['gz', 'bz2', 'xz', 'zst', 'zip'];
const NEEDED = ['qemu-img', 'lbzip2', ...Object.values(UNPACK).map(([program]) => program)];

const missing = NEEDED.filter((name) => spawnSync(name, ['--version']).error !== undefined);
if (missing.length > 0)
  process.stderr.write(`skipped: outer compression: ${missing.join(', ')} not installed\n`);
const describeHost = missing.length > 0 ? describe.skip : describe;
const testAsRoot = process.getuid?.() === 0 ? test : test.skip;

const MIB = 1024 ** 2;
let directory: string;
let compiled: CompiledSource;
let script: URL;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mintmark-outer-'));
  // Threads cannot run TypeScript.
  compiled = compileSource('host/deflate-worker.ts');
  script = pathToFileURL(join(compiled.directory, 'host/deflate-worker.js'));
});

afterAll(() => {
  compiled.remove();
  rmSync(directory, { recursive: true, force: true });
});

const text = (length: number): Buffer => Buffer.alloc(length, readFileSync(import.meta.filename));
const place = (name: string): string => join(directory, name);
const options = (outer: OuterFormat, more: Partial<CompressFileOptions> = {}): CompressFileOptions => ({
  outer,
  memberName: 'disk.vhd',
  run,
  workers: 2,
  script,
  ...more,
});
const contentOf = (content: Buffer): { sizeBytes: number; sha256: string } => ({
  sizeBytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});

function plain(name: string, content: Buffer): string {
  writeFileSync(place(name), content);
  return place(name);
}

function unpack(path: string, outer: OuterFormat): Buffer {
  const [program, ...args] = UNPACK[outer];
  return execFileSync(program, [...args, path], { maxBuffer: 256 * MIB });
}

const leftovers = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.partial'));

describeHost.each(FORMATS)('%s', (outer) => {
  test.each<[string, () => Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['one byte', () => Buffer.from('x')],
    ['exactly one segment', () => text(MIB)],
    ['one byte more than a segment', () => text(MIB + 1)],
    ['what does not get smaller', () => randomBytes(2 * MIB + 12_345)],
    ['zeros', () => Buffer.alloc(3 * MIB + 5)],
    [
      'all of it in turn',
      () => Buffer.concat([text(3 * MIB), Buffer.alloc(2 * MIB), randomBytes(4 * MIB + 99)]),
    ],
  ])('gives back %s', async (_title, make) => {
    const content = make();
    const path = plain('plain', content);
    const out = place(`plain.${outer}`);
    await compressFile(path, out, options(outer));
    expect(unpack(out, outer).equals(content)).toBe(true);
    await verifyCompressed(out, outer, contentOf(content), { workers: 2 });
    expect(leftovers()).toEqual([]);
  });

  test('is the same at any number of threads, and tells neither name nor time', async () => {
    const content = Buffer.concat([text(4 * MIB), randomBytes(MIB), Buffer.alloc(4 * MIB), text(MIB + 7)]);
    const found = new Set<string>();
    for (const workers of [0, 1, 2, 3].slice(['gz', 'zip'].includes(outer) ? 0 : 1)) {
      const path = plain(`name-${workers}`, content);
      utimesSync(path, 1e9 * workers, 1e9 * workers);
      const progress: number[] = [];
      const onProgress = (done: number, total: number): void => void progress.push(done / total);
      const out = place(`same-${workers}.${outer}`);
      await compressFile(path, out, options(outer, { workers, onProgress }));
      expect(progress.at(-1)).toBe(1);
      const bytes = readFileSync(out);
      expect(bytes.includes(basename(path))).toBe(false);
      found.add(contentOf(bytes).sha256);
    }
    expect(found.size).toBe(1);
  }, 120_000);

  test('is refused when anything in it changed, or it holds something else', async () => {
    const content = Buffer.concat([text(100_000), randomBytes(1000)]);
    const out = place(`damage.${outer}`);
    await compressFile(plain('damage', content), out, options(outer));
    const good = readFileSync(out);
    const wrong = { code: 'E_CONVERSION_WRONG', message: expect.stringContaining(out) };
    const middle = Buffer.from(good);
    middle.writeUInt8(middle.readUInt8(good.length >> 1) ^ 4, good.length >> 1);
    for (const bytes of [middle, good.subarray(0, -1), good.subarray(0, good.length >> 1), Buffer.alloc(0)]) {
      writeFileSync(out, bytes);
      await expect(verifyCompressed(out, outer, contentOf(content))).rejects.toMatchObject(wrong);
    }
    writeFileSync(out, good);
    for (const other of [
      content.subarray(1),
      Buffer.concat([content, content]),
      Buffer.alloc(content.length),
    ])
      await expect(verifyCompressed(out, outer, contentOf(other))).rejects.toMatchObject(wrong);
    await verifyCompressed(out, outer, contentOf(content));
  });

  test('leaves an older file alone, and nothing half done, when it is stopped or its input is gone', async () => {
    const out = place(`stopped.${outer}`);
    writeFileSync(out, 'older');
    await expect(compressFile(place('gone'), out, options(outer))).rejects.toMatchObject({ code: 'ENOENT' });
    const path = plain('long', randomBytes(30 * MIB));
    truncateSync(path, 2048 * MIB);
    const early = compressFile(path, out, options(outer, { signal: AbortSignal.abort(new Error('enough')) }));
    await expect(early).rejects.toThrow(/enough|was interrupted/);
    const controller = new AbortController();
    const stopped = compressFile(path, out, options(outer, { signal: controller.signal }));
    setTimeout(() => controller.abort(new Error('enough')), 60);
    await expect(stopped).rejects.toThrow(/enough|was interrupted/);
    expect(readFileSync(out, 'utf8')).toBe('older');
    expect(leftovers()).toEqual([]);
  });

  testAsRoot('says so when the disk is full, and leaves nothing', async () => {
    const small = place(`small-${outer}`);
    execFileSync('mkdir', [small]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small]);
    try {
      const path = plain('large', randomBytes(5 * MIB));
      await expect(compressFile(path, join(small, 'out'), options(outer))).rejects.toMatchObject({
        kind: 'host',
        code: 'E_NO_SPACE',
        message: expect.stringContaining(join(small, 'out')),
      });
      expect(readdirSync(small)).toEqual([]);
    } finally {
      execFileSync('umount', [small]);
    }
  });
});

const bytesFrom = (start: number, length: number): number[] =>
  Array.from({ length }, (_, index) => start + index);
/** Padding up to the end of a byte: before the empty block that ends the segment, and behind the last block. */
const padding = (streamEnd: number): number[] => [streamEnd - 7, streamEnd - 1];

describeHost('every bit of a container', () => {
  test.each<[OuterFormat, (file: Buffer) => number[]]>([
    // The effort and the system.
    ['gz', (file) => [8, 9, ...padding(file.length - 8)]],
    [
      'zip',
      (file) => {
        const central = file.indexOf('PK\x01\x02');
        // Made by; comment, disk, attributes, begin; disks and the count on this one; length of the comment.
        const fields: [number, number][] = [
          [central + 4, 2],
          [central + 32, 14],
          [file.length - 18, 6],
          [file.length - 2, 2],
        ];
        return [...padding(central), ...fields.flatMap(([start, length]) => bytesFrom(start, length))];
      },
    ],
  ])('counts in a %s', async (outer, harmless) => {
    const content = Buffer.from('some content, some content');
    const out = place(`bits.${outer}`);
    await compressFile(plain('bits', content), out, options(outer));
    const good = readFileSync(out);
    const verdict = (bytes: Uint8Array): Promise<string> => {
      writeFileSync(out, bytes);
      return verifyCompressed(out, outer, contentOf(content)).then(
        () => 'right',
        (error: unknown) => (error instanceof Failure ? error.code : String(error)),
      );
    };
    const accepted = new Set<number>();
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const bytes = Buffer.from(good);
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const found = await verdict(bytes);
      if (found === 'right') accepted.add(bit >> 3);
      else expect([bit, found]).toEqual([bit, 'E_CONVERSION_WRONG']);
    }
    expect([...accepted]).toEqual(harmless(good));
    for (let length = 0; length < good.length; length += 1)
      expect([length, await verdict(good.subarray(0, length))]).toEqual([length, 'E_CONVERSION_WRONG']);
  });
});

describeHost('holes', () => {
  test.each<OuterFormat>(['gz', 'zip'])('are zeros in a %s', async (outer) => {
    const path = plain('holes', text(1000));
    truncateSync(path, 30 * MIB + 3);
    const out = place(`holes.${outer}`);
    await compressFile(path, out, options(outer));
    expect(unpack(out, outer).equals(readFileSync(path))).toBe(true);
    expect(statSync(out).size).toBeLessThan(60_000);
  });
});

describeHost('sizes', () => {
  test('a gz of a program is within two per cent of gzip -6', async () => {
    const content = readFileSync(process.execPath).subarray(0, 12 * MIB);
    const path = plain('program', content);
    const out = place('program.gz');
    await compressFile(path, out, options('gz'));
    const theirs = execFileSync('gzip', ['-6', '-n', '-c', path], { maxBuffer: 64 * MIB });
    expect(statSync(out).size).toBeLessThan(theirs.length * 1.02);
  });
});

describe('programs that are not there', () => {
  test.each<OuterFormat>(['bz2', 'xz', 'zst'])('%s: E_TOOL_MISSING', async (outer) => {
    const path = plain('lonely', text(10));
    const before = process.env['PATH'];
    process.env['PATH'] = directory;
    try {
      const compressing = compressFile(path, place('lonely.out'), options(outer));
      // System directories are looked into all the same; these programs are in none of them.
      await expect(compressing).rejects.toMatchObject({ kind: 'host', code: 'E_TOOL_MISSING' });
    } finally {
      process.env['PATH'] = before;
    }
    expect(leftovers()).toEqual([]);
  });
});
