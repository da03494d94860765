import { execFile } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseAllocation } from '../../../src/catalogue/allocation.ts';
import { systemClock } from '../../../src/host/clock.ts';
import { parseIsoDate } from '../../../src/values/calendar-date.ts';
import {
  burn,
  keepReserved,
  markBuilding,
  markReleased,
  markUnchanged,
  reserve,
  type Reservation,
} from '../../../src/workflows/allocate-version.ts';
import { takeLineTurn } from '../../../src/workflows/line-turn.ts';
import { readLineHistory } from '../../../src/workflows/read-line.ts';
import { recoverLine } from '../../../src/workflows/recover-line.ts';
import { nextVersion } from '../../../src/workflows/version-commands.ts';
import { compileSource } from '../../compiled-source.ts';

const NOW = new Date('2026-11-21T07:31:00Z');
const DEAD = { pid: 1, startTicks: 1, bootId: 'an earlier boot' };

let catalogue: string;

beforeEach(() => {
  catalogue = mkdtempSync(join(tmpdir(), 'mintmark-alloc-'));
});

afterEach(() => {
  rmSync(catalogue, { recursive: true, force: true });
});

interface Wish {
  readonly day?: string;
  readonly recipe?: string;
  readonly policy?: 'daily' | 'line';
  readonly buildNumber?: number;
  readonly newCatalogue?: boolean;
  readonly ci?: boolean;
  readonly line?: string;
}

async function take(wish: Wish = {}): Promise<Reservation> {
  const date = parseIsoDate(wish.day ?? '2026-11-21');
  if (!date) throw new Error('a test names a bad day');
  return reserve(catalogue, wish.line ?? 'server', {
    date,
    policy: wish.policy ?? 'daily',
    recipeDigest: (wish.recipe ?? 'a').repeat(64),
    newCatalogue: wish.newCatalogue ?? false,
    ci: wish.ci ?? false,
    now: NOW,
    ...(wish.buildNumber === undefined ? {} : { buildNumber: wish.buildNumber }),
  });
}

async function taken(wish: Wish = {}): Promise<string> {
  return (await take(wish)).long;
}

function allocationFile(build: number): string {
  return join(catalogue, `lines/server/alloc/${build}.json`);
}

function readAllocationFile(build: number): unknown {
  return parseAllocation(readFileSync(allocationFile(build), 'utf8'), 'allocation');
}

function writeAllocation(build: number, text: string): void {
  mkdirSync(join(catalogue, 'lines/server/alloc'), { recursive: true });
  writeFileSync(allocationFile(build), text);
}

function changeOwner(build: number, owner: Record<string, string>): void {
  const allocation = JSON.parse(readFileSync(allocationFile(build), 'utf8'));
  writeAllocation(build, JSON.stringify({ ...allocation, owner: { ...allocation.owner, ...owner } }));
}

/** Takes two versions and does something to the second one's file. */
async function spoil(change: (allocation: Record<string, unknown>) => string): Promise<void> {
  await take({ recipe: 'a' });
  await take({ recipe: 'b' });
  writeAllocation(2, change(JSON.parse(readFileSync(allocationFile(2), 'utf8'))));
}

