import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { run, type Runner } from '../../src/host/run.ts';
import type { SourceDisk } from '../../src/workflows/source-disk.ts';
import { writeVhdx } from '../../src/workflows/write-vhdx.ts';
import { compileSource } from '../compiled-source.ts';
import { plantDisk, qemuImg, type Planted } from './planted-disk.ts';
import { runOnSmallDisk, smallDiskIsMissing } from './small-disk.ts';

const missing = spawnSync('qemu-img', ['--version']).error !== undefined;
if (missing) process.stderr.write('skipped: VHDX by qemu-img, which is not installed\n');
const describeHost = missing ? describe.skip : describe;

const noSmallDisk = smallDiskIsMissing();
if (noSmallDisk !== undefined) process.stderr.write(`skipped: VHDX on a full disk: ${noSmallDisk}\n`);
const testSmallDisk = noSmallDisk === undefined ? test : test.skip;

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mintmark-vhdx-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A raw disk with data at some places. */
const makeDisk = (name: string, sizeBytes: number, data: Planted): Promise<SourceDisk> =>
  plantDisk(join(directory, name), sizeBytes, data);

const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const text = (length: number): Buffer => Buffer.alloc(length, readFileSync(import.meta.filename));
const partials = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.partial'));

/** qemu-img, after which something happens to what it wrote. */
const thenChanged =
  (change: (path: string) => void): Runner =>
  async (spec, options) => {
    const result = await run(spec, options);
    change(spec.args.at(-1)?.replace(/^file:/, '') ?? '');
    return result;
  };

const flip = (at: number) => (path: string) => {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
};

