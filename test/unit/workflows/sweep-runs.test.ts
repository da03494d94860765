import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readProcessIdentity } from '../../../src/host/process-identity.ts';
import type { WorkflowEvent } from '../../../src/workflows/events.ts';
import { readRunState, RunDirectory, type StageRecord } from '../../../src/workflows/run-directory.ts';
import { removeStageLeftovers, sweepRuns } from '../../../src/workflows/sweep-runs.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('sweep');
const NOW = new Date();
const HOUR_MS = 3_600_000;
const DONE: StageRecord = { status: 'done', startedAt: NOW.toISOString() };
const events: WorkflowEvent[] = [];
const context = {
  get directories() {
    return { state: scratch.path, cache: scratch.join('cache') };
  },
  clock: { now: () => NOW },
  emit: (event: WorkflowEvent) => void events.push(event),
};

const FILES = [
  'base/base.qcow2',
  'output/disk.qcow2',
  'disk.raw',
  'disk.raw.sparse',
  'changelogs.tar.zst',
  'release/x.qcow2',
  'tmp/packer1',
  'build-key',
  'build-key.pub',
  'finish.cpio.gz',
  'vm/qmp.sock',
  'vm/qemu.pid',
  'vm/serial.log',
  't/key',
  't/key.pub',
  't/m0/overlay.qcow2',
  't/m0/qmp.sock',
  't/m0/serial.log',
  't/m0/screen.png',
  't/u0/unpacked.img',
  'packer.log',
];

/** A run with every file that one may hold. */
async function makeRun(status: 'running' | 'failed' | 'done' = 'failed'): Promise<RunDirectory> {
  const run = await RunDirectory.create(scratch.path, 'p', 'l', NOW);
  for (const name of FILES) {
    await mkdir(dirname(run.file(name)), { recursive: true });
    await writeFile(run.file(name), 'x'.repeat(8192));
  }
  await run.update({ status });
  return run;
}

/** A run that ended, and its process with it. */
async function makeEnded(status: 'failed' | 'done' = 'failed'): Promise<RunDirectory> {
  const run = await makeRun(status);
  await kill(run);
  return run;
}

async function filesOf(run: RunDirectory): Promise<string[]> {
  const names = await readdir(run.path, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile() && entry.name !== 'state.json')
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(run.path.length + 1))
    .toSorted();
}

async function age(run: RunDirectory, hours: number): Promise<void> {
  const then = new Date(NOW.getTime() - hours * HOUR_MS);
  await utimes(run.path, then, then);
}

/** Makes a run look as if its process had been killed: same host and boot, an id that cannot be. */
async function kill(run: RunDirectory): Promise<void> {
  const state = await readRunState(run.path);
  const owner = await readProcessIdentity();
  const text = JSON.stringify({ ...state, owner: { ...owner, startTicks: 1 } });
  await writeFile(run.file('state.json'), text);
}

const LOGS = ['packer.log', 't/m0/screen.png', 't/m0/serial.log', 'vm/serial.log'];

describe('what a failed run keeps', () => {
  test.each([
    { done: [], kept: [], because: 'the base is in the cache as well' },
    { done: ['base'], kept: [], because: 'the overlay of the failed stage is nothing to go on with' },
    { done: ['base', 'packer'], kept: ['base/base.qcow2', 'output/disk.qcow2'], because: 'finish can go on' },
    {
      done: ['base', 'packer', 'finish'],
      kept: ['base/base.qcow2', 'changelogs.tar.zst', 'disk.raw', 'output/disk.qcow2'],
      because: 'convert can go on',
    },
  ] as const)('after $done, because $because', async ({ done, kept }) => {
    const run = await makeRun();
    for (const stage of done) await run.recordStage(stage, DONE);
    await removeStageLeftovers(run);
    expect(await filesOf(run)).toEqual([...kept, ...LOGS].toSorted());
  });

  test('with the disk of the failed stage, when somebody wants to look at it', async () => {
    const run = await makeRun();
    await run.recordStage('base', DONE);
    await removeStageLeftovers(run, 'packer');
    expect(await filesOf(run)).toEqual(['base/base.qcow2', 'output/disk.qcow2', ...LOGS].toSorted());
  });
});

describe('sweepRuns', () => {
  test('does nothing where no run ever was', async () => {
    expect(await sweepRuns(context)).toEqual({ settled: [], emptied: [], removed: [], freedBytes: 0 });
  });

  test('leaves the run of a living process alone', async () => {
    const run = await makeRun('running');
    await age(run, 40 * 24);
    const before = await filesOf(run);
    await sweepRuns(context);
    expect(await filesOf(run)).toEqual(before);
  });

  test('settles the run of a killed process: it failed, and nothing half made stays', async () => {
    const run = await makeRun('running');
    await run.recordStage('base', DONE);
    await run.recordStage('packer', DONE);
    await run.recordStage('finish', { ...DONE, status: 'running' });
    await kill(run);
    expect((await sweepRuns(context)).settled).toEqual([run.path]);
    expect(await filesOf(run)).toEqual(['base/base.qcow2', 'output/disk.qcow2', ...LOGS].toSorted());
    expect(await readRunState(run.path)).toMatchObject({
      status: 'failed',
      stages: {
        packer: { status: 'done' },
        finish: { status: 'failed', reason: 'its process was killed' },
      },
    });
  });

  test.each([
    { hours: 71, status: 'failed', emptied: false, because: 'three days have not passed' },
    { hours: 73, status: 'failed', emptied: true, because: 'three days have passed' },
    { hours: 0, status: 'done', emptied: true, because: 'it is done, and was killed before it tidied up' },
  ] as const)('a $status run after $hours hours: $because', async ({ hours, status, emptied }) => {
    const run = await makeEnded(status);
    await age(run, hours);
    const sweep = await sweepRuns(context);
    expect(sweep.emptied).toEqual(emptied ? [run.path] : []);
    expect(sweep.freedBytes > 0).toBe(emptied);
    expect((await filesOf(run)).includes('disk.raw')).toBe(!emptied);
  });

  test('a run that is done still lends its disks while its process lives', async () => {
    const run = await makeRun('done');
    await sweepRuns(context);
    expect(await filesOf(run)).toContain('disk.raw');
  });

  test('a run goes altogether after thirty days', async () => {
    const run = await makeEnded();
    await age(run, 24 * 30 + 1);
    expect((await sweepRuns(context)).removed).toEqual([run.path]);
    expect(await readdir(scratch.join('runs'))).toEqual([]);
  });

  test('disks of failed runs are bounded; the newest stay', async () => {
    const [old, young] = [await makeEnded(), await makeEnded()];
    await age(old, 2);
    await age(young, 1);
    const sweep = await sweepRuns(context, { disksLimitBytes: 60_000 });
    expect(sweep.emptied).toEqual([old.path]);
  });

  test('a run that is about to be gone on with keeps everything', async () => {
    const run = await makeEnded();
    await age(run, 24 * 31);
    await sweepRuns(context, { except: run.path });
    expect(await filesOf(run)).toContain('disk.raw');
  });

  test('a directory that is no run is left until it is old', async () => {
    await mkdir(scratch.join('runs/strange'), { recursive: true });
    await sweepRuns(context);
    expect(await readdir(scratch.join('runs'))).toEqual(['strange']);
  });
});
