import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, truncateSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { imageSuffix, openArtifact, type TestedArtifact } from '../../../src/workflows/tested-artifact.ts';
import { scriptedContext } from './scripted-runner.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('artifact');
const MIB = 1024 ** 2;
const hasQemu = spawnSync('qemu-img', ['--version']).error === undefined;
if (!hasQemu) process.stderr.write('skipped: artifacts, because qemu-img is not installed\n');
const describeHost = hasQemu ? describe : describe.skip;

function makeImage(driver: string, name: string): string {
  const path = scratch.join(name);
  execFileSync('qemu-img', ['create', '-q', '-f', driver, path, '8M']);
  return path;
}

function open(path: string): Promise<TestedArtifact> {
  const { context } = scriptedContext(scratch.path, {});
  return openArtifact({ path, target: 'kvm' }, scratch.join('work'), context);
}

async function packed(path: string, times = 1): Promise<string> {
  let data: Buffer = readFileSync(path);
  for (let time = 0; time < times; time += 1) data = gzipSync(data);
  return scratch.write('disk.img.gz', data);
}

describeHost('openArtifact', () => {
  test.each([
    { driver: 'qcow2', format: 'qcow2' },
    { driver: 'vpc', format: 'vhd' },
    { driver: 'vmdk', format: 'vmdk' },
    { driver: 'vhdx', format: 'vhdx' },
  ])('a $format is read by QEMU as $driver', async ({ driver, format }) => {
    const path = makeImage(driver, 'disk.img');
    const artifact = await open(path);
    expect(artifact).toMatchObject({ path, target: 'kvm', file: 'disk.img', format, isUnpacked: false });
    expect(artifact.virtualSizeBytes).toBeGreaterThanOrEqual(8 * MIB);
    expect(artifact.imageOptions).toContain(`driver=${driver}`);
    expect(artifact.imageOptions).toContain(path);
  });

  test('of a file that is packed, QEMU reads what was in it, and people its name', async () => {
    const path = await packed(makeImage('qcow2', 'disk.img'));
    const artifact = await open(path);
    expect(artifact).toMatchObject({ path, file: 'disk.img.gz', format: 'qcow2', isUnpacked: true });
    expect(artifact.imageOptions).toContain(scratch.join('work/unpacked.img'));
  });

  test('what is packed twice is refused', async () => {
    const path = await packed(makeImage('qcow2', 'disk.img'), 2);
    await expect(open(path)).rejects.toMatchObject({
      code: 'E_IMAGE_NOT_CONVERTIBLE',
      message: `${path} is a compressed file in a compressed file`,
    });
  });

  test.each([{ times: 0 }, { times: 1 }])(
    'an unsound image is refused by the name people know, packed $times times',
    async ({ times }) => {
      const inner = makeImage('qcow2', 'disk.img');
      truncateSync(inner, 70_000);
      const path = times === 0 ? inner : await packed(inner);
      await expect(open(path)).rejects.toMatchObject({
        kind: 'image-test',
        message: expect.stringContaining(path),
      });
    },
  );

  test('an image that leads to another file is refused', async () => {
    const path = makeImage('qcow2', 'disk.img');
    execFileSync('qemu-img', [
      'create',
      '-q',
      '-f',
      'vmdk',
      '-o',
      'subformat=monolithicFlat',
      `${path}.vmdk`,
      '8M',
    ]);
    await expect(open(`${path}.vmdk`)).rejects.toMatchObject({
      kind: expect.stringMatching(/image-test|usage/),
    });
  });

  test('bytes that are nothing else are a raw disk', async () => {
    const path = await scratch.write('disk.raw', randomBytes(MIB));
    await expect(open(path)).resolves.toMatchObject({ format: 'raw', virtualSizeBytes: MIB });
  });
});

test.each([
  { path: '/r/server_26.11.21-1.1_x86_64-kvm.qcow2', suffix: 'qcow2' },
  { path: '/r/x-xenserver.vhd.bz2', suffix: 'vhd.bz2' },
  { path: 'X.VHDX.ZIP', suffix: 'vhdx.zip' },
  { path: '/r.qcow2/disk', suffix: 'image' },
  { path: 'notes.tar.gz', suffix: 'image' },
])('$path ends in $suffix', ({ path, suffix }) => {
  expect(imageSuffix(path)).toBe(suffix);
});
