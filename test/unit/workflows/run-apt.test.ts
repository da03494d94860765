import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { runApt } from '../../../src/workflows/run-apt.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { programFailed, scriptedContext, type Script } from './scripted-runner.ts';

const scratch = useScratchDirectory('run-apt');
const CALL = { config: '/apt.conf', words: ['apt-get', 'update'], deadlineMs: 1000 };

/** apt that lets bytes arrive, then nothing, until it is ended. */
function stalling(bytes: number): Script {
  return {
    'apt-get update': async (_spec, { signal }) => {
      for (let count = 0; count < bytes; count += 1) {
        await scratch.write('lists/a', 'x'.repeat(count));
        await delay(30);
      }
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
      throw new Failure('interrupted', 'E_INTERRUPTED', 'apt-get was interrupted');
    },
  };
}

const failing = (): never => {
  throw programFailed('apt-get', 100, ['E: Failed to fetch http://x/y  404  Not Found']);
};

describe('runApt', () => {
  test('gives what apt says, and tells it where its configuration is', async () => {
    const { context } = scriptedContext('', { 'apt-get update': ({ env }) => env?.['APT_CONFIG'] });
    expect(await runApt(CALL, context)).toBe('/apt.conf');
  });

  test('explains what apt complains of', async () => {
    const { context } = scriptedContext('', { 'apt-get update': failing });
    await expect(runApt(CALL, context)).rejects.toMatchObject({ code: 'E_MIRROR_LACKS_SUITE' });
  });

  test('ends apt when no byte came for too long, not before', async () => {
    const { context } = scriptedContext('', stalling(20));
    const startedAt = performance.now();
    const call = { ...CALL, arrivals: [scratch.join('lists')], stallMs: 200 };
    await expect(runApt(call, context)).rejects.toMatchObject({
      kind: 'host',
      code: 'E_MIRROR_UNREACHABLE',
      message: expect.stringContaining('nothing came in time'),
      evidence: { answer: 'not now' },
    });
    expect(performance.now() - startedAt).toBeGreaterThan(600);
  });

  test('a person who interrupts is not told of the mirror', async () => {
    const controller = new AbortController();
    const { context } = scriptedContext('', stalling(0), { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    const call = { ...CALL, arrivals: [scratch.join('lists')], stallMs: 5000 };
    await expect(runApt(call, context)).rejects.toMatchObject({ kind: 'interrupted' });
  });
});
