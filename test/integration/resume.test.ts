import { appendFileSync, existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compileWhenStale, type CliResult } from './compiled-cli.ts';
import { inCopy, makeScene, type Scene } from './kill-checks.ts';
import { whyNoLab, type Lab } from './lab.ts';
import { allocationsOf, cacheFaults, leftoversOf, servedFaults } from './lab-state.ts';

const reason = whyNoLab();
const describeLab = reason === undefined ? describe : describe.skip;
if (reason !== undefined) process.stderr.write(`skipped: resuming, because ${reason}\n`);

const CASE_MS = 120_000;

/** Builds that were killed so far. */
let kills = 0;

/** Where our process stands when a release is about to appear. */
const HELD_CHANGE = '/catalogue/releases/lab/';

interface KilledBuild {
  readonly hold: readonly [tool: string, point: string];
  /** Stages that need not be done again. */
  readonly kept: readonly string[];
  readonly cold?: readonly 'bases'[];
  readonly because: string;
}

const KILLED: readonly KilledBuild[] = [
  { hold: ['mmdebstrap', 'start'], kept: [], cold: ['bases'], because: 'inside base' },
  { hold: ['ssh-keygen', 'start'], kept: [], because: 'after base, which the cache has, too' },
  { hold: ['packer', 'provision'], kept: [], because: 'inside packer' },
  { hold: ['qemu-img', 'convert'], kept: ['base', 'packer'], because: 'after packer' },
  { hold: ['virt-sparsify', 'end'], kept: ['base', 'packer'], because: 'inside finish' },
  {
    hold: ['qemu-img', 'check'],
    kept: ['base', 'packer', 'finish'],
    because: 'after finish, inside convert',
  },
  {
    hold: ['zstd', 'start'],
    kept: ['base', 'packer', 'finish', 'convert'],
    because: 'after convert, inside stamp',
  },
  {
    hold: ['mintmark', 'change'],
    kept: ['base', 'packer', 'finish', 'convert'],
    because: 'after stamp, inside catalogue',
  },
];

