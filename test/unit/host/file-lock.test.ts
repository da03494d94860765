import { mkdtemp, readdir, readFile, rm, rmdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acquireFileLock, withFileLock } from '../../../src/host/file-lock.ts';
import { readProcessIdentity, type ProcessIdentity } from '../../../src/host/process-identity.ts';

let directory = '';
let path = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-lock-'));
  path = join(directory, 'deep/lock');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function leaveMark(more: Partial<ProcessIdentity>): Promise<void> {
  const identity = { ...(await readProcessIdentity()), ...more };
  await withFileLock(path, {}, async () => undefined);
  await writeFile(path, JSON.stringify({ token: 'left-over', identity }));
}

describe('a file lock', () => {
  test('is held by one at a time, whoever comes', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> =>
      withFileLock(path, {}, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await sleep(2);
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 12 }, work));
    expect(most).toBe(1);
    expect(await readdir(join(directory, 'deep'))).toEqual([]);
  });

  test('is released when the work fails', async () => {
    const failing = withFileLock(path, {}, async () => {
      throw new Error('work');
    });
    await expect(failing).rejects.toThrow('work');
    await (await acquireFileLock(path, { timeoutMs: 0 })).release();
  });

  test('names the owner while waiting and when giving up', async () => {
    const lock = await acquireFileLock(path);
    const seen: (number | undefined)[] = [];
    const second = acquireFileLock(path, { timeoutMs: 50, onWait: (owner) => seen.push(owner?.pid) });
    await expect(second).rejects.toMatchObject({
      code: 'E_LOCKED',
      kind: 'conflict',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    expect(seen).toEqual([process.pid]);
    await lock.release();
  });

  test('says since when it is held', async () => {
    const since = new Date('2026-11-21T12:03:00Z');
    const lock = await acquireFileLock(path, { now: () => since });
    const seen: unknown[] = [];
    const second = acquireFileLock(path, { timeoutMs: 0, onWait: (_, instant) => seen.push(instant) });
    await expect(second).rejects.toMatchObject({ evidence: { since: since.toISOString() } });
    expect(seen).toEqual([since]);
    await lock.release();
  });

  test('of an older program does not say since when', async () => {
    await leaveMark({});
    const seen: unknown[] = [];
    const second = acquireFileLock(path, { timeoutMs: 0, onWait: (_, instant) => seen.push(instant) });
    await expect(second).rejects.toMatchObject({ code: 'E_LOCKED' });
    expect(seen).toEqual([undefined]);
  });

  test('is got although others keep removing its directory while it is empty', async () => {
    const done = new AbortController();
    const removing = (async () => {
      while (!done.signal.aborted) {
        await rmdir(join(directory, 'deep')).catch(() => undefined);
        await sleep(3);
      }
    })();
    for (let again = 0; again < 50; again += 1) await withFileLock(path, {}, async () => undefined);
    done.abort();
    await removing;
  });

  test('an interruption cuts a pause short', async () => {
    const lock = await acquireFileLock(path);
    const controller = new AbortController();
    const second = acquireFileLock(path, { signal: controller.signal, timeoutMs: Number.POSITIVE_INFINITY });
    await sleep(1500);
    const began = performance.now();
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
    expect(performance.now() - began).toBeLessThan(400);
    await lock.release();
  });

  test('an interruption ends the waiting', async () => {
    const lock = await acquireFileLock(path);
    const controller = new AbortController();
    const second = acquireFileLock(path, { signal: controller.signal, onWait: () => controller.abort() });
    await expect(second).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
    await lock.release();
  });

  test.each([
    { more: { pid: 4_194_304 }, because: 'there is no such process' },
    { more: { startTicks: 1 }, because: 'its number belongs to another process now' },
    { more: { bootId: 'another' }, because: 'the machine has been started since' },
  ])('of a dead owner is taken over at once: $because', async ({ more }) => {
    await leaveMark(more);
    const lock = await acquireFileLock(path, { timeoutMs: 0 });
    await lock.release();
    expect(await readdir(join(directory, 'deep'))).toEqual([]);
  });

  test('of a dead owner goes to one of many', async () => {
    await leaveMark({ pid: 4_194_304 });
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> =>
      withFileLock(path, {}, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await sleep(2);
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 12 }, work));
    expect(most).toBe(1);
  });

  test('whose taker-over died too is still taken over', async () => {
    await leaveMark({ pid: 4_194_304 });
    const mark = await readFile(path, 'utf8');
    await writeFile(`${path}.takeover-left-ove`, mark.replace('left-over', 'second-one'));
    const lock = await acquireFileLock(path, { timeoutMs: 0 });
    await lock.release();
    expect(await readdir(join(directory, 'deep'))).toEqual([]);
  });

  test.each([
    { more: { host: 'elsewhere' }, because: 'another host' },
    { more: { pidNamespace: 'pid:[1]' }, because: 'another container' },
  ])('of $because stays until its mark is old', async ({ more }) => {
    await leaveMark(more);
    await expect(acquireFileLock(path, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'E_LOCKED' });
    const longAgo = new Date(Date.now() - 11 * 60_000);
    await utimes(path, longAgo, longAgo);
    await (await acquireFileLock(path, { timeoutMs: 0 })).release();
  });

  test('with an empty mark stays until that is old', async () => {
    await leaveMark({});
    await writeFile(path, '');
    await expect(acquireFileLock(path, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'E_LOCKED' });
    await utimes(path, 0, 0);
    await (await acquireFileLock(path, { timeoutMs: 0 })).release();
  });

  test('releasing does not remove what somebody else has put there', async () => {
    const lock = await acquireFileLock(path);
    await writeFile(path, JSON.stringify({ token: 'other' }));
    await lock.release();
    expect(await readFile(path, 'utf8')).toContain('other');
  });
});
