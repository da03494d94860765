import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OvfMachine } from '../../src/disks/ovf-machine.ts';
import { sha256OfFile } from '../../src/host/digest-file.ts';
import type { SourceDisk } from '../../src/workflows/source-disk.ts';
import { writeOva, type WriteOvaOptions } from '../../src/workflows/write-ova.ts';
import { writeStreamOptimizedVmdk } from '../../src/workflows/write-vmdk.ts';
import { compileSource, type CompiledSource } from '../compiled-source.ts';
import { plantDisk, qemuImg, type Planted } from './planted-disk.ts';
import { walkVmdk } from '../unit/disks/walk-vmdk.ts';

const missing = spawnSync('qemu-img', ['--version']).error !== undefined;
if (missing) process.stderr.write('skipped: VMDK and OVA against qemu-img, which is not installed\n');
const describeHost = missing ? describe.skip : describe;

const hasXmllint = spawnSync('xmllint', ['--version']).error === undefined;
if (!hasXmllint)
  process.stderr.write('skipped: the OVF against xmllint, which is not installed; Python reads it\n');

const KIB = 1024;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
const forVmware = { adapter: 'lsilogic', hardwareVersion: 13 } as const;
let directory: string;
let compiled: CompiledSource;
let script: URL;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mintmark-vmdk-'));
  // Threads cannot run TypeScript.
  compiled = compileSource('host/deflate-worker.ts');
  script = pathToFileURL(join(compiled.directory, 'host/deflate-worker.js'));
});

afterAll(() => {
  compiled.remove();
  rmSync(directory, { recursive: true, force: true });
});

/** A raw disk with data at some places. */
const makeDisk = (sizeBytes: number, data: Planted): Promise<SourceDisk> =>
  plantDisk(join(directory, 'disk.raw'), sizeBytes, data);

const text = (length: number): Buffer => Buffer.alloc(length, readFileSync(import.meta.filename));

/** Random bytes, text and zeros in turn, so that kinds of grains meet in every order. */
function mixed(grains: number): Buffer {
  const kinds = [randomBytes(64 * KIB), text(64 * KIB), Buffer.alloc(64 * KIB), randomBytes(30 * KIB)];
  return Buffer.concat(
    Array.from(
      { length: grains },
      (_, index) => kinds[(index * index + (index >> 2)) % 4] ?? Buffer.alloc(0),
    ),
  );
}

/** Makes the next file of this name lie on a disk that is full. */
const fillDiskFor = (name: string): void => symlinkSync('/dev/full', join(directory, `.${name}.partial`));

const leftovers = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.partial'));

