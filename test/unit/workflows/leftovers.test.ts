import { mkdir, utimes } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { readProcessIdentity, type ProcessIdentity } from '../../../src/host/process-identity.ts';
import { checkLeftovers } from '../../../src/workflows/doctor-leftovers.ts';
import { findLeftovers, type Leftover } from '../../../src/workflows/leftovers.ts';
import { workDirectories } from '../../../src/workflows/work-directory.ts';
import { useScratchDirectory } from './scratch-directory.ts';
import { scriptedContext } from './scripted-runner.ts';

const WORK = workDirectories('cache');
const scratch = useScratchDirectory('leftovers');
const uid = process.getuid?.() ?? 0;
let living: Partial<ProcessIdentity> | undefined;
let dead: Partial<ProcessIdentity> | undefined;
let foreign: Partial<ProcessIdentity> | undefined;
beforeEach(async () => {
  living = await readProcessIdentity();
  dead = { ...living, pid: 2 ** 22 + 1 };
  foreign = { ...living, host: 'elsewhere' };
});

const context = () => scriptedContext(scratch.path, {}, { clock: { now: () => new Date() } }).context;
const find = (places: { uid?: number } = {}): Promise<Leftover[]> =>
  findLeftovers(context(), {
    catalogue: scratch.join('catalogue'),
    temporary: scratch.join('tmp'),
    uid,
    ...places,
  });
const shown = async (): Promise<string[]> =>
  (await find()).map(({ kind, path }) => `${kind} ${path.slice(scratch.path.length + 1)}`);

async function oldDirectory(name: string, ageMs: number): Promise<void> {
  await mkdir(scratch.join(name), { recursive: true });
  const then = new Date(Date.now() - ageMs);
  await utimes(scratch.join(name), then, then);
}
const HOUR_MS = 3_600_000;

