import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CLI, compileWhenStale, runCli, type CliResult } from '../integration/compiled-cli.ts';

const TOOLS = ['qemu-img', 'lbzip2', 'xz', 'zstd', 'unzip'];
const missing = TOOLS.filter((name) => spawnSync(name, ['--version']).error !== undefined);
if (missing.length > 0)
  process.stderr.write(`skipped: convert, because ${missing.join(', ')} is not installed\n`);
const describeHost = missing.length === 0 ? describe : describe.skip;

const MIB = 2 ** 20;
const CONVERT_MS = 60_000;
let directory: string;
let count = 0;

beforeAll(() => {
  compileWhenStale();
  directory = mkdtempSync(join(tmpdir(), 'mintmark-convert-'));
  makeDisk(join(directory, 'disk.raw'), 40 * MIB);
}, 120_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Text at the start and beyond the first VHD block, bytes that do not shrink, and a last sector. */
function makeDisk(path: string, sizeBytes: number): void {
  const handle = openSync(path, 'w');
  ftruncateSync(handle, sizeBytes);
  const text = readFileSync(import.meta.filename);
  const stubborn = Buffer.from(
    Array.from({ length: 200_000 }, (_, index) => (index * index * 31 + index) >>> 7),
  );
  for (const [place, bytes] of [
    [0, text],
    [2 * MIB + 4096, text],
    [9 * MIB + 512, stubborn],
    [sizeBytes - 512, text.subarray(0, 512)],
  ] as const) {
    writeSync(handle, bytes, 0, bytes.length, place);
  }
  closeSync(handle);
}

function fresh(name: string): string {
  count += 1;
  const path = join(directory, `${count}-${name}`);
  mkdirSync(path);
  return path;
}

/** Where the first test leaves an image of every format. */
const made = (): string => join(directory, 'made');

/** A file by itself in a directory. */
function file(name: string, content: string | Buffer): string {
  const path = join(fresh('bad'), name);
  writeFileSync(path, content);
  return path;
}

function qcow2(...options: string[]): string {
  const path = join(fresh('bad'), 'top.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, path, '4M'], { cwd: directory });
  return path;
}

/** The beginning of an image that was made. */
function cut(name: string, bytes: number): string {
  const path = file(name, readFileSync(join(made(), name)));
  truncateSync(path, bytes);
  return path;
}

const convert = (source: string, ...args: string[]): Promise<CliResult> =>
  runCli(['convert', source, ...args, '--json'], {
    cwd: directory,
    env: { MINTMARK_CACHE: join(directory, 'cache'), HOME: directory },
  });

/** What a failed call said, for `toMatchObject`. */
function failureOf({ exitCode, stdout, stderr }: CliResult): object {
  const document: unknown = JSON.parse(stdout);
  return { exitCode, document, stderr };
}

describeHost('mintmark convert', () => {
  test(
    'makes every format of one disk',
    async () => {
      const formats = 'qcow2,raw.gz,vhd,vhd.bz2,vhd.zip,vhdx,vhdx.xz,vmdk,ova,qcow2.zst';
      const { exitCode, stdout, stderr } = await convert('disk.raw', '--to', formats, '--out', 'made');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.any(String) });
      expect(JSON.parse(stdout)).toMatchObject({
        ok: true,
        source: { format: 'raw' },
        images: { length: 10 },
      });
      expect(readdirSync(made()).toSorted()).toEqual(
        formats
          .split(',')
          .map((suffix) => `disk.${suffix}`)
          .toSorted(),
      );
    },
    CONVERT_MS,
  );

  test.each(['qcow2', 'vhd', 'vhdx', 'vmdk', 'ova'])(
    'reads %s, and what comes of it does not depend on where it came from',
    async (format) => {
      const out = fresh(`from-${format}`);
      const source = join(made(), `disk.${format}`);
      const { exitCode, stdout } = await convert(source, '--to', 'raw,vhd,ova', '--out', out);
      expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
      expect(readFileSync(join(out, 'disk.raw')).equals(readFileSync(join(directory, 'disk.raw')))).toBe(
        true,
      );
      for (const name of ['disk.vhd', 'disk.ova']) {
        expect(readFileSync(join(out, name)).equals(readFileSync(join(made(), name)))).toBe(true);
      }
    },
    CONVERT_MS,
  );

  test(
    'a fixed VHD is the disk and a footer',
    async () => {
      const out = fresh('fixed');
      await convert('disk.raw', '--to', 'vhd', '--subformat', 'fixed', '--out', out, '--name', 'azure');
      expect(statSync(join(out, 'azure.vhd')).size).toBe(40 * MIB + 512);
    },
    CONVERT_MS,
  );

  test(
    'the time in an image is the one that reproducible builds name',
    async () => {
      const out = fresh('epoch');
      const env = {
        MINTMARK_CACHE: join(directory, 'cache'),
        HOME: directory,
        SOURCE_DATE_EPOCH: '1700000000',
      };
      await runCli(['convert', 'disk.raw', '--to', 'ova', '--out', out], { cwd: directory, env });
      expect(execFileSync('tar', ['--utc', '-tvf', join(out, 'disk.ova')], { encoding: 'utf8' })).toContain(
        '2023-11-14',
      );
    },
    CONVERT_MS,
  );

  test.each<[because: string, args: string[], expected: object]>([
    ['no format is asked for', ['--out', 'x'], { exitCode: 2 }],
    ['a format does not exist', ['--to', 'vdi', '--out', 'x'], { exitCode: 2 }],
    ['a format is asked for twice', ['--to', 'vhd,vhd', '--out', 'x'], { exitCode: 2 }],
    [
      'a result is there already',
      ['--to', 'qcow2', '--out', 'made'],
      { exitCode: 6, document: { error: { code: 'E_OUTPUT_EXISTS' } } },
    ],
  ])('is refused when %s', async (_because, args, expected) => {
    const before = statSync(join(made(), 'disk.qcow2')).mtimeMs;
    expect(failureOf(await convert('disk.raw', ...args))).toMatchObject(expected);
    expect(statSync(join(made(), 'disk.qcow2')).mtimeMs).toBe(before);
  });

  describe('bad input', () => {
    test.each<[because: string, make: () => string, exitCode: number, message: RegExp]>([
      ['is not there', () => join(directory, 'nowhere.raw'), 2, /cannot be read/],
      ['is a directory', () => directory, 2, /no regular file/],
      ['is empty', () => file('disk.raw', ''), 7, /empty/],
      ['is a qcow2 cut in its tables', () => cut('disk.qcow2', 100_000), 7, /offset \d+/],
      ['is a VHD without its end', () => cut('disk.vhd', 4 * MIB), 7, /offset \d+/],
      ['is a VMDK without its end', () => cut('disk.vmdk', 70_000), 7, /offset \d+/],
      ['is an OVA without its end', () => cut('disk.ova', 70_000), 7, /disk-disk1\.vmdk|not sound|offset/],
      [
        'is built upon a file with an absolute name',
        () => qcow2('-o', `backing_file=${join(directory, 'disk.raw')},backing_fmt=raw`),
        7,
        /is absolute: not followed/,
      ],
      [
        'is built upon something that is no file',
        () => qcow2('-u', '-o', 'backing_file=nbd:127.0.0.1:9,backing_fmt=raw'),
        7,
        /has the protocol .{0,2}nbd/,
      ],
      [
        'is built upon itself',
        () => qcow2('-u', '-o', 'backing_file=top.qcow2,backing_fmt=qcow2'),
        7,
        /a cycle/,
      ],
      ['keeps its data elsewhere', () => qcow2('-o', 'data_file=elsewhere.raw'), 7, /data file/],
      ['is a compressed file', () => file('disk.gz', Buffer.from('1f8b0800000000000003', 'hex')), 7, /gzip/],
    ])('a source that %s', async (_because, make, exitCode, message) => {
      const out = fresh('nothing');
      const result = await convert(make(), '--to', 'qcow2,ova', '--out', out);
      expect(failureOf(result)).toMatchObject({ exitCode, document: { ok: false } });
      expect(result.stdout).toMatch(message);
      expect(readdirSync(out)).toEqual([]);
    });

    test.each<[because: string, sizeBytes: number, format: string, exitCode: number]>([
      ['one byte is a disk of one sector', 1, 'qcow2', 0],
      ['and of one sector in a VMDK', 1, 'vmdk', 0],
      ['VHD holds whole MiB only', MIB + 512, 'vhd', 3],
      ['no other format minds', MIB + 512, 'qcow2', 0],
      ['a size just above what cylinders, heads and sectors give exactly', 129 * MIB, 'vhd', 0],
      ['just above 127 GiB, where they end', 127 * 1024 * MIB + 2 * MIB, 'vhd', 0],
      ['above 2040 GiB', 2041 * 1024 * MIB, 'vhd', 3],
    ])(
      '%s (%d bytes as %s)',
      async (_because, sizeBytes, format, exitCode) => {
        const source = file('sized.raw', 'x');
        truncateSync(source, sizeBytes);
        const out = fresh('sized');
        const result = await convert(source, '--to', format, '--out', out);
        expect({ exitCode: result.exitCode, stderr: result.stderr }).toEqual({
          exitCode,
          stderr: expect.any(String),
        });
        expect(readdirSync(out)).toHaveLength(exitCode === 0 ? 1 : 0);
      },
      CONVERT_MS,
    );
  });

  test(
    'a disk that is full midway leaves nothing',
    async () => {
      const out = fresh('small');
      const script = [
        `mount -t tmpfs -o size=300k tmpfs '${out}'`,
        `'${process.execPath}' '${CLI}' convert '${join(directory, 'disk.raw')}' --to qcow2,vhd,ova --out '${out}'`,
        'code=$?',
        `ls -A '${out}' >&2`,
        'exit $code',
      ].join('\n');
      const namespaces = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
      const env = { PATH: process.env['PATH'], MINTMARK_CACHE: join(directory, 'cache'), HOME: directory };
      const { status, stderr } = spawnSync('unshare', [...namespaces, 'sh', '-c', script], {
        env,
        encoding: 'utf8',
      });
      expect({ status, stderr }).toMatchObject({ status: 4, stderr: expect.stringMatching(/no space/i) });
      expect(stderr).not.toMatch(/^\.?disk\./m);
    },
    CONVERT_MS,
  );

  test(
    'a kill -9 leaves nothing under a final name, and the next call is not disturbed',
    async () => {
      const out = fresh('killed');
      const env = { MINTMARK_CACHE: join(directory, 'cache'), HOME: directory };
      const args = ['convert', join(directory, 'disk.raw'), '--to', 'vhd.bz2,qcow2', '--out', out];
      await runCli(args, {
        cwd: directory,
        env,
        onStart: (child) => {
          const timer = setInterval(() => {
            if (readdirSync(out).length === 0) return;
            clearInterval(timer);
            child.kill('SIGKILL');
          }, 2);
        },
      });
      expect(readdirSync(out).filter((name) => !name.startsWith('.'))).toEqual([]);
      expect(await runCli(args, { cwd: directory, env })).toMatchObject({ exitCode: 0 });
      expect(readdirSync(out).toSorted()).toEqual(['disk.qcow2', 'disk.vhd.bz2']);
    },
    CONVERT_MS,
  );
});
