import { readdir } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { readJsonObjectIfExists } from '../../../src/host/files.ts';
import { RunDirectory, type RunState } from '../../../src/workflows/run-directory.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('run-directory');
const NOW = new Date('2026-11-21T07:31:59Z');
const create = (): Promise<RunDirectory> =>
  RunDirectory.create(scratch.join('state'), 'kvm', 'cosmic-systemvm', NOW);
const stateOf = async (run: RunDirectory): Promise<Partial<RunState>> =>
  (await readJsonObjectIfExists(run.file('state.json'))) ?? {};

describe('RunDirectory', () => {
  test('is named for minute and profile, and says whose it is', async () => {
    const run = await create();
    expect(run.id).toMatch(/^20261121-0731-kvm-[0-9a-f]{4}$/);
    expect(run.path).toBe(scratch.join('state/runs', run.id));
    expect(await stateOf(run)).toMatchObject({
      schema: 1,
      id: run.id,
      profile: 'kvm',
      line: 'cosmic-systemvm',
      createdAt: '2026-11-21T07:31:59.000Z',
      owner: { pid: process.pid },
      status: 'running',
      stages: {},
    });
  });

  test('never belongs to two runs', async () => {
    const runs = await Promise.all(Array.from({ length: 40 }, create));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(40);
  });

  test('facts and stages are written down as they come', async () => {
    const run = await create();
    await run.update({ long: '26.11.21-2.57' });
    await run.recordStage('plan', { status: 'done', startedAt: 'x', output: { path: '/p' } });
    await run.update({ status: 'failed' });
    expect(await stateOf(run)).toMatchObject({
      long: '26.11.21-2.57',
      status: 'failed',
      stages: { plan: { status: 'done', output: { path: '/p' } } },
    });
  });

  test('the last of many changes at once is what stays', async () => {
    const run = await create();
    const numbers = Array.from({ length: 30 }, (_, index) => index);
    await Promise.all(numbers.map((number) => run.update({ long: String(number) })));
    expect((await stateOf(run)).long).toBe('29');
    expect(await readdir(run.path)).toEqual(['state.json']);
  });

  test('one change that cannot be written does not stop the next', async () => {
    const run = await create();
    const broken: Record<string, unknown> = {};
    broken['self'] = broken;
    await expect(run.recordStage('plan', { status: 'done', startedAt: 'x', output: broken })).rejects.toThrow(
      TypeError,
    );
    await run.recordStage('plan', { status: 'done', startedAt: 'x' });
    expect((await stateOf(run)).stages).toEqual({ plan: { status: 'done', startedAt: 'x' } });
  });
});