describeHost('writeVhdx', () => {
  test.each<[string, number, () => Planted]>([
    ['nothing but zeros', 10 * MIB, () => ({})],
    [
      'data of all kinds',
      41 * MIB,
      () => ({ 5: text(3 * MIB), [20 * MIB]: randomBytes(70_000), [40 * MIB]: text(MIB) }),
    ],
    [
      'more blocks than one log holds',
      600 * MIB,
      () => Object.fromEntries(Array.from({ length: 300 }, (_, index) => [index * 2 * MIB, text(512)])),
    ],
    ['a size that is no whole MiB', 5 * MIB + 512, () => ({ [5 * MIB]: text(512) })],
    ['a size that is no whole sector', MIB + 100, () => ({ [MIB]: text(100) })],
  ])('gives the same bytes each time, which QEMU finds right: %s', async (_title, size, data) => {
    const disk = await makeDisk('disk.raw', size, data());
    const out = join(directory, 'disk.vhdx');
    await writeVhdx(disk, out, { run });
    expect(qemuImg('check', '-f', 'vhdx', out)).toMatch(/^No errors were found/);
    expect(qemuImg('compare', '-f', 'raw', '-F', 'vhdx', disk.path, out)).toMatch(/Images are identical/);
    expect(JSON.parse(qemuImg('info', '-f', 'vhdx', '--output=json', out))).toMatchObject({
      format: 'vhdx',
      'virtual-size': disk.virtualSizeBytes,
    });
    const digest = digestOf(out);
    await writeVhdx(disk, out, { run });
    expect(digestOf(out)).toBe(digest);
    expect(partials()).toEqual([]);
  });

  test('is the same bytes wherever its source has holes; another disk has other identifiers', async () => {
    const planted = { 0: text(3 * MIB), [8 * MIB]: randomBytes(MIB) };
    const sparse = await makeDisk('sparse.raw', 20 * MIB, planted);
    const solid = await makeDisk('solid.raw', 20 * MIB, { [12 * MIB]: Buffer.alloc(5 * MIB), ...planted });
    const other = await makeDisk('other.raw', 20 * MIB, { ...planted, 5: randomBytes(1) });
    const [one, two, three] = ['one', 'two', 'three'].map((name) => join(directory, `${name}.vhdx`));
    if (!one || !two || !three) throw new Error('three names are three paths');
    const progress: number[] = [];
    await writeVhdx(sparse, one, { run, onProgress: (done, total) => progress.push(done / total) });
    await writeVhdx(solid, two, { run });
    await writeVhdx(other, three, { run });
    expect(digestOf(two)).toBe(digestOf(one));
    expect(progress.at(-1)).toBe(1);
    const guids = [one, three].flatMap((path) => {
      const bytes = readFileSync(path);
      return [64 * KIB + 16, 64 * KIB + 32].map((at) => bytes.toString('hex', at, at + 16));
    });
    expect(new Set(guids).size).toBe(4);
  });

  test('takes time with the data, not with the size', async () => {
    const disk = await makeDisk('large.raw', 200 * GIB, { [199 * GIB]: Buffer.alloc(64 * KIB, 7) });
    const out = join(directory, 'large.vhdx');
    await writeVhdx(disk, out, { run });
    // Not compared: QEMU does not know where a VHDX has holes, and would read 200 GiB of zeros.
    const reads = ['read -P 7 199G 64k', 'read -P 0 0 64k', 'read -P 0 204799M 1M'];
    const read = ['-r', '-f', 'vhdx', ...reads.flatMap((command) => ['-c', command]), out];
    expect(execFileSync('qemu-io', read, { encoding: 'utf8' })).not.toMatch(/verification failed/);
    expect(statSync(out).blocks * 512).toBeLessThan(8 * MIB);
  });

  test('QEMU goes on with it: what a guest writes is there', async () => {
    const disk = await makeDisk('go-on.raw', 20 * MIB, { [5 * MIB]: text(MIB) });
    const out = join(directory, 'go-on.vhdx');
    await writeVhdx(disk, out, { run });
    execFileSync('qemu-io', ['-f', 'vhdx', '-c', 'write -P 7 12M 64k', '-c', 'flush', out], {
      stdio: 'pipe',
    });
    const read = ['-r', '-f', 'vhdx', '-c', 'read -P 7 12M 64k', '-c', 'read -P 0 13M 64k', out];
    expect(execFileSync('qemu-io', read, { encoding: 'utf8' })).not.toMatch(/verification failed/);
    expect(qemuImg('check', '-f', 'vhdx', out)).toMatch(/^No errors were found/);
  });

  test.each<[string, (path: string) => void, RegExp]>([
    [
      'its front is cut',
      (path) => truncateSync(path, 200_000),
      /byte 0, end of the file: found 200000 bytes/,
    ],
    ['its regions are cut', (path) => truncateSync(path, 3 * MIB), /byte 3145728, region/],
    ['a bit of a header is flipped', flip(64 * KIB + 20), /byte 65540, checksum/],
    [
      'the virtual size is another',
      flip(3 * MIB + 64 * KIB + 8),
      /virtual size: found 10485761 instead of 10485760/,
    ],
    [
      'the blocks have another size',
      flip(3 * MIB + 64 * KIB + 2),
      /block size: found 1114112 instead of 1048576/,
    ],
  ])(
    'refuses what qemu-img wrote when %s, and leaves an older file alone',
    async (_title, change, message) => {
      const disk = await makeDisk('bad.raw', 10 * MIB, { 0: text(100) });
      const out = join(directory, 'bad.vhdx');
      writeFileSync(out, 'older');
      const refused = writeVhdx(disk, out, { run: thenChanged(change) });
      await expect(refused).rejects.toThrow(message);
      await expect(refused).rejects.toMatchObject({ code: 'E_VHDX_UNEXPECTED' });
      expect(readFileSync(out, 'utf8')).toBe('older');
      expect(partials()).toEqual([]);
    },
  );

  test('leaves nothing when it is stopped, or when qemu-img fails', async () => {
    const disk = await makeDisk('stop.raw', 10 * MIB, { 0: text(100) });
    const out = join(directory, 'stop.vhdx');
    const controller = new AbortController();
    const stopping = thenChanged(() => controller.abort(new Error('enough')));
    await expect(writeVhdx(disk, out, { run: stopping, signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    rmSync(disk.path);
    await expect(writeVhdx(disk, out, { run })).rejects.toMatchObject({ code: 'E_COMMAND_FAILED' });
    expect(readdirSync(directory).filter((name) => name.includes('stop.vhdx'))).toEqual([]);
  });

  test.each<[string, number, RegExp]>([
    ['no size', 0, /a disk of 0 bytes: it is empty/],
    [
      'more than 64 TiB',
      65 * 1024 * GIB,
      /a disk of 71468255805440 bytes: the limit is 70368744177664 bytes/,
    ],
  ])('refuses a disk of %s', async (_title, virtualSizeBytes, message) => {
    const disk = { ...(await makeDisk('odd.raw', MIB, {})), virtualSizeBytes };
    const refused = writeVhdx(disk, join(directory, 'odd.vhdx'), { run });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ code: 'E_IMAGE_SIZE_UNSUPPORTED' });
  });

  testSmallDisk('leaves nothing on a disk that fills up', async () => {
    const disk = await makeDisk('full.raw', 20 * MIB, { 0: text(20 * MIB) });
    const compiled = compileSource('workflows/write-vhdx.ts', 'host/run.ts');
    const place = join(directory, 'small');
    mkdirSync(place);
    try {
      const printed = runOnSmallDisk(
        place,
        12 * 1024,
        `import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
        import { run } from '${compiled.directory}/host/run.js';
        import { writeVhdx } from '${compiled.directory}/workflows/write-vhdx.js';
        const out = '${place}/disk.vhdx';
        writeFileSync(out, 'older');
        const { code } = await writeVhdx(${JSON.stringify(disk)}, out, { run }).catch((error) => error) ?? {};
        console.log(JSON.stringify([code, readdirSync('${place}'), readFileSync(out, 'utf8')]));`,
      );
      expect(JSON.parse(printed)).toEqual(['E_COMMAND_FAILED', ['disk.vhdx'], 'older']);
    } finally {
      compiled.remove();
    }
  });
});
