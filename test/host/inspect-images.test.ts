import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/host/clock.ts';
import { requireConvertible } from '../../src/workflows/convertible-image.ts';
import { inspectFile, inspectImage } from '../../src/workflows/inspect-image.ts';
import { sampleQcow2 } from '../unit/inspection/sample-qcow2.ts';

const missing = spawnSync('qemu-img', ['--version']).error !== undefined;
if (missing) process.stderr.write('skipped: inspecting images of qemu-img, which is not installed\n');
const describeHost = missing ? describe.skip : describe;

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const options = { clock: systemClock, deep: true };
let directory: string;

beforeAll(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'mintmark-inspect-')));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const qemuImg = (...args: string[]): string =>
  execFileSync('qemu-img', args, { encoding: 'utf8', stdio: 'pipe' });
const at = (name: string): string => join(directory, name);

/** A raw disk: random data, text and zeros in turn at its start, a little in its middle and at its end. */
async function makeRaw(name: string, size: number): Promise<string> {
  const handle = await open(at(name), 'w');
  await handle.truncate(size);
  const piece = Buffer.concat([
    randomBytes(70 * KIB),
    Buffer.alloc(90 * KIB, 'text '),
    Buffer.alloc(64 * KIB),
  ]);
  const places = [0, 300 * KIB, Math.floor(size / 2 / 512) * 512, size - piece.length];
  for (const place of places.filter((offset) => offset >= 0 && offset + piece.length <= size)) {
    await handle.write(piece, 0, piece.length, place);
  }
  await handle.close();
  return at(name);
}

/** Faults of an image that `qemu-img convert` makes of a raw disk. */
async function faultsOfConverted(raw: string, format: string, more: readonly string[]): Promise<string[]> {
  const out = at(`out.${format}`);
  qemuImg('convert', '-f', 'raw', '-O', format, ...more, raw, out);
  const report = await inspectFile(out, options);
  return report.faults.map(({ kind, field, message }) => `${kind}: ${field} ${message}`);
}

describeHost('images of qemu-img', () => {
  const sizes = [5 * MIB, 8 * MIB + 512, 100 * KIB + 512, 200 * GIB];

  test.each<[string, string, string[]]>([
    ['qcow2', 'qcow2', []],
    ['qcow2 for old hosts', 'qcow2', ['-o', 'compat=0.10']],
    ['compressed qcow2', 'qcow2', ['-c']],
    ['zstd', 'qcow2', ['-c', '-o', 'compression_type=zstd']],
    ['small clusters', 'qcow2', ['-o', 'cluster_size=4k']],
    ['extended L2 entries', 'qcow2', ['-o', 'extended_l2=on']],
    ['refcounts of one bit', 'qcow2', ['-o', 'refcount_bits=1']],
    ['refcounts of 64 bits', 'qcow2', ['-o', 'refcount_bits=64']],
    ['dynamic VHD', 'vpc', []],
    ['VHDX', 'vhdx', []],
    ['VHDX with blocks of 1 MiB', 'vhdx', ['-o', 'block_size=1M']],
    ['monolithicSparse', 'vmdk', []],
  ])('%s: nothing is wrong with it, whatever its size', async (_title, format, more) => {
    for (const size of sizes) {
      const raw = await makeRaw('disk.raw', size);
      expect(await faultsOfConverted(raw, format, more)).toEqual([]);
    }
  });

  test('streamOptimized does not end with its marker, which is what vSphere stumbles over', async () => {
    for (const size of sizes) {
      const faults = await faultsOfConverted(await makeRaw('disk.raw', size), 'vmdk', [
        '-o',
        'subformat=streamOptimized',
      ]);
      expect(faults).toEqual([
        // Zeros fill up the last grain, unless it is full.
        expect.stringMatching(/^rule: end-of-stream marker is (?:followed by \d+ more bytes|missing)/),
      ]);
    }
  });

  test.each([
    ['dynamic', ['-o', 'force_size=on']],
    ['fixed', ['-o', 'subformat=fixed,force_size=on']],
  ])(
    'a %s VHD of exact size has a geometry that is too large, which is what XenServer stumbles over',
    async (_kind, more) => {
      const faults = await faultsOfConverted(await makeRaw('disk.raw', 5 * MIB), 'vpc', more);
      expect(faults).toEqual([expect.stringMatching(/^rule: disk geometry is 65535\/16\/255, larger than/)]);
    },
  );

  test('a snapshot is told, and its clusters are counted', async () => {
    const raw = await makeRaw('disk.raw', 5 * MIB);
    qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, at('snapshot.qcow2'));
    qemuImg('snapshot', '-c', 'one', at('snapshot.qcow2'));
    const { faults } = await inspectFile(at('snapshot.qcow2'), options);
    expect(faults.map(({ field }) => field)).toEqual(['nb_snapshots']);
  });
});

/** A qcow2 file with a backing file of some name. */
function overlay(name: string, backing: string, format: string | null = 'qcow2'): string {
  writeFileSync(
    at(name),
    sampleQcow2({ backing: { name: backing, ...(format === null ? {} : { format }) } }),
  );
  return at(name);
}

