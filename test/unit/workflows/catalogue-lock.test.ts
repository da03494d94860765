import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readProcessIdentity, type ProcessIdentity } from '../../../src/host/process-identity.ts';
import { withLock } from '../../../src/workflows/catalogue-lock.ts';

const HASTY = { waitMs: 200, silenceMs: 60 };

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mintmark-lock-'));
  path = join(directory, '.lock');
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function writeLock(owner: Partial<ProcessIdentity> | undefined): void {
  writeFileSync(path, JSON.stringify({ token: '0123456789abcdef', owner }));
}

async function ourselves(): Promise<ProcessIdentity> {
  const identity = await readProcessIdentity();
  if (!identity) throw new Error('no /proc');
  return identity;
}

/** Runs this many holders at once and says how many were inside together at most. */
async function crowd(count: number): Promise<number> {
  let inside = 0;
  let most = 0;
  const hold = (): Promise<void> =>
    withLock(path, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(1);
      inside -= 1;
    });
  await Promise.all(Array.from({ length: count }, hold));
  return most;
}

test('one holder at a time, and nothing is left', async () => {
  expect(await crowd(12)).toBe(1);
  expect(readdirSync(directory)).toEqual([]);
});

test('the lock goes when the action fails', async () => {
  await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(path)).toBe(false);
});

describe('a lock left behind', () => {
  const rows: readonly { change: Partial<ProcessIdentity>; because: string }[] = [
    { change: { startTicks: 1 }, because: 'its process id belongs to another process now' },
    { change: { pid: 4_194_305 }, because: 'no process has such an id' },
    { change: { bootId: 'an earlier boot' }, because: 'the machine was started again' },
  ];
  test.each(rows)('is taken over at once: $because', async ({ change }) => {
    writeLock({ ...(await ourselves()), ...change });
    expect(await withLock(path, () => Promise.resolve('in'), HASTY)).toBe('in');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('is taken over by one of many', async () => {
    writeLock({ ...(await ourselves()), startTicks: 1 });
    expect(await crowd(12)).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('is taken over also when the one who began to do so died as well', async () => {
    writeLock({ ...(await ourselves()), startTicks: 1 });
    const claim = { token: 'fedcba9876543210', owner: { ...(await ourselves()), startTicks: 2 } };
    writeFileSync(`${path}.0123456789abcdef`, JSON.stringify(claim));
    expect(await crowd(3)).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('on another host is taken over when it shows no life', async () => {
    writeLock({ ...(await ourselves()), host: `not-${hostname()}` });
    expect(await withLock(path, () => Promise.resolve('in'), HASTY)).toBe('in');
  });

  test('damaged by a power cut is taken over when it shows no life', async () => {
    writeFileSync(path, '');
    expect(await withLock(path, () => Promise.resolve('in'), HASTY)).toBe('in');
  });
});

test('a lock that is held is never taken over', async () => {
  const owner = await ourselves();
  writeLock(owner);
  await expect(withLock(path, () => Promise.resolve('in'), HASTY)).rejects.toMatchObject({
    kind: 'conflict',
    code: 'E_CATALOGUE_LOCKED',
    message: `${path} is held by process ${owner.pid} on ${owner.host}`,
  });
  expect(existsSync(path)).toBe(true);
});
