import { rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { createSecretFilter } from '../../../src/host/secrets.ts';
import type { StageName, WorkflowEvent } from '../../../src/workflows/events.ts';
import { readRunState, RunDirectory } from '../../../src/workflows/run-directory.ts';
import { interruptionOf, StageRunner, type Stage } from '../../../src/workflows/stage-runner.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('stages');
const NO_SECRETS = createSecretFilter([]);

function start(signal = new AbortController().signal): { stages: StageRunner; events: WorkflowEvent[] } {
  const events: WorkflowEvent[] = [];
  return { stages: new StageRunner((event) => events.push(event), signal), events };
}

const stage = (name: StageName, more: Partial<Stage<string>> = {}): Stage<string> => ({
  name,
  run: async () => `${name} output`,
  summarize: (output) => `made ${output}`,
  ...more,
});

describe('StageRunner', () => {
  test('tells of start, progress and end, and gives the output', async () => {
    const { stages, events } = start();
    const work = stage('base', {
      run: async (progress) => {
        progress('half way', 50);
        progress('somewhere');
        return 'done';
      },
    });
    expect(await stages.run(work)).toBe('done');
    expect(events).toEqual([
      { type: 'stage-started', stage: 'base' },
      { type: 'stage-progress', stage: 'base', detail: 'half way', percent: 50 },
      { type: 'stage-progress', stage: 'base', detail: 'somewhere' },
      { type: 'stage-finished', stage: 'base', summary: 'made done', durationMs: expect.any(Number) },
    ]);
    expect(Object.keys(stages.durations)).toEqual(['base']);
  });

  test('a failure is told and thrown on', async () => {
    const { stages, events } = start();
    const failure = new Failure('host', 'E_X', 'no luck');
    await expect(stages.run(stage('packer', { run: () => Promise.reject(failure) }))).rejects.toBe(failure);
    expect(events.at(-1)).toMatchObject({ type: 'stage-failed', stage: 'packer', message: 'no luck' });
    expect(stages.durations).toEqual({});
  });

  test('an abort makes an interruption of whatever was thrown', async () => {
    const controller = new AbortController();
    const { stages, events } = start(controller.signal);
    const run = (): Promise<string> => {
      controller.abort();
      return Promise.reject(new TypeError('odd'));
    };
    await expect(stages.run(stage('base', { run }))).rejects.toMatchObject({ kind: 'interrupted' });
    expect(events.at(-1)).toMatchObject({ type: 'stage-failed' });
  });

  test('an aborted build begins no further stage', async () => {
    const { stages } = start(AbortSignal.abort());
    const work = stage('base', { run: () => Promise.reject(new Error('it ran')) });
    await expect(stages.run(work)).rejects.toMatchObject({
      kind: 'interrupted',
      message: 'the build was interrupted',
    });
  });

  test('stages are written down, with what they want kept', async () => {
    const { stages } = start();
    const run = await RunDirectory.create(scratch.path, 'p', 'l', new Date());
    await stages.run(stage('plan'));
    stages.recordIn(run, NO_SECRETS);
    await stages.run(stage('base', { record: (output) => ({ output }) }));
    await stages.run(stage('packer', { run: () => Promise.reject(new Error('bad')) })).catch(() => {});
    expect(JSON.parse(await scratch.read(`runs/${run.id}/state.json`))).toMatchObject({
      stages: {
        base: { status: 'done', output: { output: 'base output' }, durationMs: expect.any(Number) },
        packer: { status: 'failed', reason: 'bad' },
      },
    });
  });

  test('a failure that cannot be written down is still the failure that comes out', async () => {
    const { stages, events } = start();
    const run = await RunDirectory.create(scratch.path, 'p', 'l', new Date());
    stages.recordIn(run, NO_SECRETS);
    const breakDisk = async (): Promise<string> => {
      await rm(run.path, { recursive: true });
      await writeFile(run.path, 'no directory any more');
      throw new Error('first');
    };
    await expect(stages.run(stage('base', { run: breakDisk }))).rejects.toThrow('first');
    expect(events.at(-1)).toMatchObject({ type: 'stage-failed', message: 'first' });
  });
});

/** The base stage of a first run, and what a second run makes of it. */
async function goOn(second: Partial<Stage<string>>): Promise<{ output: string; events: WorkflowEvent[] }> {
  const run = await RunDirectory.create(scratch.path, 'p', 'l', new Date());
  const first = start().stages;
  first.recordIn(run, NO_SECRETS);
  await first.run(stage('base', { input: 'digest', record: (output) => ({ output }) }));
  const state = await readRunState(run.path);
  if (state === undefined) throw new Error('no state');
  const { stages, events } = start();
  stages.recordIn(await RunDirectory.reopen(run.path, state), NO_SECRETS);
  const output = await stages.run(stage('base', { run: async () => 'made again', ...second }));
  return { output, events };
}

const restore = async (recorded: unknown): Promise<string> => `restored ${JSON.stringify(recorded)}`;

describe('a run that is gone on with', () => {
  test('does not repeat a stage that was done with the same input and is still as it was left', async () => {
    const { output, events } = await goOn({ input: 'digest', restore });
    expect(output).toBe('restored {"output":"base output"}');
    expect(events.at(-1)).toMatchObject({
      type: 'stage-skipped',
      stage: 'base',
      reason: expect.stringContaining('done before, and unchanged: made restored'),
    });
  });

  test.each([
    { second: { input: 'other', restore }, because: 'its input is another one' },
    { second: { input: 'digest', restore: async () => undefined }, because: 'what it left has changed' },
    { second: { input: 'digest' }, because: 'it cannot be restored' },
    { second: { restore }, because: 'nobody knows what decides it' },
  ])('repeats a stage when $because', async ({ second }) => {
    const { output, events } = await goOn(second);
    expect(output).toBe('made again');
    expect(events.at(-1)).toMatchObject({ type: 'stage-finished' });
  });
});

const feedTiger: Stage<string>['run'] = (progress) => {
  progress('feeding tiger');
  return Promise.reject(new Error('tiger bites'));
};

test('what is told and written down of a failure holds no secret', async () => {
  const { stages, events } = start();
  const run = await RunDirectory.create(scratch.path, 'p', 'l', new Date());
  stages.recordIn(run, createSecretFilter(['tiger']));
  await stages.run(stage('base', { run: feedTiger })).catch(() => {});
  expect(JSON.stringify(events) + (await scratch.read(`runs/${run.id}/state.json`))).not.toContain('tiger');
  expect(stages.failed).toBe('base');
});

describe('interruptionOf', () => {
  const told = new Failure('interrupted', 'E_INTERRUPTED', 'interrupted by SIGTERM');
  test.each([
    { cause: told, same: true, because: 'it says already what interrupted it' },
    { cause: new Failure('command', 'E_X', 'x'), same: false, because: 'a program failed because of it' },
    { cause: 'anything', same: false, because: 'whatever was thrown' },
  ])('$because', ({ cause, same }) => {
    const made = interruptionOf(cause);
    expect(made.kind).toBe('interrupted');
    if (same) expect(made).toBe(cause);
    else expect(made.cause).toBe(cause);
  });
});
