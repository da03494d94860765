import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { SourceDisk, WriteImageOptions } from '../../src/workflows/source-disk.ts';
import { writeDynamicVhd, writeFixedVhd } from '../../src/workflows/write-vhd.ts';
import { compileSource } from '../compiled-source.ts';
import { plantDisk, qemuImg, type Planted } from './planted-disk.ts';
import { runOnSmallDisk, smallDiskIsMissing } from './small-disk.ts';

const missing = spawnSync('qemu-img', ['--version']).error !== undefined;
if (missing) process.stderr.write('skipped: VHD against qemu-img, which is not installed\n');
const describeHost = missing ? describe.skip : describe;
const noSmallDisk = smallDiskIsMissing();
if (noSmallDisk !== undefined) process.stderr.write(`skipped: VHD on a full disk: ${noSmallDisk}\n`);
const testSmallDisk = noSmallDisk === undefined ? test : test.skip;

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const CREATED = 1_262_304_000;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mintmark-vhd-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Kind = 'xenserver' | 'hyperv' | 'fixed';
const KINDS: readonly Kind[] = ['xenserver', 'hyperv', 'fixed'];

/** A raw disk with data at some places. */
const makeDisk = (name: string, sizeBytes: number, data: Planted): Promise<SourceDisk> =>
  plantDisk(join(directory, name), sizeBytes, data);

async function write(disk: SourceDisk, kind: Kind, extra: WriteImageOptions = {}): Promise<string> {
  const out = join(directory, `${kind}.vhd`);
  const options = { createdSeconds: CREATED, ...extra };
  if (kind === 'fixed') await writeFixedVhd(disk, out, options);
  else await writeDynamicVhd(disk, out, { ...options, flavour: kind });
  return out;
}

/** QEMU's word on a disk, and that it holds what its source holds. */
function readBack(disk: SourceDisk, out: string): void {
  expect(qemuImg('compare', '-f', 'raw', '-F', 'vpc', disk.path, out)).toMatch(/Images are identical/);
  const info: unknown = JSON.parse(qemuImg('info', '-f', 'vpc', '--output=json', out));
  expect(info).toMatchObject({ format: 'vpc', 'virtual-size': disk.virtualSizeBytes });
}

function bytesAt(path: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const file = openSync(path, 'r');
  readSync(file, bytes, 0, length, offset);
  closeSync(file);
  return bytes;
}

const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const text = (length: number): Buffer => Buffer.alloc(length, readFileSync(import.meta.filename));

