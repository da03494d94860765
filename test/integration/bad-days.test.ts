import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reserve } from '../../src/workflows/allocate-version.ts';
import { parseIsoDate } from '../../src/values/calendar-date.ts';
import { compileWhenStale, type CliResult } from './compiled-cli.ts';
import {
  faultsAfterKill,
  faultsOfNextBuild,
  inCopy,
  makeScene,
  reportFaults,
  type Scene,
} from './kill-checks.ts';
import { whyNoLab, type Lab } from './lab.ts';
import { allocationsOf, cacheFaults, leftoversOf, servedFaults } from './lab-state.ts';

const reason = whyNoLab();
const describeLab = reason === undefined ? describe : describe.skip;
if (reason !== undefined) process.stderr.write(`skipped: bad days, because ${reason}\n`);

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('skipped: full disks, because only root may mount small ones\n');

const CASE_MS = 180_000;

describeLab('a bad day', () => {
  let scene: Scene;
  beforeAll(async () => {
    compileWhenStale();
    scene = await makeScene();
  }, 240_000);
  afterAll(() => scene.lab.remove());

  const inLab = (action: (lab: Lab, copy: Scene) => Promise<void>): Promise<void> =>
    inCopy(scene, [], (copy) => action(copy.lab, copy));

  test(
    'twenty allocations at once get twenty numbers',
    async () => {
      await inLab(async (lab) => {
        const date = parseIsoDate('2027-01-31');
        if (!date) throw new Error('no date');
        const options = {
          date,
          policy: 'daily' as const,
          recipeDigest: 'a'.repeat(64),
          newCatalogue: false,
          ci: false,
        };
        const reserving = Array.from({ length: 20 }, () =>
          reserve(lab.catalogue, 'lab', { ...options, now: new Date() }),
        );
        const builds = (await Promise.all(reserving)).map(({ build }) => build);
        expect(builds.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
        expect(await leftoversOf(lab)).toEqual([]);
      });
    },
    CASE_MS,
  );

  test(
    'of two builds of one line at once, one is refused',
    async () => {
      await inLab(async (lab) => {
        const results = await Promise.all([
          lab.build(),
          lab.build(['--events', join(lab.directory, 'other.jsonl')]),
        ]);
        expect(new Set(results.map(({ exitCode }) => exitCode))).toEqual(new Set([0, 6]));
        expect(results.map(({ stderr }) => stderr).join('')).toContain('lab is being built by process');
        expect(allocationsOf(lab)).toEqual({ 1: 'released', 2: 'released' });
        expect([...(await leftoversOf(lab)), ...servedFaults(lab), ...cacheFaults(lab)]).toEqual([]);
      });
    },
    CASE_MS,
  );

  test(
    'two builds of one line at once that wait are two releases',
    async () => {
      await inLab(async (lab) => {
        const results = await Promise.all([
          lab.build(['--wait']),
          lab.build(['--wait', '--events', join(lab.directory, 'other.jsonl')]),
        ]);
        expect(results.map(({ exitCode, stderr }) => (exitCode === 0 ? 0 : stderr))).toEqual([0, 0]);
        expect(allocationsOf(lab)).toEqual({ 1: 'released', 2: 'released', 3: 'released' });
        expect([...(await leftoversOf(lab)), ...servedFaults(lab), ...cacheFaults(lab)]).toEqual([]);
      });
    },
    CASE_MS,
  );

  test.each([
    { file: 'base.qcow2', how: 'cut', because: 'a crash lost its end' },
    { file: 'base.qcow2', how: 'flipped', because: 'a disk lies' },
    { file: 'vmlinuz', how: 'flipped', because: 'every file counts' },
    { file: 'entry.json', how: 'cut', because: 'the entry itself may be hurt' },
  ])(
    'a cached $file that is $how is made again: $because',
    async ({ file, how }) => {
      await inLab(async (lab) => {
        const [key = ''] = readdirSync(join(lab.cache, 'bases'));
        damage(join(lab.cache, 'bases', key, file), how);
        const { exitCode, stderr } = await lab.build();
        expect({ exitCode, stderr }).toEqual({
          exitCode: 0,
          stderr: expect.stringMatching(/made: \d+ packages/),
        });
        expect([...(await leftoversOf(lab)), ...cacheFaults(lab)]).toEqual([]);
      });
    },
    CASE_MS,
  );

  test(
    'a clock that was set back a day makes no version before the last one',
    async () => {
      await inLab(async (lab, copy) => {
        const yesterday = new Date(Date.now() - 24 * 60 * 60_000).toISOString().slice(0, 10);
        const result = await lab.build(['--date', yesterday]);
        expect(reportFaults(result, 6, [/before|earlier|older/])).toEqual([]);
        expect(allocationsOf(lab)).toEqual({ 1: 'released' });
        expect([...(await faultsAfterKill(copy)), ...(await faultsOfNextBuild(copy))]).toEqual([]);
      });
    },
    CASE_MS,
  );

  const full = isRoot ? test : test.skip;
  full.each([
    { place: 'cache', kib: 100, because: 'not even the packages fit' },
    { place: 'cache', kib: 700, because: 'a base does not fit' },
    { place: 'state', kib: 40, because: 'the project does not fit' },
    { place: 'state', kib: 900, because: 'the copy of the base does not fit' },
    { place: 'state', kib: 2000, because: 'the disk does not fit' },
    { place: 'catalogue', kib: 8, because: 'nothing fits' },
    { place: 'catalogue', kib: 120, because: 'an artifact does not fit' },
  ])(
    'a full $place, $kib KiB, is told, and nothing is lost: $because',
    async ({ place, kib }) => {
      await inLab(async (lab, copy) => {
        if (place === 'cache') rmSync(join(lab.cache, 'bases'), { recursive: true });
        const result = await withSmallDisk(join(lab.directory, place), kib, () => lab.build());
        expect(reportFaults(result, 4, [/space/])).toEqual([]);
        expect([...(await faultsAfterKill(copy)), ...(await faultsOfNextBuild(copy))]).toEqual([]);
      });
    },
    CASE_MS,
  );
});

function damage(path: string, how: string): void {
  const bytes = readFileSync(path);
  const middle = Math.floor(bytes.length / 2);
  if (how === 'cut') return truncateSync(path, middle);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  writeFileSync(path, bytes);
}

/** Does something while a directory, with what is in it, lies on a disk that has only some room left. */
async function withSmallDisk(
  directory: string,
  freeKib: number,
  action: () => Promise<CliResult>,
): Promise<CliResult> {
  const aside = `${directory}.aside`;
  mkdirSync(directory, { recursive: true });
  call('cp', ['-a', directory, aside]);
  const usedKib = Number(call('du', ['-sk', aside]).split('\t')[0]);
  call('mount', ['-t', 'tmpfs', '-o', `size=${usedKib + freeKib}k`, 'tmpfs', directory]);
  try {
    call('cp', ['-a', `${aside}/.`, directory]);
    const result = await action();
    // What the build left is what the next one finds, on a disk with room.
    call('rm', ['-rf', aside]);
    call('cp', ['-a', directory, aside]);
    return result;
  } finally {
    call('umount', [directory]);
    call('cp', ['-a', `${aside}/.`, directory]);
    call('rm', ['-rf', aside]);
  }
}

function call(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}
