import { describe, expect, test } from '@jest/globals';
import { runBaseMethod, type BaseMethod } from '../../../src/workflows/base-method.ts';

const STEPS = ['setup', 'create', 'prepare', 'install', 'cleanup'] as const;
type Step = (typeof STEPS)[number];

/** A method whose steps write their names down; some throw. */
function noting(log: string[], failing: readonly Step[] = []): BaseMethod {
  const step = (name: Step) => async (): Promise<void> => {
    log.push(name);
    if (failing.includes(name)) throw new Error(`${name} failed`);
  };
  return {
    name: 'noting',
    setup: step('setup'),
    create: step('create'),
    prepare: step('prepare'),
    install: step('install'),
    cleanup: step('cleanup'),
  };
}

const never = new AbortController().signal;

describe('runBaseMethod', () => {
  test('runs the steps in order', async () => {
    const log: string[] = [];
    await runBaseMethod(noting(log), never);
    expect(log).toEqual([...STEPS]);
  });

  test('every step is optional', async () => {
    await expect(runBaseMethod({ name: 'empty' }, never)).resolves.toBeUndefined();
  });

  test.each(['setup', 'create', 'prepare', 'install'] as const)('cleans up when %s fails', async (name) => {
    const log: string[] = [];
    await expect(runBaseMethod(noting(log, [name]), never)).rejects.toThrow(`${name} failed`);
    expect(log).toEqual([...STEPS.slice(0, STEPS.indexOf(name) + 1), 'cleanup']);
  });

  test('a failing cleanup does not hide what failed before it', async () => {
    await expect(runBaseMethod(noting([], ['create', 'cleanup']), never)).rejects.toThrow('create failed');
  });

  test('a failing cleanup is told when nothing else failed', async () => {
    await expect(runBaseMethod(noting([], ['cleanup']), never)).rejects.toThrow('cleanup failed');
  });

  test('an abort stops before the next step, and cleans up', async () => {
    const log: string[] = [];
    const controller = new AbortController();
    const method = { ...noting(log), create: async () => controller.abort(new Error('stop')) };
    await expect(runBaseMethod(method, controller.signal)).rejects.toThrow('stop');
    expect(log).toEqual(['setup', 'cleanup']);
  });
});
