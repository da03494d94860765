import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readProcessIdentity } from '../../../src/host/process-identity.ts';
import { findObstacle, planBudget, takeHostShare } from '../../../src/workflows/host-budget.ts';
import { sharesDirectory } from '../../../src/workflows/host-shares.ts';
import type { WorkflowEvent } from '../../../src/workflows/events.ts';
import { compileSource, type CompiledSource } from '../../compiled-source.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { Stays } from './stays.ts';

const scratch = useScratchDirectory('shares');
const claims = async (): Promise<string[]> =>
  (await readdir(sharesDirectory(scratch.path))).filter((name) => name.endsWith('.json'));

function options(more: { budget?: { memoryBytes: number; cores: number }; signal?: AbortSignal } = {}) {
  const events: WorkflowEvent[] = [];
  const texts = (): string[] => events.flatMap((event) => ('text' in event ? [event.text] : []));
  const { budget = { memoryBytes: 100, cores: 4 }, signal = new AbortController().signal } = more;
  const emit = (event: WorkflowEvent) => void events.push(event);
  return { options: { stateDirectory: scratch.path, signal, emit, budget, pollMs: 5 }, texts };
}

const held = (memoryBytes: number, cores = 1) => ({ turn: 1, state: 'held' as const, memoryBytes, cores });
const waiting = (turn: number) => ({ turn, state: 'waiting' as const, memoryBytes: 1, cores: 1 });

describe('what stands in the way', () => {
  const BUDGET = { memoryBytes: 100, cores: 4 };
  test.each([
    {
      wants: { memoryBytes: 900, cores: 99 },
      others: [],
      says: undefined,
      because: 'the only one always fits',
    },
    { wants: { memoryBytes: 50, cores: 1 }, others: [held(50)], says: undefined, because: 'it fits exactly' },
    {
      wants: { memoryBytes: 51, cores: 1 },
      others: [held(30), held(20)],
      says: 'waiting for memory: 2 other builds hold 50 B of 100 B, and this one needs 51 B',
      because: 'memory is taken',
    },
    {
      wants: { memoryBytes: 1, cores: 2 },
      others: [held(1, 3)],
      says: 'waiting for processors: 1 other build holds 3 of 4, and this one needs 2',
      because: 'processors are taken',
    },
    {
      wants: { memoryBytes: 1, cores: 1 },
      others: [held(1), waiting(3)],
      says: 'waiting behind 1 other build that came first; 1 other build at work',
      because: 'a small one must not overtake for ever',
    },
    {
      wants: { memoryBytes: 1, cores: 1 },
      others: [waiting(3)],
      says: 'waiting behind 1 other build that came first; 0 other builds at work',
      because: 'the first is about to enter',
    },
    { wants: { memoryBytes: 1, cores: 1 }, others: [waiting(9)], says: undefined, because: 'it came later' },
  ])('$because', ({ wants, others, says }) => {
    expect(findObstacle({ turn: 5, ...wants }, others, BUDGET)).toBe(says);
  });
});

const claim = (memoryBytes: number, budgetBytes: number, since: string) => ({
  ...held(memoryBytes),
  budgetBytes,
  since,
});

describe('the budget', () => {
  const NOW = new Date('2026-11-21T12:00:00Z');
  test.each([
    { others: [], free: 80, memoryBytes: 80, because: 'nobody holds anything' },
    {
      others: [claim(60, 80, '2026-11-21T11:59:30Z')],
      free: 80,
      memoryBytes: 80,
      because: 'what was given away a moment ago still looks free',
    },
    {
      others: [claim(60, 80, '2026-11-21T11:00:00Z')],
      free: 60,
      memoryBytes: 120,
      because: 'the holder has taken what it takes, and other programs have ended',
    },
    {
      others: [claim(60, 80, '2026-11-21T11:59:30Z')],
      free: 5,
      memoryBytes: 65,
      because: 'other programs have taken some since',
    },
    {
      others: [claim(60, 80, '2026-11-22T11:59:30Z')],
      free: 80,
      memoryBytes: 80,
      because: 'the clock was set back a day',
    },
    { others: [claim(60, 80, 'nonsense')], free: 80, memoryBytes: 80, because: 'nobody knows since when' },
    { others: [waiting(1)], free: 80, memoryBytes: 80, because: 'who waits holds nothing' },
  ])('$because', ({ others, free, memoryBytes }) => {
    expect(planBudget(others, free, NOW)).toMatchObject({ memoryBytes });
  });
});