describe('backing chains', () => {
  test('are followed by plain names within the directory, each in its stated format', async () => {
    writeFileSync(at('raw.img'), sampleQcow2());
    overlay('low.qcow2', 'raw.img', 'raw');
    const top = await inspectImage(overlay('top.qcow2', 'low.qcow2'), options);
    expect(top.chain.map(({ name, report }) => [name, report.format])).toEqual([
      ['low.qcow2', 'qcow2'],
      // Said to be raw, so it is, whatever it looks like.
      ['raw.img', 'raw'],
    ]);
    expect(top.chainFaults.filter(({ kind }) => kind === 'damage')).toEqual([]);
    expect(requireConvertible(top)).toEqual({ name: `file:${at('top.qcow2')}`, format: 'qcow2' });
  });

  test.each<[string, () => string, RegExp]>([
    ['itself', () => overlay('self.qcow2', 'self.qcow2'), /leads back to .*self.qcow2: a cycle/],
    [
      'a link to itself',
      () => {
        symlinkSync(at('linked.qcow2'), at('link.qcow2'));
        return overlay('linked.qcow2', 'link.qcow2');
      },
      /a cycle/,
    ],
    [
      'one that leads back',
      () => {
        overlay('b.qcow2', 'a.qcow2');
        return overlay('a.qcow2', 'b.qcow2');
      },
      /a cycle/,
    ],
    [
      'an absolute name',
      () => overlay('absolute.qcow2', '/etc/passwd', 'raw'),
      /"\/etc\/passwd" is absolute: not followed/,
    ],
    [
      'a name that leads out',
      () => overlay('out.qcow2', '../../etc/passwd', 'raw'),
      /leads out of|cannot be read/,
    ],
    [
      'a link that leads out',
      () => {
        symlinkSync('/etc/passwd', at('innocent.img'));
        return overlay('tricky.qcow2', 'innocent.img', 'raw');
      },
      /leads out of/,
    ],
    ['JSON', () => overlay('json.qcow2', 'json:{"driver":"nbd"}', 'raw'), /has the protocol \\?"json\\?"/],
    ['a server', () => overlay('nbd.qcow2', 'nbd://localhost/x', 'raw'), /has the protocol \\?"nbd\\?"/],
    ['a guess', () => overlay('guess.qcow2', 'raw.img', null), /has the format "": not followed/],
    ['another format', () => overlay('vmdk.qcow2', 'raw.img', 'vmdk'), /has the format "vmdk": not followed/],
    ['nothing', () => overlay('gone.qcow2', 'gone.img'), /gone.img cannot be read/],
    [
      'a directory',
      () => {
        mkdirSync(at('directory'));
        return overlay('dir.qcow2', 'directory');
      },
      /directory is no regular file/,
    ],
    [
      'one too deep',
      () => {
        for (let level = 0; level < 12; level += 1) overlay(`deep${level}.qcow2`, `deep${level + 1}.qcow2`);
        return at('deep0.qcow2');
      },
      /more than 8 images deep/,
    ],
  ])('to %s is refused', async (_title, build, message) => {
    const image = await inspectImage(build(), options);
    expect(image.chainFaults.map((fault) => fault.message)).toContainEqual(expect.stringMatching(message));
    expect(image.chain.length).toBeLessThanOrEqual(8);
    expect(() => requireConvertible(image)).toThrow(
      expect.objectContaining({ code: 'E_IMAGE_NOT_CONVERTIBLE', message: expect.stringMatching(message) }),
    );
  });

  test('an external data file is never opened, and forbids to convert', async () => {
    writeFileSync(at('data.qcow2'), sampleQcow2({ dataFile: '/etc/shadow' }));
    const image = await inspectImage(at('data.qcow2'), options);
    expect(image.chain).toEqual([]);
    expect(() => requireConvertible(image)).toThrow(/cannot be converted: .*data file|L2|cluster/);
  });

  test.each([
    ['compressed.gz', Buffer.from('1f8b08', 'hex'), /it is gzip: unpack/],
    [
      'descriptor.vmdk',
      Buffer.from('# Disk DescriptorFile\nRW 1 FLAT "/etc/shadow" 0\n'),
      /it needs the extent/,
    ],
    ['damaged.qcow2', sampleQcow2().subarray(0, 20_000), /is cut off|outside/],
  ])('%s cannot be converted', async (name, bytes, message) => {
    writeFileSync(at(name), bytes);
    const image = await inspectImage(at(name), options);
    expect(() => requireConvertible(image)).toThrow(message);
  });

  test('what is no file is refused at once', async () => {
    const refused = { code: 'E_IMAGE_UNREADABLE', kind: 'usage' };
    await expect(inspectImage(at('nowhere'), options)).rejects.toMatchObject(refused);
    await expect(inspectImage(directory, options)).rejects.toMatchObject(refused);
    execFileSync('mkfifo', [at('pipe')]);
    await expect(inspectImage(at('pipe'), options)).rejects.toMatchObject(refused);
    await expect(inspectImage('/dev/null', options)).rejects.toMatchObject(refused);
  });

  test('stops when it is told to', async () => {
    writeFileSync(at('stop.qcow2'), sampleQcow2());
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(inspectImage(at('stop.qcow2'), { ...options, signal })).rejects.toThrow('enough');
  });
});