describeLab('--resume', () => {
  let scene: Scene;
  beforeAll(async () => {
    compileWhenStale();
    scene = await makeScene();
  }, 240_000);
  afterAll(() => {
    scene.lab.remove();
    process.stdout.write(`\n${kills} kills were gone on with\n`);
  });

  const inLab = (cold: readonly 'bases'[], action: (lab: Lab) => Promise<void>): Promise<void> =>
    inCopy(scene, cold, ({ lab }) => action(lab));

  describe.each(['SIGKILL', 'SIGTERM'] as const)('after %s', (signal) => {
    test.each(KILLED.filter(({ hold }) => signal === 'SIGKILL' || hold[0] !== 'mintmark'))(
      '$because, goes on and does not repeat $kept',
      async ({ hold, kept, cold = [] }) => {
        await inLab(cold, async (lab) => {
          await killBuild(lab, hold, signal, ['--date', ANOTHER_DAY]);
          const result = await lab.resume();
          expect(skippedIn(lab, result)).toEqual(kept);
          expect(longOf(result)).toBe(`${ANOTHER_DAY.slice(2).replaceAll(/-0?/g, '.')}-1.2`);
          expect(allocationsOf(lab)[2]).toBe('released');
          expect(existsSync(join(lab.catalogue, 'failed/lab', longOf(result)))).toBe(false);
          expect([...(await leftoversOf(lab)), ...servedFaults(lab), ...cacheFaults(lab)]).toEqual([]);
        });
      },
      CASE_MS,
    );
  });

  test.each([
    { file: 'base/base.qcow2', again: 'base', because: 'the cache has the very same one' },
    { file: 'output/disk.qcow2', again: 'packer', because: 'no provisioner ran on this disk' },
    { file: 'disk.raw', again: 'finish', because: 'nobody knows what is on it' },
    { file: 'release', again: 'convert', because: 'nobody knows what is in it' },
  ])(
    'does $again again when $file is damaged: $because',
    async ({ file, again }) => {
      await inLab([], async (lab) => {
        await killBuild(lab, ['zstd', 'start'], 'SIGKILL');
        damage(join(runOf(lab), file));
        const skipped = skippedIn(lab, await lab.resume());
        const stages = ['base', 'packer', 'finish', 'convert'];
        expect(skipped).not.toContain(again);
        expect(skipped).toEqual(expect.arrayContaining(stages.slice(0, stages.indexOf(again))));
        expect([...(await leftoversOf(lab)), ...servedFaults(lab)]).toEqual([]);
      });
    },
    CASE_MS,
  );

  test(
    'a failed provisioner leaves nothing large, and with --keep-failed its disk',
    async () => {
      await inLab([], async (lab) => {
        lab.tell('packer', 'provision', 'fail 1');
        expect((await lab.build()).exitCode).toBe(5);
        expect(existsSync(join(runOf(lab), 'output'))).toBe(false);
        const kept = await lab.build(['--keep-failed']);
        const disk = join(runOf(lab), 'output/disk.qcow2');
        expect(statSync(disk).size).toBeGreaterThan(0);
        expect(kept.stderr).toContain(`-a ${disk}`);
        lab.tellNothing();
        expect((await lab.resume()).exitCode).toBe(0);
      });
    },
    CASE_MS,
  );

  test(
    'a profile that has changed since is built anew',
    async () => {
      await inLab([], async (lab) => {
        await killBuild(lab, ['zstd', 'start'], 'SIGKILL');
        lab.writeProfile({ disk: { sizeMiB: 640 } });
        const { exitCode, stderr } = await lab.resume();
        expect({ exitCode, stderr }).toEqual({
          exitCode: 6,
          stderr: expect.stringContaining('has changed since'),
        });
      });
    },
    CASE_MS,
  );

  test(
    'runs that cannot be gone on with are told apart',
    async () => {
      await inLab([], async (lab) => {
        const none = await lab.resume();
        expect({ ...none }).toMatchObject({
          exitCode: 2,
          stderr: expect.stringContaining('can be gone on with'),
        });
        const unknown = await lab.resume(['nothing-like-it']);
        expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is no run') });
        const done = await lab.resume([readdirSync(lab.runs)[0] ?? '']);
        expect(done).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('is done') });
        lab.tell('packer', 'provision', 'pause');
        const running = lab.start();
        await lab.untilPaused('packer', 'provision', running);
        const alive = await lab.resume([readdirSync(lab.runs).at(-1) ?? '']);
        running.child.kill('SIGKILL');
        await running.done;
        expect(alive).toMatchObject({
          exitCode: 6,
          stderr: expect.stringContaining('is being built by process'),
        });
      });
    },
    CASE_MS,
  );
});

/** Not today: a resumed run keeps the day on which it was planned. */
const ANOTHER_DAY = '2099-02-03';

async function killBuild(
  lab: Lab,
  hold: readonly [tool: string, point: string],
  signal: NodeJS.Signals,
  args: readonly string[] = [],
): Promise<void> {
  lab.tell(...hold, 'pause');
  const running = lab.start(args, hold[0] === 'mintmark' ? { holdAt: HELD_CHANGE } : {});
  await lab.untilPaused(...hold, running);
  running.child.kill(signal);
  kills += 1;
  await running.done;
  lab.tellNothing();
}

/** The run that was begun last. */
function runOf(lab: Lab): string {
  const runs = readdirSync(lab.runs).map((name) => join(lab.runs, name));
  return runs.toSorted((a, b) => statSync(b).birthtimeMs - statSync(a).birthtimeMs)[0] ?? '';
}

function damage(path: string): void {
  const file = statSync(path).isDirectory() ? join(path, readdirSync(path).find(isArtifact) ?? '') : path;
  const data = readFileSync(file);
  rmSync(file);
  data[Math.floor(data.length / 2)] = (data[Math.floor(data.length / 2)] ?? 0) ^ 1;
  appendFileSync(file, data);
}

function isArtifact(name: string): boolean {
  return name.endsWith('.qcow2');
}

/** Stages that the last build did not repeat. */
function skippedIn(lab: Lab, { exitCode, stderr }: CliResult): string[] {
  if (exitCode !== 0) throw new Error(`it could not go on\n${stderr}`);
  return [...readFileSync(lab.events, 'utf8').matchAll(/"type":"stage-skipped","stage":"(\w+)"/g)].map(
    (match) => match[1] ?? '',
  );
}

function longOf({ stdout }: CliResult): string {
  return /"long":"([^"]+)"/.exec(stdout)?.[1] ?? '';
}