describeHost('a written VHD', () => {
  test.each<[string, number, () => Planted]>([
    ['nothing but zeros', 10 * MIB, () => ({})],
    ['zeros that the file system holds as data', 6 * MIB, () => ({ 0: Buffer.alloc(6 * MIB) })],
    ['random data throughout', 5 * MIB, () => ({ 0: randomBytes(5 * MIB) })],
    [
      'a last block of 1 MiB',
      41 * MIB,
      () => ({ [40 * MIB + 900_000]: text(MIB - 900_000), 5: text(70_000) }),
    ],
    ['data on both sides of a block', 40 * MIB, () => ({ [2 * MIB - 5]: text(10), [39 * MIB]: text(MIB) })],
    ['the smallest disk', MIB, () => ({ [MIB - 1]: text(1) })],
    ['8 GiB and 2 MiB', 8 * GIB + 2 * MIB, () => ({ [8 * GIB]: text(2 * MIB), 0: randomBytes(2 * MIB) })],
    ['127 GiB', 127 * GIB, () => ({ 5: text(10), [127 * GIB - 9]: text(9) })],
    ['128 GiB, above every geometry', 128 * GIB, () => ({ [127.6 * GIB]: text(9) })],
    [
      '200 GiB',
      200 * GIB,
      () => ({ 5: text(10), [77 * GIB + 3]: randomBytes(200_000), [200 * GIB - 9]: text(9) }),
    ],
    ['2040 GiB', 2040 * GIB, () => ({ 5: text(10), [2040 * GIB - 70_000]: text(70_000) })],
  ])('is what qemu-img reads back: %s', async (_title, size, data) => {
    const disk = await makeDisk('disk.raw', size, data());
    for (const kind of KINDS) {
      const out = await write(disk, kind);
      readBack(disk, out);
      const footer = bytesAt(out, statSync(out).size - 512, 512);
      expect(footer.readBigUInt64BE(40)).toBe(BigInt(size));
      expect(footer.readBigUInt64BE(48)).toBe(BigInt(size));
      if (kind === 'fixed') expect(statSync(out).size).toBe(size + 512);
      else expect(bytesAt(out, 0, 512).equals(footer)).toBe(true);
      // Holes stay holes, whatever the size: data, at most three pages of tables per GiB, and something small.
      const dataBytes = Object.values(data()).reduce((sum, { length }) => sum + length, 0);
      expect(statSync(out).blocks * 512).toBeLessThan(dataBytes + (3 * 4096 * size) / GIB + MIB);
    }
    expect(readdirSync(directory).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  test('of any disk holds what the disk holds', async () => {
    const places = fc.array(fc.tuple(fc.nat(2 ** 31), fc.integer({ min: 1, max: 300_000 }), fc.nat(255)), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), places, async (sizeMiB, planted) => {
        const size = sizeMiB * MIB;
        const data = planted.map(([at, length, byte]) => {
          const start = at % size;
          return [start, Buffer.alloc(Math.min(length, size - start), byte)];
        });
        const disk = await makeDisk('any.raw', size, Object.fromEntries(data));
        for (const kind of KINDS) readBack(disk, await write(disk, kind));
      }),
      { numRuns: 15 },
    );
  });

  test('is the same bytes each time, wherever its source has holes; another disk has another UUID', async () => {
    const planted = { 0: text(3 * MIB), [8 * MIB]: randomBytes(MIB) };
    const sparse = await makeDisk('sparse.raw', 20 * MIB, planted);
    const solid = await makeDisk('solid.raw', 20 * MIB, { [12 * MIB]: Buffer.alloc(5 * MIB), ...planted });
    const other = await makeDisk('other.raw', 20 * MIB, { ...planted, 5: text(1) });
    expect(solid.ranges).not.toEqual(sparse.ranges);
    const uuids = new Set<string>();
    for (const kind of KINDS) {
      const out = await write(sparse, kind);
      const [digest, footer] = [digestOf(out), bytesAt(out, statSync(out).size - 512, 512)];
      expect(digestOf(await write(sparse, kind))).toBe(digest);
      expect(digestOf(await write(solid, kind))).toBe(digest);
      uuids.add(footer.toString('hex', 68, 84));
      const theirs = await write(other, kind);
      uuids.add(bytesAt(theirs, statSync(theirs).size - 512, 512).toString('hex', 68, 84));
    }
    expect(uuids.size).toBe(6);
  });

  test('tells how far it is, and holds nobody up for long', async () => {
    const disk = await makeDisk('long.raw', 200 * MIB, { 0: text(200 * MIB) });
    const progress: [number, number][] = [];
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const options = {
      createdSeconds: CREATED,
      onProgress: (done: number, total: number) => void progress.push([done, total]),
    };
    await writeDynamicVhd(disk, join(directory, 'long.vhd'), { ...options, flavour: 'xenserver' });
    clearInterval(ticking);
    expect(progress.map(([done]) => done / MIB)).toEqual([32, 64, 96, 128, 160, 192, 200]);
    expect(new Set(progress.map(([, total]) => total))).toEqual(new Set([200 * MIB]));
    expect(turns).toBeGreaterThan(5);
  });
});

describeHost('a VHD that cannot be written', () => {
  beforeEach(() => {
    for (const kind of KINDS) writeFileSync(join(directory, `${kind}.vhd`), 'older');
  });

  const nothingHappened = (): void => {
    for (const kind of KINDS) expect(readFileSync(join(directory, `${kind}.vhd`), 'utf8')).toBe('older');
    expect(readdirSync(directory).filter((name) => name.endsWith('.partial'))).toEqual([]);
  };

  test.each(KINDS)('stops when it is told to, and leaves an older file alone: %s', async (kind) => {
    const disk = await makeDisk('stop.raw', 100 * MIB, { 0: text(100 * MIB) });
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(new Error('enough'));
    await expect(write(disk, kind, { signal: controller.signal, onProgress })).rejects.toThrow('enough');
    await expect(write(disk, kind, { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow(
      'never',
    );
    nothingHappened();
  });

  test.each<[string, number, Kind, RegExp]>([
    ['no bytes', 0, 'hyperv', /it is empty/],
    ['one byte', 1, 'fixed', /512 bytes: its size is no whole MiB/],
    ['no whole sector', 5 * MIB + 1000, 'xenserver', /5243904 bytes: its size is no whole MiB/],
    ['no whole MiB', 5 * MIB + 512, 'fixed', /5243392 bytes: its size is no whole MiB/],
    ['1 MiB above the limit', 2040 * GIB + MIB, 'xenserver', /the limit is 2190433320960 bytes/],
  ])('is refused before anything is written: %s', async (_title, size, kind, message) => {
    const disk = await makeDisk('odd.raw', size, {});
    const refused = write(disk, kind);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ code: 'E_IMAGE_SIZE_UNSUPPORTED' });
    nothingHappened();
  });

  test('says what the system says of a source that is gone', async () => {
    const disk = await makeDisk('gone.raw', 5 * MIB, { 0: text(5) });
    rmSync(disk.path);
    await expect(write(disk, 'hyperv')).rejects.toMatchObject({ code: 'ENOENT' });
    nothingHappened();
  });

  testSmallDisk.each(KINDS)('leaves nothing on a disk that fills up: %s', async (kind) => {
    const disk = await makeDisk('full.raw', 20 * MIB, { 0: text(20 * MIB) });
    const compiled = compileSource('workflows/write-vhd.ts');
    const place = join(directory, 'small');
    if (!existsSync(place)) mkdirSync(place);
    try {
      const printed = runOnSmallDisk(
        place,
        9 * 1024,
        `import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
        import { writeDynamicVhd, writeFixedVhd } from '${compiled.directory}/workflows/write-vhd.js';
        const out = '${place}/disk.vhd';
        writeFileSync(out, 'older');
        const write = '${kind}' === 'fixed' ? writeFixedVhd : writeDynamicVhd;
        const options = { createdSeconds: ${CREATED}, flavour: '${kind}' };
        const { code } = await write(${JSON.stringify(disk)}, out, options).catch((error) => error) ?? {};
        console.log(JSON.stringify([code, readdirSync('${place}'), readFileSync(out, 'utf8')]));`,
      );
      expect(JSON.parse(printed)).toEqual(['ENOSPC', ['disk.vhd'], 'older']);
    } finally {
      compiled.remove();
    }
  });
});