describe('numbers', () => {
  test('count on across days and recipes; REV follows the recipe of the day', async () => {
    expect(await taken({ day: '2026-11-20', recipe: 'a' })).toBe('26.11.20-1.1');
    expect(await taken({ day: '2026-11-21', recipe: 'a' })).toBe('26.11.21-1.2');
    expect(await taken({ day: '2026-11-21', recipe: 'a' })).toBe('26.11.21-1.3');
    expect(await taken({ day: '2026-11-21', recipe: 'b' })).toBe('26.11.21-2.4');
    expect(await taken({ day: '2026-11-21', recipe: 'a' })).toBe('26.11.21-3.5');
  });

  test('are burnt by a failure, and a burnt version decides nothing', async () => {
    await markReleased(await take({ recipe: 'a' }), NOW);
    const failed = await take({ recipe: 'b' });
    expect(failed.long).toBe('26.11.21-2.2');
    expect(await burn(failed, 'the guest never came up', NOW)).toBe(true);
    expect(await taken({ recipe: 'a' })).toBe('26.11.21-1.3');
  });

  test('are per line', async () => {
    expect(await taken({ line: 'server' })).toBe('26.11.21-1.1');
    expect(await taken({ line: 'kvm' })).toBe('26.11.21-1.1');
  });

  test('under policy line only BUILD grows', async () => {
    expect(await taken({ day: '2026-06-01', policy: 'line' })).toBe('26.6.1-1.1');
    expect(await taken({ day: '2026-11-21', policy: 'line', recipe: 'b' })).toBe('26.6.1-1.2');
  });

  const traces: readonly { path: string; because: string }[] = [
    {
      path: 'releases/server/26.11.20-1.41',
      because: 'a release stands there though its allocation was lost',
    },
    { path: 'failed/server/26.11.20-1.41', because: 'evidence of a failure has the number' },
  ];
  test.each(traces)('go on after $path: $because', async ({ path }) => {
    mkdirSync(join(catalogue, path), { recursive: true });
    expect((await take({ day: '2026-11-21' })).build).toBe(42);
  });

  test('go on after what only the index remembers', async () => {
    const entry = {
      long: '26.11.21-3.40',
      serial: '20261121_0003.000040',
      created: '2026-11-21T07:31:00Z',
      state: 'active',
      recipeDigest: 'a'.repeat(64),
      baseDigest: 'b'.repeat(64),
      packagesDigest: 'c'.repeat(64),
      manifestSha256: 'd'.repeat(64),
    };
    const index = {
      schema: 1,
      line: 'server',
      updated: entry.created,
      counters: { build: 41 },
      releases: [entry],
    };
    mkdirSync(join(catalogue, 'lines/server'), { recursive: true });
    writeFileSync(
      join(catalogue, 'lines/server/index.json'),
      JSON.stringify({ ...index, aliases: {}, channels: {} }),
    );
    expect(await taken({ recipe: 'a' })).toBe('26.11.21-3.42');
    expect(await taken({ recipe: 'b' })).toBe('26.11.21-4.43');
  });

  test('an empty or garbled allocation does not stop the line', async () => {
    await take();
    writeAllocation(2, '');
    writeAllocation(3, '{"schema":1}');
    expect((await take()).build).toBe(4);
  });
});

describe('allocation files that nobody of us wrote so', () => {
  const spoilt: readonly { change: (a: Record<string, unknown>) => string; because: string }[] = [
    { change: (a) => JSON.stringify(a).slice(0, -20), because: 'cut short' },
    {
      change: (a) => JSON.stringify({ ...a, state: 'fine' }),
      because: 'edited into a state that there is not',
    },
    {
      change: (a) => JSON.stringify({ ...a, version: '26.11.21-2.9' }),
      because: 'edited to another version',
    },
    {
      change: (a) => JSON.stringify({ ...a, build: 9, version: '26.11.21-9.9' }),
      because: 'of another BUILD',
    },
    { change: (a) => JSON.stringify({ ...a, line: 'kvm' }), because: 'of another line' },
    { change: (a) => JSON.stringify({ ...a, schema: 0 }), because: 'of a schema before the first' },
    { change: () => 'null', because: 'nothing in it' },
  ];
  test.each(spoilt)('keep their numbers, and count for nothing else: $because', async ({ change }) => {
    await spoil(change);
    expect(await taken({ recipe: 'a' })).toBe('26.11.21-1.3');
    const before = readFileSync(allocationFile(2), 'utf8');
    expect(await recoverLine(catalogue, 'server', NOW)).toMatchObject({ burnt: [] });
    expect(readFileSync(allocationFile(2), 'utf8')).toBe(before);
  });

  test('a copy under another number takes that number', async () => {
    await take();
    writeAllocation(9, readFileSync(allocationFile(1), 'utf8'));
    expect(await taken()).toBe('26.11.21-1.10');
  });

  test('of a newer Mintmark stop the line, and stay as they are', async () => {
    await spoil((allocation) => JSON.stringify({ ...allocation, schema: 2, more: true }));
    const newer = {
      kind: 'conflict',
      code: 'E_SCHEMA_NEWER',
      message: 'lines/server/alloc/2.json was written by a newer Mintmark (schema 2; this one reads 1)',
    };
    const before = readFileSync(allocationFile(2), 'utf8');
    await expect(take()).rejects.toMatchObject(newer);
    await expect(recoverLine(catalogue, 'server', NOW)).rejects.toMatchObject(newer);
    expect(readdirSync(join(catalogue, 'lines/server/alloc'))).toEqual(['1.json', '2.json']);
    expect(readFileSync(allocationFile(2), 'utf8')).toBe(before);
  });

  test('an index of a newer Mintmark stops the line', async () => {
    await take();
    writeFileSync(join(catalogue, 'lines/server/index.json'), '{"schema":2}');
    await expect(take()).rejects.toMatchObject({ code: 'E_SCHEMA_NEWER' });
    expect(readdirSync(join(catalogue, 'lines/server/alloc'))).toEqual(['1.json']);
  });
});