describeHost('writeStreamOptimizedVmdk', () => {
  test.each<[string, number, () => Record<number, Buffer>]>([
    ['a single sector', 512, () => ({ 0: text(512) })],
    ['a single grain', 64 * KIB, () => ({ 0: text(64 * KIB) })],
    ['nothing but zeros', 10 * MIB, () => ({})],
    ['zeros that the file system holds as data', MIB, () => ({ 0: Buffer.alloc(MIB) })],
    ['random data', 5 * MIB, () => ({ 0: randomBytes(5 * MIB) })],
    ['all kinds in turn', 40 * MIB, () => ({ 0: mixed(500), 33_000_000: text(5_000_000) })],
    ['a size that is no multiple of a grain', 100 * KIB + 512, () => ({ [70 * KIB]: text(30 * KIB + 512) })],
    ['a last grain of random data', 65 * KIB, () => ({ 0: randomBytes(65 * KIB) })],
    ['a size that is no multiple of a sector', 1000, () => ({ 0: text(1000) })],
    ['just over one table', 32 * MIB + 512, () => ({ [32 * MIB]: randomBytes(512) })],
    [
      'little data far apart in 200 GiB',
      200 * GIB,
      () => ({ 5: text(10), [77 * GIB + 3]: randomBytes(200_000), [200 * GIB - 9]: text(9) }),
    ],
  ])('is what qemu-img reads back: %s', async (_title, size, data) => {
    const disk = await makeDisk(size, data());
    const out = join(directory, 'disk.vmdk');
    const written = await writeStreamOptimizedVmdk(disk, out, { ...forVmware, workers: 2, script });
    expect(qemuImg('check', '-f', 'vmdk', out)).toMatch(/^No errors were found/);
    expect(qemuImg('compare', '-f', 'raw', '-F', 'vmdk', disk.path, out)).toMatch(/Images are identical/);
    expect(JSON.parse(qemuImg('info', '--output=json', out))).toMatchObject({
      'virtual-size': Math.ceil(size / 512) * 512,
      'format-specific': { data: { 'create-type': 'streamOptimized', extents: [{ compressed: true }] } },
    });
    expect(written.sizeBytes).toBe(statSync(out).size);

    const walked = walkVmdk(await readFile(out));
    expect(walked.bytesAfterEnd).toBe(0);
    expect([...walked.sectors]).toEqual(walked.grains.map(({ number, sector }) => [number, sector]));
    expect(walked.grains.every((grain) => grain.data.length === 64 * KIB)).toBe(true);
    expect(walked.grains.some((grain) => grain.data.equals(Buffer.alloc(64 * KIB)))).toBe(false);
    // VirtualBox reads a grain, its marker and its padding into room for 129 sectors.
    expect(Math.max(0, ...walked.grains.map((grain) => grain.deflatedBytes))).toBeLessThanOrEqual(
      129 * 512 - 12,
    );
    expect(leftovers()).toEqual([]);
  });

  test('both ends of 2 TiB', async () => {
    const [first, last] = [randomBytes(512), randomBytes(512)];
    const disk = await makeDisk(2 * TIB, { 0: first, [2 * TIB - 512]: last });
    const out = join(directory, 'large.vmdk');
    await writeStreamOptimizedVmdk(disk, out, forVmware);
    const places = [
      [['count=1'], first],
      [[`skip=${(2 * TIB) / 512 - 1}`], last],
    ] as const;
    for (const [place, data] of places) {
      const copy = join(directory, 'sector');
      qemuImg('dd', '-f', 'vmdk', '-O', 'raw', 'bs=512', ...place, `if=${out}`, `of=${copy}`);
      expect((await readFile(copy)).equals(data)).toBe(true);
    }
    // Tables for 2 TiB take 128 MiB of the file, but nothing of the disk that it lies on.
    expect(statSync(out).blocks * 512).toBeLessThan(2 * MIB);
  });

  test('gives the same bytes whatever the number of threads and the name, and no more than qemu-img', async () => {
    const disk = await makeDisk(50 * MIB, { 0: mixed(600) });
    const digests: string[] = [];
    const progress: number[] = [];
    for (const workers of [0, 1, 2, 3]) {
      const out = join(directory, `same-${workers}.vmdk`);
      const onProgress = (done: number, total: number): void => void progress.push(done / total);
      await writeStreamOptimizedVmdk(disk, out, { ...forVmware, workers, script, onProgress });
      digests.push(await sha256OfFile(out));
    }
    expect(new Set(digests).size).toBe(1);
    expect(progress.at(-1)).toBe(1);
    const theirs = join(directory, 'theirs.vmdk');
    qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', disk.path, theirs);
    expect(statSync(join(directory, 'same-0.vmdk')).size).toBeLessThan(statSync(theirs).size * 1.02);
  });

  test('does not tell where the file system keeps zeros', async () => {
    const content = { 0: text(MIB), [5 * MIB]: text(MIB) };
    const digests: string[] = [];
    for (const zeros of [{}, { [MIB]: Buffer.alloc(4 * MIB), [9 * MIB]: Buffer.alloc(MIB) }]) {
      const out = join(directory, 'zeros.vmdk');
      await writeStreamOptimizedVmdk(await makeDisk(20 * MIB, { ...content, ...zeros }), out, forVmware);
      digests.push(await sha256OfFile(out));
    }
    expect(digests[0]).toBe(digests[1]);
  });

  test('other content, another identifier', async () => {
    const ids: (string | undefined)[] = [];
    for (const byte of [1, 2]) {
      const out = join(directory, 'cid.vmdk');
      await writeStreamOptimizedVmdk(await makeDisk(MIB, { 0: Buffer.alloc(99, byte) }), out, forVmware);
      ids.push(/^CID=(.*)$/m.exec(walkVmdk(await readFile(out)).descriptor)?.[1]);
    }
    expect(ids[0]).toMatch(/^[0-9a-f]{8}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  test('leaves an older file alone, and nothing half done, when it is stopped or fails', async () => {
    const disk = await makeDisk(20 * MIB, { 0: text(20 * MIB) });
    const out = join(directory, 'stop.vmdk');
    writeFileSync(out, 'older');
    const controller = new AbortController();
    const options = {
      ...forVmware,
      script,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    };
    await expect(writeStreamOptimizedVmdk(disk, out, options)).rejects.toThrow('enough');
    const gone = { ...disk, path: join(directory, 'gone.raw') };
    await expect(writeStreamOptimizedVmdk(gone, out, { ...forVmware, workers: 2, script })).rejects.toThrow(
      'gone.raw',
    );
    fillDiskFor('stop.vmdk');
    await expect(writeStreamOptimizedVmdk(disk, out, forVmware)).rejects.toMatchObject({ code: 'ENOSPC' });
    const none = { ...disk, virtualSizeBytes: 0, ranges: [] };
    await expect(writeStreamOptimizedVmdk(none, out, forVmware)).rejects.toMatchObject({
      code: 'E_VMDK_SIZE',
    });
    expect(readFileSync(out, 'utf8')).toBe('older');
    expect(leftovers()).toEqual([]);
  });
});

const machine: OvfMachine = {
  name: 'small-26.11.21-1.1',
  osType: 'otherLinux64Guest',
  cpus: 1,
  memoryMiB: 256,
  firmware: 'efi',
  scsi: 'pvscsi',
  nic: 'vmxnet3',
  product: { name: 'Small & "simple" <disk>', version: '26.11.21-1.1' },
};

/** Members of an archive, as tar lists them: name, size, and the block at which the header stands. */
function tarMembers(archive: string): { name: string; size: number; block: number }[] {
  const listing = execFileSync('tar', ['tvRf', archive, '--numeric-owner'], { encoding: 'utf8' });
  return Array.from(
    listing.matchAll(/^block (\d+): -rw-r--r-- 0\/0 +(\d+) \S+ \S+ (.*)$/gm),
    ([, block, size, name]) => ({ name: name ?? '', size: Number(size), block: Number(block) }),
  );
}

describeHost('writeOva', () => {
  let options: WriteOvaOptions;
  beforeAll(() => {
    options = { machine, modifiedSeconds: 1_763_700_000, workers: 2, script };
  });

  test.each<[string, number, () => Record<number, Buffer>]>([
    ['nothing but zeros', MIB, () => ({})],
    ['a size that is no multiple of a grain', 100 * KIB + 512, () => ({ [70 * KIB]: text(30 * KIB) })],
    ['all kinds in turn', 40 * MIB, () => ({ 0: mixed(500) })],
    ['data far apart in 40 GiB', 40 * GIB, () => ({ 0: mixed(3), [40 * GIB - 9]: text(9) })],
  ])('tar, sha256sum and qemu-img read it: %s', async (_title, size, data) => {
    const disk = await makeDisk(size, data());
    const out = join(directory, 'small.ova');
    const written = await writeOva(disk, out, options);
    const members = tarMembers(out);
    const [ovf, manifest, vmdk] = members;
    expect(members.map(({ name }) => name)).toEqual([
      'small-26.11.21-1.1.ovf',
      'small-26.11.21-1.1.mf',
      'small-26.11.21-1.1-disk1.vmdk',
    ]);
    expect(written.disk).toMatchObject({ name: vmdk?.name, sizeBytes: vmdk?.size });

    const inside = join(directory, 'extracted');
    rmSync(inside, { recursive: true, force: true });
    execFileSync('mkdir', [inside]);
    execFileSync('tar', ['-C', inside, '-xf', out]);
    const lines = readFileSync(join(inside, manifest?.name ?? ''), 'utf8')
      .trimEnd()
      .split('\n');
    const sums = lines.map((line) => line.replace(/^SHA256\((\S+)\)= ([0-9a-f]{64})$/, '$2  $1'));
    const check = { cwd: inside, input: sums.join('\n'), encoding: 'utf8' } as const;
    expect(execFileSync('sha256sum', ['--check', '--strict'], check)).toBe(
      `${ovf?.name}: OK\n${vmdk?.name}: OK\n`,
    );
    expect(lines[1]).toContain(written.disk.sha256);

    const xml = readFileSync(join(inside, ovf?.name ?? ''), 'utf8');
    expect(xml).toContain(`ovf:size="${vmdk?.size}"`);
    expect(xml).toContain(`ovf:capacity="${size}" ovf:capacityAllocationUnits="byte"`);
    const extracted = join(inside, vmdk?.name ?? '');
    const walked = walkVmdk(readFileSync(extracted));
    expect(walked.bytesAfterEnd).toBe(0);
    const beyond = walked.grains.some(({ number }) => (number + 1) * 64 * KIB > size);
    const populated = walked.grains.length * 64 * KIB - (beyond ? 64 * KIB - (size % (64 * KIB)) : 0);
    expect(xml).toContain(`ovf:populatedSize="${populated}"`);

    const inPlace = [
      'driver=vmdk,file.driver=raw',
      `file.offset=${((vmdk?.block ?? 0) + 1) * 512},file.size=${vmdk?.size}`,
      `file.file.driver=file,file.file.filename=${out}`,
    ].join(',');
    const source = `driver=raw,file.driver=file,file.filename=${disk.path}`;
    expect(qemuImg('compare', '--image-opts', source, inPlace)).toMatch(/Images are identical/);
    expect(statSync(out).size % 10_240).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  test('the OVF is well formed, and values come back as they were', async () => {
    const out = join(directory, 'xml.ova');
    await writeOva(await makeDisk(MIB, {}), out, options);
    const ovf = execFileSync('tar', ['-xOf', out, `${machine.name}.ovf`]);
    if (hasXmllint) execFileSync('xmllint', ['--noout', '-'], { input: ovf });
    const program = `import sys, xml.etree.ElementTree as tree
ns = '{http://schemas.dmtf.org/ovf/envelope/1}'
root = tree.parse(sys.stdin.buffer).getroot()
print(root.tag, root.find(f'.//{ns}Product').text, root.find(f'.//{ns}Disk').get(ns + 'capacity'), sep='|')`;
    expect(execFileSync('python3', ['-c', program], { input: ovf, encoding: 'utf8' }).trim()).toBe(
      `{http://schemas.dmtf.org/ovf/envelope/1}Envelope|${machine.product?.name}|${MIB}`,
    );
  });

  test('gives the same bytes whatever the number of threads, and holds the very VMDK', async () => {
    const disk = await makeDisk(30 * MIB, { 0: mixed(300) });
    const digests: string[] = [];
    for (const workers of [0, 1, 3]) {
      const out = join(directory, 'same.ova');
      await writeOva(disk, out, { ...options, workers });
      digests.push(await sha256OfFile(out));
    }
    expect(new Set(digests).size).toBe(1);
    const alone = join(directory, 'alone.vmdk');
    await writeStreamOptimizedVmdk(disk, alone, { ...forVmware, workers: 0 });
    const inside = execFileSync('tar', ['-xOf', join(directory, 'same.ova'), `${machine.name}-disk1.vmdk`], {
      maxBuffer: 64 * MIB,
    });
    expect(createHash('sha256').update(inside).digest('hex')).toBe(await sha256OfFile(alone));
  });

  test('leaves an older file alone, and nothing half done, when it is stopped at any time', async () => {
    const disk = await makeDisk(8 * MIB, { 0: text(8 * MIB) });
    const out = join(directory, 'stop.ova');
    writeFileSync(out, 'older');
    for (const share of [0.1, 1]) {
      const controller = new AbortController();
      const onProgress = (done: number, total: number): void => {
        if (done >= share * total) controller.abort(new Error('enough'));
      };
      const stopped = writeOva(disk, out, { ...options, signal: controller.signal, onProgress });
      await expect(stopped).rejects.toThrow('enough');
    }
    fillDiskFor('stop.ova');
    await expect(writeOva(disk, out, options)).rejects.toMatchObject({ code: 'ENOSPC' });
    const impossible = { ...options, machine: { ...machine, memoryMiB: 1 } };
    await expect(writeOva(disk, out, impossible)).rejects.toMatchObject({ code: 'E_OVF_MACHINE' });
    expect(readFileSync(out, 'utf8')).toBe('older');
    expect(leftovers()).toEqual([]);
  });
});
