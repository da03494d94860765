import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isLive, parseAllocation, type Allocation } from '../../src/catalogue/allocation.ts';
import { compareRecords } from '../../src/versions/compare-versions.ts';
import { parseIdentity } from '../../src/versions/parse-version.ts';
import { renderInter } from '../../src/versions/version.ts';
import { recoverLine } from '../../src/workflows/recover-line.ts';
import { compileSource } from '../compiled-source.ts';

const FAKES = join(import.meta.dirname, 'fake-fs');
const PROCESSES = 20;
const EACH = 3;

const source = compileSource('workflows/recover-line.ts');
afterAll(source.remove);

let catalogue: string;
beforeEach(() => {
  catalogue = mkdtempSync(join(tmpdir(), 'mintmark-allocation-'));
});
afterEach(() => {
  rmSync(catalogue, { recursive: true, force: true });
});

/** What one process says of a version that it got; times in microseconds since the machine started. */
interface Taken {
  readonly long: string;
  readonly build: number;
  readonly from: number;
  readonly to: number;
  readonly end: 'released' | 'failed' | 'silent';
}

interface Taker {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly taken: readonly Taken[];
}

interface Weather {
  readonly because: string;
  /** Variables of the file-system double; none for the real thing. */
  readonly double?: Readonly<Record<string, string>>;
  /** How many of the processes are killed. */
  readonly killed: number;
}

const NETWORK = { FAKE_FS_LOSS: '0.15', FAKE_FS_DELAY_MS: '200' };

