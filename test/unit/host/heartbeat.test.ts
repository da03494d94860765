import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isAbandoned, keepHeartbeat } from '../../../src/host/heartbeat.ts';

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

let directory = '';
let path = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-heartbeat-'));
  path = join(directory, '7.json');
  await writeFile(path, '{"build":7}');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function ageOf(minutes: number): Promise<void> {
  const then = new Date(Date.now() - minutes * 60_000);
  await utimes(path, then, then);
}

describe('a heartbeat', () => {
  test('renews the time and leaves the content', async () => {
    await utimes(path, LONG_AGO, LONG_AGO);
    const stop = keepHeartbeat(path, 5);
    while ((await stat(path)).mtimeMs <= LONG_AGO.getTime()) await sleep(5);
    stop();
    expect(await readFile(path, 'utf8')).toBe('{"build":7}');
    expect(await isAbandoned(path)).toBe(false);
  });

  test('ends when it is told to', async () => {
    keepHeartbeat(path, 5)();
    await utimes(path, LONG_AGO, LONG_AGO);
    await sleep(40);
    expect((await stat(path)).mtimeMs).toBe(LONG_AGO.getTime());
  });

  test('of a file that has gone, or is empty, disturbs nobody', async () => {
    await writeFile(path, '');
    const stop = keepHeartbeat(path, 2);
    await sleep(20);
    expect(await readFile(path, 'utf8')).toBe('');
    await rm(path);
    await sleep(20);
    stop();
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('a file is abandoned', () => {
  test.each([
    { minutes: 0, abandoned: false, because: 'it was just written' },
    { minutes: 9, abandoned: false, because: 'a heartbeat may be late' },
    { minutes: 11, abandoned: true, because: 'ten minutes are over' },
    { minutes: -60 * 24 * 365, abandoned: false, because: 'its time is yet to come' },
  ])('$abandoned after $minutes minutes: $because', async ({ minutes, abandoned }) => {
    await ageOf(minutes);
    expect(await isAbandoned(path)).toBe(abandoned);
    expect(await readdir(directory)).toEqual(['7.json']);
  });

  test('never, when nobody can ask the clock of its server', async () => {
    await ageOf(60);
    await rm(path);
    expect(await isAbandoned(path)).toBe(false);
    await writeFile(path, '');
    await ageOf(60);
    await chmod(directory, 0o555);
    const asRoot = process.geteuid?.() === 0;
    if (asRoot) process.seteuid?.(65_534);
    try {
      expect(await isAbandoned(path)).toBe(false);
    } finally {
      if (asRoot) process.seteuid?.(0);
      await chmod(directory, 0o755);
    }
  });
});