describe('a share of the host', () => {
  test('is a file while it is held, and nothing afterwards', async () => {
    const share = await takeHostShare({ memoryBytes: 60, cores: 2 }, options().options);
    expect(await claims()).toHaveLength(1);
    await share.release();
    await share.release();
    expect(await readdir(sharesDirectory(scratch.path))).toEqual([]);
  });

  test('that does not fit is waited for, with one word about it', async () => {
    const first = await takeHostShare({ memoryBytes: 60, cores: 2 }, options().options);
    const { options: second, texts } = options();
    let isIn = false;
    const waitingFor = takeHostShare({ memoryBytes: 60, cores: 2 }, second).then((share) => {
      isIn = true;
      return share;
    });
    while (texts().length === 0) await sleep(5);
    expect(isIn).toBe(false);
    await first.release();
    await (await waitingFor).release();
    expect(texts()).toEqual([
      'waiting for memory: 1 other build holds 60 B of 100 B, and this one needs 60 B',
    ]);
  });

  test('goes to who came first, large before small', async () => {
    const first = await takeHostShare({ memoryBytes: 60, cores: 1 }, options().options);
    const order: string[] = [];
    const enter = async (name: string, memoryBytes: number): Promise<void> => {
      const share = await takeHostShare({ memoryBytes, cores: 1 }, options().options);
      order.push(name);
      await sleep(20);
      await share.release();
    };
    const large = enter('large', 100);
    while ((await claims()).length < 2) await sleep(5);
    const small = enter('small', 1);
    await sleep(50);
    await first.release();
    await Promise.all([large, small]);
    expect(order).toEqual(['large', 'small']);
  });

  test('an interruption ends the waiting at once and leaves no claim', async () => {
    const first = await takeHostShare({ memoryBytes: 60, cores: 1 }, options().options);
    const controller = new AbortController();
    const { options: second } = options({ signal: controller.signal });
    const waitingFor = takeHostShare({ memoryBytes: 60, cores: 1 }, { ...second, pollMs: 60_000 });
    setTimeout(() => controller.abort(), 50);
    const began = performance.now();
    await expect(waitingFor).rejects.toMatchObject({ kind: 'interrupted' });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(await claims()).toHaveLength(1);
    await first.release();
  });

  test.each([
    { change: { pid: 2 ** 22 + 1 }, ageMs: 0, stays: false, because: 'its process is gone' },
    { change: { bootId: 'before' }, ageMs: 0, stays: false, because: 'the machine was started again since' },
    { change: { pidNamespace: 'pid:[1]' }, ageMs: 0, stays: true, because: 'a container beside us may live' },
    { change: { pidNamespace: 'pid:[1]' }, ageMs: 11 * 60_000, stays: false, because: 'nobody renews it' },
  ])('of another counts only while it may live: $because', async ({ change, ageMs, stays }) => {
    const identity = { ...(await readProcessIdentity()), ...change };
    const foreign = { turn: 3, memoryBytes: 90, cores: 1, identity, state: 'held' };
    const path = await scratch.write('shares/3-1-abcdef.json', JSON.stringify(foreign));
    const then = new Date(Date.now() - ageMs);
    await utimes(path, then, then);
    const controller = new AbortController();
    const { options: mine } = options({ signal: controller.signal });
    if (stays) setTimeout(() => controller.abort(), 100);
    const asked = takeHostShare({ memoryBytes: 60, cores: 1 }, mine);
    if (stays) await expect(asked).rejects.toMatchObject({ kind: 'interrupted' });
    else await (await asked).release();
    expect(await claims()).toEqual(stays ? ['3-1-abcdef.json'] : []);
  });

  test('claims of another machine neither count nor go', async () => {
    const identity = { ...(await readProcessIdentity()), host: 'elsewhere', bootId: 'another' };
    const foreign = { turn: 3, memoryBytes: 90, cores: 1, identity, state: 'held' };
    await scratch.write('shares/3-1-abcdef.json', JSON.stringify(foreign));
    await (await takeHostShare({ memoryBytes: 60, cores: 1 }, options().options)).release();
    expect(await claims()).toEqual(['3-1-abcdef.json']);
  });

  test.each(['', '{"turn":', '[]', '{"turn":"x","memoryBytes":-1}'])(
    'a damaged claim %j is nobody’s',
    async (text) => {
      await scratch.write('shares/3-1-abcdef.json', text);
      await (await takeHostShare({ memoryBytes: 60, cores: 1 }, options().options)).release();
      expect(await claims()).toEqual([]);
    },
  );

  test('what killed processes had begun to write goes, too', async () => {
    await scratch.write('shares/3-1-abcdef.json.tmp', '{');
    await utimes(await scratch.write('shares/.lock.left-over', '{'), 0, 0);
    await scratch.write('shares/.lock.just-now', '{');
    await (await takeHostShare({ memoryBytes: 60, cores: 1 }, options().options)).release();
    expect(await readdir(sharesDirectory(scratch.path))).toEqual(['.lock.just-now']);
  });

  test('says so when claims cannot be written', async () => {
    await scratch.write('shares', 'a file');
    const asked = takeHostShare({ memoryBytes: 1, cores: 1 }, options().options);
    await expect(asked).rejects.toMatchObject({ kind: 'host', code: 'E_STATE_UNWRITABLE' });
  });

  test('measures the machine when no budget is given', async () => {
    const { options: mine, texts } = options();
    const { budget: _, ...measured } = mine;
    await (await takeHostShare({ memoryBytes: 1, cores: 1 }, measured)).release();
    expect(texts()).toEqual([]);
  });
});