describe('a wished BUILD', () => {
  test('is taken, and the count goes on from there', async () => {
    expect(await taken({ buildNumber: 57 })).toBe('26.11.21-1.57');
    expect(await taken()).toBe('26.11.21-1.58');
  });

  test.each([57, 56, 1])('is refused when it is not above the last one: %d', async (buildNumber) => {
    await take({ buildNumber: 57 });
    await expect(take({ buildNumber })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_BUILD_TAKEN',
      hint: expect.stringContaining('--build-number 58'),
    });
  });
});

describe('refusals leave no trace', () => {
  test('an empty catalogue under CI needs a word', async () => {
    await expect(take({ ci: true })).rejects.toMatchObject({ kind: 'conflict', code: 'E_CATALOGUE_EMPTY' });
    expect(readdirSync(catalogue)).toEqual([]);
    expect(await taken({ ci: true, buildNumber: 57 })).toBe('26.11.21-1.57');
    expect(await taken({ ci: true })).toBe('26.11.21-1.58');
    expect(await taken({ ci: true, line: 'kvm' })).toBe('26.11.21-1.1');
  });

  test('or two', async () => {
    expect(await taken({ ci: true, newCatalogue: true })).toBe('26.11.21-1.1');
  });

  test('empty directories are no past', async () => {
    mkdirSync(join(catalogue, 'lines/server/alloc'), { recursive: true });
    await expect(take({ ci: true })).rejects.toMatchObject({ code: 'E_CATALOGUE_EMPTY' });
  });

  test('a clock set back', async () => {
    await take({ day: '2026-11-21' });
    await expect(take({ day: '2026-11-20' })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_VERSION_DATE',
      message: expect.stringContaining('2026-11-20 is before'),
      hint: expect.stringContaining('--date 2026-11-21'),
    });
    expect(readdirSync(join(catalogue, 'lines/server/alloc'))).toEqual(['1.json']);
  });

  test('a clock set back by a year, unless a person names the day', async () => {
    await take({ day: '2026-11-21' });
    await expect(take({ day: '2025-11-21' })).rejects.toMatchObject({ code: 'E_VERSION_DATE' });
    await expect(take({ day: '2025-11-21', recipe: 'b' })).rejects.toMatchObject({ code: 'E_VERSION_DATE' });
    expect(await taken({ day: '2026-11-21', recipe: 'b' })).toBe('26.11.21-2.2');
  });

  const places = ['lines', 'lines/server', 'lines/server/alloc', 'releases/server', 'failed/server'];
  test.each(places)('%s as a symbolic link out of the catalogue', async (place) => {
    const outside = mkdtempSync(join(tmpdir(), 'mintmark-outside-'));
    try {
      mkdirSync(join(catalogue, place, '..'), { recursive: true });
      symlinkSync(outside, join(catalogue, place));
      const refusal = { kind: 'host', code: 'E_CATALOGUE_SHAPE', message: expect.stringContaining(place) };
      await expect(take()).rejects.toMatchObject(refusal);
      const turn = {
        wait: false,
        signal: new AbortController().signal,
        emit: () => undefined,
        clock: systemClock,
      };
      await expect(takeLineTurn(catalogue, 'server', turn)).rejects.toMatchObject(refusal);
      expect(readdirSync(outside)).toEqual([]);
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  test('a clock that was ahead for a failed build blocks nothing', async () => {
    await burn(await take({ day: '2099-01-01' }), 'wrong clock', NOW);
    expect(await taken({ day: '2026-11-21' })).toBe('26.11.21-1.2');
  });

  test.each(['../etc', 'a/b', '', '..', 'a b', 'A', 'x'.repeat(64)])('the line name %j', async (line) => {
    await expect(take({ line })).rejects.toMatchObject({ kind: 'usage', code: 'E_LINE_NAME' });
    expect(readdirSync(catalogue)).toEqual([]);
  });

  test('a catalogue that is a file', async () => {
    rmSync(catalogue, { recursive: true });
    writeFileSync(catalogue, '');
    await expect(take()).rejects.toMatchObject({ kind: 'host', code: 'E_CATALOGUE_SHAPE' });
  });

  test('a catalogue that cannot be written', async () => {
    chmodSync(catalogue, 0o555);
    // Root may write everywhere, so that the test steps down for a moment.
    const asRoot = process.geteuid?.() === 0;
    if (asRoot) process.seteuid?.(65_534);
    try {
      await expect(take()).rejects.toMatchObject({
        kind: 'host',
        code: 'E_CATALOGUE_READ_ONLY',
        message: `the catalogue ${catalogue} cannot be written`,
        hint: expect.any(String),
      });
    } finally {
      if (asRoot) process.seteuid?.(0);
      chmodSync(catalogue, 0o755);
    }
  });
});

describe('the life of an allocation', () => {
  test('says who took it and what became of it', async () => {
    const reservation = await take();
    expect(readAllocationFile(1)).toMatchObject({
      line: 'server',
      build: 1,
      version: '26.11.21-1.1',
      recipeDigest: 'a'.repeat(64),
      state: 'reserved',
      at: '2026-11-21T07:31:00.000Z',
      owner: { pid: process.pid, bootId: expect.any(String), host: expect.any(String) },
    });
    await markBuilding(reservation, NOW, '20261121-0731-server');
    expect(readAllocationFile(1)).toMatchObject({ state: 'building', run: '20261121-0731-server' });
    await burn(reservation, 'the guest never came up', NOW);
    expect(readAllocationFile(1)).toMatchObject({ state: 'failed', reason: 'the guest never came up' });
    await markBuilding(reservation, NOW);
    expect(readAllocationFile(1)).not.toHaveProperty('reason');
    await markReleased(reservation, NOW);
    expect(readAllocationFile(1)).toMatchObject({ state: 'released' });
    expect(await burn(reservation, 'too late', NOW)).toBe(false);
    expect(readAllocationFile(1)).toMatchObject({ state: 'released' });
  });

  test('an unchanged build points at its equal and is over', async () => {
    await markReleased(await take(), NOW);
    const reservation = await take();
    await markUnchanged(reservation, '26.11.21-1.1', NOW);
    expect(readAllocationFile(2)).toMatchObject({ state: 'unchanged', equalTo: '26.11.21-1.1' });
    await expect(markBuilding(reservation, NOW)).rejects.toMatchObject({ code: 'E_ALLOCATION_STATE' });
  });

  test('a failed build goes on under its number unless others were told it is gone', async () => {
    const first = await take({ recipe: 'a' });
    await burn(first, 'mirror down', NOW);
    await markBuilding(first, NOW);
    await burn(first, 'mirror down again', NOW);
    expect(await taken({ recipe: 'b' })).toBe('26.11.21-1.2');
    await expect(markBuilding(first, NOW)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'E_VERSION_OVERTAKEN',
    });
  });

  test('a reservation of nobody is refused', async () => {
    const foreign = { catalogue, line: 'server', build: 7, long: '26.11.21-1.7' };
    await expect(markReleased(foreign, NOW)).rejects.toMatchObject({ code: 'E_ALLOCATION_MISSING' });
  });

  const elsewhere: readonly {
    owner: Record<string, string>;
    minutes: number;
    dead: boolean;
    because: string;
  }[] = [
    { owner: { host: 'build7' }, minutes: 9, dead: false, because: 'another host was heard of' },
    { owner: { host: 'build7' }, minutes: 11, dead: true, because: 'another host is silent' },
    {
      owner: { pidNamespace: 'pid:[1]' },
      minutes: 9,
      dead: false,
      because: 'another container was heard of',
    },
    { owner: { pidNamespace: 'pid:[1]' }, minutes: 11, dead: true, because: 'another container is silent' },
    { owner: {}, minutes: 11, dead: false, because: 'it is our own process, which lives' },
  ];
  test.each(elsewhere)(
    'where nobody can look, silence decides: $because',
    async ({ owner, minutes, dead }) => {
      await markBuilding(await take(), NOW);
      changeOwner(1, owner);
      const then = Date.now() / 1000 - minutes * 60;
      utimesSync(allocationFile(1), then, then);
      // A year after or before what the file server calls now: no clock of ours has a say.
      for (const now of ['2025-11-21T07:31:00Z', '2027-11-21T07:31:00Z']) {
        await recoverLine(catalogue, 'server', new Date(now));
        expect(readAllocationFile(1)).toMatchObject(
          dead
            ? {
                state: 'failed',
                reason: expect.stringMatching(/^its run was silent for ten minutes: process \d+ on ./),
              }
            : { state: 'building' },
        );
      }
      expect(await taken()).toBe('26.11.21-1.2');
    },
  );

  test('a build that renews its reservation is not silent', async () => {
    const reservation = await take();
    await markBuilding(reservation, NOW);
    changeOwner(1, { host: 'build7' });
    const text = readFileSync(allocationFile(1), 'utf8');
    utimesSync(allocationFile(1), 0, 0);
    const stop = keepReserved(reservation, 5);
    while (statSync(allocationFile(1)).mtimeMs === 0) await sleep(5);
    stop();
    expect(await recoverLine(catalogue, 'server', NOW)).toMatchObject({ burnt: [] });
    expect(readFileSync(allocationFile(1), 'utf8')).toBe(text);
  });

  test('a build that slept until it was burnt finds out, and goes on only where nobody came after it', async () => {
    const sleeper = await take({ recipe: 'a' });
    await markBuilding(sleeper, NOW);
    changeOwner(1, { host: 'build7' });
    utimesSync(allocationFile(1), 0, 0);
    await recoverLine(catalogue, 'server', NOW);
    await expect(markReleased(sleeper, NOW)).rejects.toMatchObject({ code: 'E_ALLOCATION_STATE' });
    await markBuilding(sleeper, NOW);
    await burn(sleeper, 'again', NOW);
    await take({ recipe: 'b' });
    await expect(markBuilding(sleeper, NOW)).rejects.toMatchObject({ code: 'E_VERSION_OVERTAKEN' });
  });

  test('what a dead process was building gets burnt, what a living one builds does not', async () => {
    await take();
    await take();
    const allocation = JSON.parse(readFileSync(allocationFile(1), 'utf8'));
    writeAllocation(1, JSON.stringify({ ...allocation, owner: { ...allocation.owner, ...DEAD } }));
    expect(await recoverLine(catalogue, 'server', NOW)).toMatchObject({ burnt: ['26.11.21-1.1'] });
    expect(readAllocationFile(1)).toMatchObject({ state: 'failed', reason: 'its run ended without a word' });
    expect(readAllocationFile(2)).toMatchObject({ state: 'reserved' });
  });
});

test('a build keeps the day on which it began, also when others began later and ended before', async () => {
  const late = await take({ day: '2026-11-21' });
  const early = await take({ day: '2026-11-22' });
  await markReleased(early, new Date('2026-11-22T00:05:00Z'));
  const allocation = await markReleased(late, new Date('2026-11-22T00:10:00Z'));
  expect([late.long, early.long]).toEqual(['26.11.21-1.1', '26.11.22-1.2']);
  expect(allocation).toMatchObject({ version: '26.11.21-1.1', at: '2026-11-22T00:10:00.000Z' });
  expect(await taken({ day: '2026-11-22' })).toBe('26.11.22-1.3');
});

test('version next looks and takes nothing', async () => {
  const day = { year: 2026, month: 11, day: 21 };
  expect(await nextVersion(catalogue, 'server', day, 'daily')).toMatchObject({
    sameRecipe: { long: '26.11.21-1.1' },
    otherRecipe: { long: '26.11.21-1.1' },
  });
  expect(readdirSync(catalogue)).toEqual([]);
  await take();
  expect(await nextVersion(catalogue, 'server', day, 'daily')).toMatchObject({
    last: '26.11.21-1.1',
    sameRecipe: { long: '26.11.21-1.2', wire: '26.11.21.2' },
    otherRecipe: { long: '26.11.21-2.2' },
  });
});

test('twenty builders in one process take twenty numbers', async () => {
  const longs = await Promise.all(Array.from({ length: 20 }, () => taken()));
  expect(new Set(longs).size).toBe(20);
  expect((await readLineHistory(catalogue, 'server')).highestBuild).toBe(20);
});

test('twenty builds of four processes take twenty numbers, and one INTER is one recipe', async () => {
  const source = compileSource('workflows/allocate-version.ts');
  try {
    const script = join(import.meta.dirname, 'fixtures/reserve.mjs');
    const run = (recipe: string) =>
      promisify(execFile)(process.execPath, [script, source.directory, catalogue, 'server', '5', recipe]);
    const outputs = await Promise.all(['a', 'b', 'a', 'c'].map(run));
    const longs = outputs.flatMap(({ stdout }) => stdout.trim().split('\n'));
    expect(longs.map((long) => Number(long.split('.').at(-1))).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    const recipeOf = new Map<string, string>();
    for (const name of readdirSync(join(catalogue, 'lines/server/alloc'))) {
      const text = readFileSync(join(catalogue, 'lines/server/alloc', name), 'utf8');
      const { version, recipeDigest } = parseAllocation(text, name);
      const inter = version.slice(0, version.lastIndexOf('.'));
      expect(recipeOf.get(inter) ?? recipeDigest).toBe(recipeDigest);
      recipeOf.set(inter, recipeDigest);
    }
  } finally {
    source.remove();
  }
});