describe('leftovers', () => {
  test('of nothing are none', async () => {
    expect(await find()).toEqual([]);
  });

  test.each([
    { status: 'running', owner: () => dead, found: true, because: 'it never said how it ended' },
    { status: 'running', owner: () => living, found: false, because: 'it goes on' },
    { status: 'running', owner: () => foreign, found: false, because: 'it may go on where we cannot look' },
    { status: 'running', owner: () => undefined, found: false, because: 'nobody knows whose it is' },
    { status: 'failed', owner: () => dead, found: false, because: 'it ended, and its logs are kept' },
    { status: 'done', owner: () => dead, found: false, because: 'it ended well' },
  ])('a run: $because', async ({ status, owner, found }) => {
    await scratch.write('state/runs/r1/state.json', JSON.stringify({ status, owner: owner() }));
    await scratch.write('state/runs/r1/disk.raw', Buffer.alloc(20_000, 1));
    expect(await shown()).toEqual(found ? ['run state/runs/r1'] : []);
    if (!found) return;
    const [run] = await find();
    expect(run).toMatchObject({ owner: 'run r1', isSwept: true });
    expect(run?.usedBytes).toBeGreaterThanOrEqual(20_000);
  });

  test.each(['', '[]', '{"status":"running","owner":{"pid":"x"}}'])(
    'a run with the state %j is left alone',
    async (text) => {
      await scratch.write('state/runs/r1/state.json', text);
      expect(await find()).toEqual([]);
    },
  );

  test('work, claims, locks and releases of dead processes', async () => {
    const mark = JSON.stringify({ token: 't', identity: dead });
    await scratch.write(`${WORK}/base-1/owner.json`, JSON.stringify(dead));
    await scratch.write(`${WORK}/key.lock`, mark);
    await scratch.write('state/shares/1-1-aaaaaa.json', JSON.stringify({ turn: 1, identity: dead }));
    await scratch.write('catalogue/.lock', mark);
    await scratch.write('catalogue/lines/server/.turn', mark);
    await scratch.write('catalogue/lines/server/.lock', mark);
    await scratch.write('catalogue/.staging/server_1-aa.owner.json', JSON.stringify(dead));
    const found = await find();
    expect(found.map(({ kind, path }) => `${kind} ${path.slice(scratch.path.length + 1)}`)).toEqual([
      `work ${WORK}/base-1`,
      `lock ${WORK}/key.lock`,
      'lock catalogue/.lock',
      'staging catalogue/.staging/server_1-aa',
      'lock catalogue/lines/server/.lock',
      'lock catalogue/lines/server/.turn',
      'share state/shares/1-1-aaaaaa.json',
    ]);
    for (const { owner, isSwept } of found) {
      expect(owner).toMatch(/^process 4194305 on /);
      expect(isSwept).toBe(true);
    }
  });

  test('nothing of living processes is among them', async () => {
    const mark = JSON.stringify({ token: 't', identity: living });
    await scratch.write(`${WORK}/base-1/owner.json`, JSON.stringify(living));
    await scratch.write(`${WORK}/key.lock`, mark);
    await scratch.write('state/shares/1-1-aaaaaa.json', JSON.stringify({ turn: 1, identity: living }));
    await scratch.write('catalogue/lines/server/.turn', mark);
    await scratch.write('catalogue/.staging/server_1-aa.owner.json', JSON.stringify(living));
    expect(await find()).toEqual([]);
  });

  test.each([
    { name: 'libguestfsAbC123', ageMs: 2 * HOUR_MS, found: true, because: 'of virt-sparsify, forgotten' },
    { name: 'mintmark-doctor-x', ageMs: 2 * HOUR_MS, found: true, because: 'ours, forgotten' },
    { name: 'libguestfsAbC123', ageMs: HOUR_MS / 2, found: false, because: 'it may be in use' },
    { name: 'libguestfs', ageMs: 2 * HOUR_MS, found: false, because: 'somebody’s own name for something' },
    { name: 'tmp.AbC', ageMs: 2 * HOUR_MS, found: false, because: 'none of ours' },
  ])('$name in the temporary directory: $because', async ({ name, ageMs, found }) => {
    await oldDirectory(`tmp/${name}`, ageMs);
    expect(await shown()).toEqual(found ? [`temporary tmp/${name}`] : []);
    expect(await find({ uid: uid + 1 })).toEqual([]);
  });

  test('a temporary directory in which something was touched is in use', async () => {
    await scratch.write('tmp/libguestfsAbC123/socket', '');
    await oldDirectory('tmp/libguestfsAbC123', 2 * HOUR_MS);
    expect(await find()).toEqual([]);
  });

  test('a plain file is no directory of ours', async () => {
    await scratch.write('tmp/mintmark-file', '');
    await utimes(scratch.join('tmp/mintmark-file'), 0, 0);
    expect(await find()).toEqual([]);
  });
});

const ask = async () =>
  checkLeftovers({ catalogue: scratch.join('catalogue') }, context(), { root: scratch.path, uid });

describe('what the doctor says of them', () => {
  test('nothing to say', async () => {
    expect(await ask()).toEqual([{ name: 'leftovers', status: 'ok', text: 'none of dead builds' }]);
  });

  test('what is swept and what is not, each with its remedy', async () => {
    await scratch.write(`${WORK}/base-1/owner.json`, JSON.stringify(dead));
    await scratch.write('state/runs/r 1/state.json', JSON.stringify({ status: 'running', owner: dead }));
    await oldDirectory('tmp/libguestfsAbC123', 2 * HOUR_MS);
    const [swept, kept] = await ask();
    expect(swept).toMatchObject({
      status: 'warn',
      remedy: 'nothing: the next build sweeps it or takes it over',
    });
    expect(swept?.text).toMatch(
      /^dead builds left 1 work directory, 1 run, .*cache\/work.base-1 \(process .*\), …$/,
    );
    expect(kept?.text).toMatch(
      /^dead builds left 1 temporary directory, .*libguestfsAbC123 \(untouched since /,
    );
    expect(kept?.remedy).toMatch(/^rm -r \S*libguestfsAbC123$/);
  });
});