describe('between processes', () => {
  let source: CompiledSource;
  beforeAll(() => {
    source = compileSource('workflows/host-budget.ts');
  });
  afterAll(() => source.remove());

  const FIXTURE = join(import.meta.dirname, 'fixtures/take-share.mjs');
  const start = (memory: number, holdMs: number): ChildProcess => {
    const numbers = [memory, 1, 100, 99, holdMs].map(String);
    return spawn(process.execPath, [FIXTURE, source.directory, scratch.path, ...numbers], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  };

  test('twenty at once: never more than fit, and all come to their turn', async () => {
    const stays = new Stays();
    let done = 0;
    const runs = Array.from({ length: 20 }, async () => {
      const child = start(30, 60);
      const closed = once(child, 'close');
      if (!child.stdout) throw new Error('no output');
      for await (const line of createInterface(child.stdout)) stays.hear(line);
      const [code] = await closed;
      done += code === 0 ? 1 : 0;
    });
    await Promise.all(runs);
    expect(done).toBe(20);
    expect(stays.most).toBeGreaterThan(1);
    expect(stays.most).toBeLessThanOrEqual(3);
    expect(await readdir(sharesDirectory(scratch.path))).toEqual([]);
  }, 60_000);

  test('the share of a killed process passes on at once', async () => {
    const child = start(80, 0);
    const closed = once(child, 'close');
    if (!child.stdout) throw new Error('no output');
    for await (const line of createInterface(child.stdout)) if (line.startsWith('in ')) break;
    const asked = takeHostShare({ memoryBytes: 80, cores: 1 }, options().options);
    child.kill('SIGKILL');
    await closed;
    await (await asked).release();
    expect(await claims()).toEqual([]);
  });
});
