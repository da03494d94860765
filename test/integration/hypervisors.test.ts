import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ReleaseManifest } from '../../src/manifests/release.ts';
import { compileWhenStale } from './compiled-cli.ts';
import { FIXED_ARGUMENTS, Lab, whyNoLab } from './lab.ts';
import { leftoversOf, servedFaults } from './lab-state.ts';

const reason = whyNoLab();
const describeLab = reason === undefined ? describe : describe.skip;
if (reason !== undefined) process.stderr.write(`skipped: hypervisors in the lab, because ${reason}\n`);

const BUILD_MS = 120_000;
const EVERY = ['os:debian-13', 'target:kvm', 'target:xenserver', 'target:vmware', 'target:hyperv'];

describeLab('every hypervisor from one build', () => {
  let lab: Lab;
  beforeAll(() => {
    compileWhenStale();
    lab = Lab.make();
  }, 120_000);
  beforeEach(() => lab.tellNothing());
  afterAll(() => lab.remove());

  const profile = (targets: object = {}): void =>
    lab.writeProfile({ extends: EVERY, packages: { kernel: 'linux-image-amd64' }, targets });
  const newest = (): { directory: string; release: ReleaseManifest } => {
    const directory = join(lab.catalogue, 'latest/lab');
    return { directory, release: JSON.parse(readFileSync(join(directory, 'release.json'), 'utf8')) };
  };

  test(
    'is one release with five artifacts of one disk',
    async () => {
      lab.provision('');
      profile();
      const { exitCode, stderr, stdout } = await lab.build();
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('4 targets') });
      const { directory, release } = newest();
      expect(
        release.artifacts.map(({ target, file }) => `${target} ${file.replace(/^.*_x86_64-/, '')}`),
      ).toEqual([
        'kvm kvm.qcow2',
        'xenserver xenserver.vhd.bz2',
        'vmware vmware.ova',
        'hyperv hyperv.vhd.zip',
        'hyperv hyperv.vhdx.zip',
      ]);
      expect(new Set(release.artifacts.map(({ virtualSizeBytes }) => virtualSizeBytes)).size).toBe(1);
      expect(release).not.toHaveProperty('skipped');
      for (const { file, outer, uncompressed } of release.artifacts) {
        const unpack: Readonly<Record<string, readonly string[]>> = {
          bz2: ['bzip2', '-dc'],
          zip: ['unzip', '-p'],
        };
        const [command, ...args] = unpack[outer ?? ''] ?? ['cat'];
        const options = { maxBuffer: 2 ** 30 };
        const bytes = execFileSync(command ?? '', [...args, join(directory, file)], options);
        if (uncompressed) expect(bytes.length).toBe(uncompressed.sizeBytes);
        else expect(outer).toBeUndefined();
      }
      execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: directory });
      expect(JSON.parse(stdout)).toMatchObject({ artifacts: { length: 5 } });
      expect([...(await leftoversOf(lab)), ...servedFaults(lab)]).toEqual([]);
    },
    BUILD_MS,
  );

  test(
    'the same disk gives the same images in another build',
    async () => {
      const before = imagesOf(newest().release);
      profile();
      expect(await lab.build(['--set', 'line=again'])).toMatchObject({ exitCode: 0 });
      const path = join(lab.catalogue, 'latest/again/release.json');
      expect(imagesOf(JSON.parse(readFileSync(path, 'utf8')))).toEqual(before);
    },
    BUILD_MS,
  );

  test(
    'an artifact that may be missing is left out, and the release says why',
    async () => {
      lab.provision('another disk\n');
      profile({ xenserver: { missing: 'skip' } });
      lab.tell('lbzip2', 'start', 'fail 9');
      const { exitCode, stderr } = await lab.build();
      expect({ exitCode, stderr }).toEqual({
        exitCode: 0,
        stderr: expect.stringContaining('xenserver vhd is left out: lbzip2'),
      });
      const { directory, release } = newest();
      expect(release.skipped).toEqual([
        { target: 'xenserver', format: 'vhd', reason: expect.stringMatching(/^lbzip2 /) },
      ]);
      expect(release.artifacts).toHaveLength(4);
      expect(readdirSync(directory).filter((name) => /xenserver|^\./.test(name))).toEqual([]);
    },
    BUILD_MS,
  );

  test(
    'one that must not ends the build, and the others with it; the run goes on where that was',
    async () => {
      profile();
      const before = newest().release.version.long;
      lab.tell('lbzip2', 'start', 'fail 9');
      const { exitCode, stdout } = await lab.build();
      expect({ exitCode, document: JSON.parse(stdout) }).toMatchObject({
        exitCode: 5,
        document: { error: { evidence: { stage: 'convert' } } },
      });
      expect(newest().release.version.long).toBe(before);
      lab.tellNothing();
      const resumed = await lab.resume();
      expect({ exitCode: resumed.exitCode, stderr: resumed.stderr }).toEqual({
        exitCode: 0,
        stderr: expect.stringMatching(/finish +skipped: done before/),
      });
      expect(newest().release.artifacts).toHaveLength(5);
    },
    BUILD_MS,
  );

  test(
    'one that is too large ends the build even then, and says what the disk is made of',
    async () => {
      const other = Lab.make();
      try {
        const large = join(other.directory, 'archive/tree/opt/large');
        mkdirSync(large, { recursive: true });
        writeFileSync(join(large, 'noise'), noise(2_000_000));
        other.writeProfile({
          extends: EVERY,
          packages: { kernel: 'linux-image-amd64' },
          targets: { vmware: { sizeBudgetMiB: 1, missing: 'skip' } },
        });
        const { exitCode, stdout, stderr } = await other.build();
        expect({ exitCode, document: JSON.parse(stdout), stderr }).toMatchObject({
          exitCode: 7,
          document: {
            error: {
              code: 'E_SIZE_BUDGET',
              facts: { packages: expect.arrayContaining([expect.stringContaining('openssh-server')]) },
              evidence: {
                directories: expect.arrayContaining([{ name: '/opt/large', sizeBytes: 2_000_000 }]),
              },
            },
          },
          stderr: expect.stringMatching(/directories +1\.9 MiB {2}\/opt/),
        });
      } finally {
        other.remove();
      }
    },
    BUILD_MS,
  );

  test(
    'a guest without its drivers is refused before anything is converted',
    async () => {
      const other = Lab.make();
      try {
        const tree = join(other.directory, 'archive/tree/lib/modules/6.12.1-lab');
        execFileSync('rm', [join(tree, 'vmxnet3.ko')]);
        other.writeProfile({ extends: EVERY, packages: { kernel: 'linux-image-amd64' } });
        const { exitCode, stdout } = await other.command([
          'build',
          '--profile',
          other.profile,
          ...FIXED_ARGUMENTS,
        ]).done;
        expect({ exitCode, document: JSON.parse(stdout) }).toMatchObject({
          exitCode: 7,
          document: { error: { code: 'E_GUEST_DRIVERS', details: ['vmware: vmxnet3 is missing'] } },
        });
      } finally {
        other.remove();
      }
    },
    BUILD_MS,
  );
});

/** Bytes that no format makes smaller, the same each time. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

/** Digests of the images, out of what is around them. An OVA tells the template's name, so it is left out. */
function imagesOf({ artifacts }: ReleaseManifest): [string, string][] {
  return artifacts
    .filter(({ format }) => format !== 'ova')
    .map(({ target, format, sha256, uncompressed }) => [
      `${target} ${format}`,
      uncompressed?.sha256 ?? sha256,
    ]);
}
