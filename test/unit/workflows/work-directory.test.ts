import { mkdir, readdir, utimes } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { readProcessIdentity, type ProcessIdentity } from '../../../src/host/process-identity.ts';
import {
  sweepWorkDirectories,
  withWorkDirectory,
  workDirectories,
} from '../../../src/workflows/work-directory.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { programFailed, scriptedContext } from './scripted-runner.ts';

const scratch = useScratchDirectory('work');
const WORK = workDirectories('cache');
const left = (): Promise<string[]> => readdir(scratch.join(WORK));

describe('withWorkDirectory', () => {
  test('says whose it is, and is gone afterwards', async () => {
    const { context } = scriptedContext(scratch.path, {});
    const seen = await withWorkDirectory('some', context, async (directory) => ({
      directory,
      inside: await readdir(directory),
    }));
    expect(seen.directory.slice(scratch.path.length)).toMatch(/^\/cache\/work\/some-\d+-[0-9a-f]{6}$/);
    expect(seen.inside).toEqual(['owner.json']);
    expect(await left()).toEqual([]);
  });

  test('is gone after a failure, too; the failure is what comes out', async () => {
    const { context } = scriptedContext(scratch.path, {});
    const failing = withWorkDirectory('some', context, () => Promise.reject(new Error('first')));
    await expect(failing).rejects.toThrow('first');
    expect(await left()).toEqual([]);
  });
});

const own = async (): Promise<ProcessIdentity> => {
  const identity = await readProcessIdentity();
  if (!identity) throw new Error('we have no identity');
  return identity;
};

describe('sweepWorkDirectories', () => {
  const DAY_MS = 24 * 60 * 60_000;

  test.each([
    { change: {}, ageMs: 10 * DAY_MS, stays: true, because: 'its process lives, however old it is' },
    {
      change: { startTicks: 1 },
      ageMs: 0,
      stays: false,
      because: 'its process id belongs to another process now',
    },
    { change: { pid: 2 ** 22 + 1 }, ageMs: 0, stays: false, because: 'its process is gone' },
    { change: { bootId: 'before' }, ageMs: 0, stays: false, because: 'the machine was started again since' },
    {
      change: { host: 'elsewhere' },
      ageMs: 0,
      stays: true,
      because: 'its process runs where we cannot look',
    },
    {
      change: { host: 'elsewhere' },
      ageMs: 2 * DAY_MS,
      stays: false,
      because: 'nobody works on a base for two days',
    },
  ])('$because', async ({ change, ageMs, stays }) => {
    await scratch.write(`${WORK}/one/owner.json`, JSON.stringify({ ...(await own()), ...change }));
    const then = new Date(Date.now() - ageMs);
    await utimes(scratch.join(`${WORK}/one`), then, then);
    await sweepWorkDirectories(scriptedContext(scratch.path, {}).context);
    expect(await left()).toEqual(stays ? ['one'] : []);
  });

  test.each([
    { ageMs: 0, stays: true, because: 'somebody is just about to write it' },
    { ageMs: 2 * DAY_MS, stays: false, because: 'somebody died before writing it' },
  ])('without an owner: $because', async ({ ageMs, stays }) => {
    await mkdir(scratch.join(`${WORK}/one`), { recursive: true });
    const then = new Date(Date.now() - ageMs);
    await utimes(scratch.join(`${WORK}/one`), then, then);
    await sweepWorkDirectories(scriptedContext(scratch.path, {}).context);
    expect(await left()).toEqual(stays ? ['one'] : []);
  });

  test('a lock is left alone', async () => {
    await scratch.write(`${WORK}/key.lock`, '{}');
    await sweepWorkDirectories(scriptedContext(scratch.path, {}).context);
    expect(await left()).toEqual(['key.lock']);
  });

  test('a cache without work is fine', async () => {
    await expect(sweepWorkDirectories(scriptedContext(scratch.path, {}).context)).resolves.toBeUndefined();
  });

  test('what cannot be removed is warned of, and stops nobody', async () => {
    await scratch.write(`${WORK}/one/owner.json`, JSON.stringify({ ...(await own()), pid: 2 ** 22 + 1 }));
    // Files of mapped users: neither we nor their namespace can remove this one.
    const { context, events } = scriptedContext(scratch.path, {
      unshare: () => {
        throw programFailed('unshare', 1);
      },
    });
    const isRoot = process.getuid?.() === 0;
    if (isRoot) return expect(sweepWorkDirectories(context)).resolves.toBeUndefined();
    const { chmod } = await import('node:fs/promises');
    await chmod(scratch.join(`${WORK}/one`), 0o500);
    await sweepWorkDirectories(context);
    await chmod(scratch.join(`${WORK}/one`), 0o700);
    expect(events).toMatchObject([{ type: 'warning' }]);
    return undefined;
  });
});