/** Lets a process take versions; `killAfterMs` counts from its first one. */
async function letTake(seed: number, { double }: Weather, killAfterMs?: number): Promise<Taker> {
  const preload = double ? ['--import', join(FAKES, 'network-fs.mjs')] : [];
  const recipes = seed % 2 === 0 ? 'ab' : 'aac';
  const args = [...preload, join(FAKES, 'reserve-many.mjs'), source.directory, catalogue, `${EACH}`, recipes];
  const child = spawn(process.execPath, args, {
    env: { ...double, FAKE_FS_ROOT: catalogue, FAKE_FS_SEED: `${seed}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (killAfterMs !== undefined) {
    child.stdout.once('data', () => void sleep(killAfterMs).then(() => child.kill('SIGKILL')));
  }
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const lines = stdout.split('\n').slice(0, -1);
  return { exitCode, stderr, taken: lines.map((line): Taken => JSON.parse(line)) };
}

function readAllocations(): Allocation[] {
  const directory = join(catalogue, 'lines/server/alloc');
  return readdirSync(directory)
    .filter((name) => /^\d+\.json$/.test(name))
    .map((name) => {
      const allocation = parseAllocation(readFileSync(join(directory, name), 'utf8'), name);
      expect(name).toBe(`${allocation.build}.json`);
      return allocation;
    })
    .toSorted((a, b) => a.build - b.build);
}

function leftovers(): string[] {
  const names = readdirSync(catalogue, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /(?:^|\/)\./.test(name) && name !== '.staging');
}

/** Who asked after somebody else had been answered got a higher number. */
function expectMonotonic(taken: readonly Taken[]): void {
  for (const late of taken) {
    const before = taken.filter(({ to }) => to < late.from).map(({ build }) => build);
    expect(late.build).toBeGreaterThan(Math.max(0, ...before));
  }
}

/** What lives is in one order by BUILD and by LONG, and one INTER is of one recipe. */
function expectOrder(live: readonly Allocation[]): void {
  const recipes = new Map<string, string>();
  const versions = live.map(({ version, recipeDigest }) => ({ ...parseIdentity(version), recipeDigest }));
  for (const [index, version] of versions.entries()) {
    const before = versions[index - 1];
    if (before) expect(compareRecords(version, before)).toBeGreaterThan(0);
    const inter = renderInter(version);
    expect(recipes.get(inter) ?? version.recipeDigest).toBe(version.recipeDigest);
    recipes.set(inter, version.recipeDigest);
  }
}

describe(`${PROCESSES} processes take versions of one line`, () => {
  const weathers: readonly Weather[] = [
    { because: 'on a plain file system', killed: 0 },
    { because: 'through a network that loses replies and shows old names', double: NETWORK, killed: 0 },
    { because: 'and some of them are killed', killed: 8 },
    { because: 'and some of them are killed, through such a network', double: NETWORK, killed: 8 },
  ];

  test.each(weathers)(
    '$because',
    async (weather) => {
      const takers = await Promise.all(
        Array.from({ length: PROCESSES }, (_, index) =>
          letTake(index + 1, weather, index < weather.killed ? 20 + 90 * index : undefined),
        ),
      );
      const ended = takers.filter(({ exitCode }) => exitCode === 0);
      expect(takers.filter(({ exitCode }) => (exitCode ?? 0) !== 0).map(({ stderr }) => stderr)).toEqual([]);
      expect(ended.length).toBeGreaterThanOrEqual(PROCESSES - weather.killed);
      expect(ended.every(({ taken }) => taken.length === EACH)).toBe(true);

      const taken = takers.flatMap((taker) => taker.taken);
      const all = readAllocations();
      // No number twice, none left out: who was killed either has its number for ever or never had it.
      expect(new Set(taken.map(({ build }) => build)).size).toBe(taken.length);
      expect(all.map(({ build }) => build)).toEqual(Array.from(all, (_, index) => index + 1));
      expect(all.length - taken.length).toBeLessThanOrEqual(weather.killed);
      expectMonotonic(taken);

      await recoverLine(catalogue, 'server', new Date());
      const settled = readAllocations();
      expect(settled.map(({ version }) => version)).toEqual(all.map(({ version }) => version));
      expect(settled.filter(({ state }) => state === 'reserved' || state === 'building')).toEqual([]);
      const ends = new Map(settled.map(({ build, state }) => [build, state]));
      for (const { build, end } of ended.flatMap((taker) => taker.taken)) {
        expect(ends.get(build)).toBe(end === 'released' ? 'released' : 'failed');
      }
      expectOrder(settled.filter(({ state }) => isLive(state)));
      if (weather.killed === 0) expect(leftovers()).toEqual([]);
      await recoverLine(catalogue, 'server', new Date(Date.now() + 2 * 3_600_000));
      expect(leftovers()).toEqual([]);
    },
    60_000,
  );
});

/** What runs in a process of its own: takes versions, and meanwhile lets others take some that it cannot see. */
const SCRIPT = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { readdir } from 'node:fs/promises';
  const { reserve } = await import('${source.directory}/workflows/allocate-version.js');
  const catalogue = process.env.FAKE_FS_ROOT;
  const take = (recipe) => reserve(catalogue, 'server', {
    date: { year: 2026, month: 11, day: 21 }, policy: 'daily', recipeDigest: recipe.repeat(64),
    newCatalogue: false, ci: false, now: new Date(),
  });
  // Not by node:fs/promises, so that the double does not know of it.
  const letOthersTake = (build, rev, recipe) => {
    const file = (number) => catalogue + '/lines/server/alloc/' + number + '.json';
    const others = {
      ...JSON.parse(readFileSync(file(1), 'utf8')),
      build, version: '26.11.21-' + rev + '.' + build, recipeDigest: recipe.repeat(64),
    };
    writeFileSync(file(build), JSON.stringify(others));
  };
  const lookAround = () => readdir(catalogue + '/lines/server/alloc');
  const say = ({ long }) => console.log(long);
`;

async function runScript(code: string, double: Readonly<Record<string, string>>): Promise<string[]> {
  const args = ['--import', join(FAKES, 'network-fs.mjs'), '--input-type=module', '--eval', SCRIPT + code];
  const env = { FAKE_FS_ROOT: catalogue, ...double };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return stdout.trim().split('\n');
}

describe('through a network', () => {
  test('that loses every single reply, versions are taken all the same', async () => {
    const weather = { because: '', killed: 0, double: { FAKE_FS_LOSS: '1', FAKE_FS_DELAY_MS: '100' } };
    for (const seed of [1, 2, 3]) {
      const { stderr, taken } = await letTake(seed, weather);
      expect({ stderr, count: taken.length }).toEqual({ stderr: '', count: EACH });
    }
    expect(readAllocations().map(({ build }) => build)).toEqual(
      Array.from({ length: 3 * EACH }, (_, index) => index + 1),
    );
    expect(leftovers()).toEqual([]);
  });

  test('whose listings stay old for a minute, who loses gets on, and sees what it lost to', async () => {
    const code = `
      say(await take('a'));
      for (let build = 2; build <= 30; build += 1) letOthersTake(build, 2, 'b');
      say(await take('a'));
      say(await take('a'));
    `;
    expect(await runScript(code, { FAKE_FS_DELAY_MS: '60000', FAKE_FS_SEED: '5' })).toEqual([
      '26.11.21-1.1',
      '26.11.21-3.31',
      '26.11.21-3.32',
    ]);
  });

  test('where a client asks afresh once it changes something, numbers that were left out stay out', async () => {
    const code = `
      say(await take('a'));
      await lookAround();
      letOthersTake(57, 1, 'a');
      say(await take('b'));
    `;
    const double = { FAKE_FS_DELAY_MS: '60000', FAKE_FS_SEED: '5', FAKE_FS_REFRESH: '1' };
    expect(await runScript(code, double)).toEqual(['26.11.21-1.1', '26.11.21-2.58']);
  });
});

test('a disk that gets full at any write gives no version away, and keeps what was there', async () => {
  const code = `
    await take('a').then(say, ({ kind, code, hint }) => console.log(kind, code, hint !== undefined));
  `;
  const answers: string[] = [];
  for (let writes = 0; answers.at(-1) !== '26.11.21-1.1'; writes += 1) {
    answers.push(...(await runScript(code, { FAKE_FS_FULL: `${writes}` })));
    expect(leftovers()).toEqual([]);
  }
  expect(answers.length).toBeGreaterThan(2);
  expect(new Set(answers.slice(0, -1))).toEqual(new Set(['host E_CATALOGUE_FULL true']));
  expect(readAllocations().map(({ build }) => build)).toEqual([1]);
}, 60_000);
