import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { aptRootPaths, renderAptConfig } from '../../src/bases/apt-config.ts';
import type { ClosurePackage } from '../../src/bases/closure.ts';
import { systemClock } from '../../src/host/clock.ts';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import { run } from '../../src/host/run.ts';
import type { WorkflowContext } from '../../src/workflows/build-request.ts';
import { fetchPackages } from '../../src/workflows/fetch-packages.ts';
import { partialDirectory } from '../../src/workflows/partial-downloads.ts';
import { runApt } from '../../src/workflows/run-apt.ts';
import { updateIndices } from '../../src/workflows/update-indices.ts';
import { CLI, compileWhenStale } from '../integration/compiled-cli.ts';
import { startFaultyMirror, type Fault, type FaultyMirror } from './faulty-mirror.ts';
import { makeRepository } from './small-repository.ts';

/*
 * The real apt against a mirror that fails in every way we know. Nothing is signed: the sources are marked as trusted,
 * which the configuration of a build never does.
 */

const missing = (
  await Promise.all(
    ['apt-get', 'setpriv', '/usr/lib/apt/apt-helper'].map(async (name) => [
      name,
      await findProgramIfAny(name),
    ]),
  )
).flatMap(([name, found]) => (found === undefined ? [name] : []));
if (missing.length > 0) process.stderr.write(`skipped: faults of a mirror: no ${missing.join(', ')}\n`);
const withApt = missing.length === 0 ? describe : describe.skip;

const BIG = 4_000_000;
const repository = makeRepository({ small: 20_000, big: BIG, other: 30_000 });
const [small, big, other] = [packageOf('small'), packageOf('big'), packageOf('other')];
const DEB = 'big_1_all.deb';

function packageOf(name: string): ClosurePackage {
  const found = repository.packages.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`the repository has no ${name}`);
  return found;
}

let directory = '';
let root = '';
let mirror: FaultyMirror | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-faults-'));
  root = join(directory, 'cache/apt/root');
});
afterEach(async () => {
  await mirror?.die().catch(() => undefined);
  await rm(directory, { recursive: true, force: true });
});

/** An apt root whose indices are those of our repository. */
async function prepare(uri: string, more: readonly { name: string; value: string }[] = []): Promise<void> {
  const paths = aptRootPaths(root);
  await mkdir(join(paths.lists, 'partial'), { recursive: true });
  await mkdir(partialDirectory(root), { recursive: true });
  const config = renderAptConfig({ directory: root, architecture: 'amd64', recommends: false }, more);
  await writeFile(paths.config, config);
  await writeFile(paths.sources, `deb [trusted=yes] ${uri} ./\n`);
  await writeFile(paths.status, '');
}

async function start(
  faults: Readonly<Record<string, Fault[]>> = {},
  timeoutSeconds = 15,
): Promise<FaultyMirror> {
  mirror = await startFaultyMirror(repository.files, faults);
  await prepare(mirror.uri, [{ name: 'Acquire::http::Timeout', value: String(timeoutSeconds) }]);
  await update('0').done;
  return mirror;
}

interface Attempt {
  readonly told: string[];
  readonly stop: () => void;
  readonly done: Promise<void>;
}

function attempt(wait: string, action: (context: WorkflowContext) => Promise<void>): Attempt {
  const told: string[] = [];
  const controller = new AbortController();
  const context: WorkflowContext = {
    emit: (event) => void told.push('text' in event ? event.text : event.type),
    signal: controller.signal,
    clock: systemClock,
    run,
    directories: { cache: join(directory, 'cache'), state: join(directory, 'state') },
    environment: { MINTMARK_MIRROR_WAIT: wait },
  };
  return { told, stop: () => controller.abort(), done: action(context) };
}

const update = (wait: string): Attempt => attempt(wait, (context) => updateIndices(root, context));

function fetch(packages: readonly ClosurePackage[], wait = '60', destination = 'pool'): Attempt {
  const aptConfig = aptRootPaths(root).config;
  const request = { aptConfig, destination: join(directory, destination), offline: false };
  return attempt(wait, (context) => fetchPackages(packages, request, context));
}

/** Address of a compiled file, for a process of its own to import. */
const compiled = (name: string): string => pathToFileURL(join(dirname(CLI), '..', name)).href;

async function expectWhole(...packages: readonly ClosurePackage[]): Promise<void> {
  for (const { file } of packages) {
    const bytes = await readFile(join(directory, 'pool', file));
    expect(bytes.equals(repository.files.get(`/pool/${file}`) ?? Buffer.alloc(0))).toBe(true);
  }
  expect(await readdir(partialDirectory(root))).toEqual([]);
}

const askedFor = (end: string): (number | undefined)[] =>
  (mirror?.seen ?? []).filter(({ path }) => path.endsWith(end)).map(({ from }) => from);

withApt('packages, from a mirror that', () => {
  test('dies in the middle of one and comes back: the rest is asked for, not the whole', async () => {
    const server = await start({ [DEB]: ['cut'] });
    const before = server.sentBytes();
    const { done, told } = fetch([small, big, other]);
    done.catch(() => undefined);
    while (askedFor(DEB).length === 0) await delay(10);
    await delay(300);
    await server.die();
    await delay(1200);
    await server.revive();
    await done;
    await expectWhole(small, big, other);
    expect(askedFor(DEB)).toEqual([undefined, BIG / 2]);
    // apt asks for several at once, so that a small answer may be lost with the connection.
    const all = small.sizeBytes + big.sizeBytes + other.sizeBytes;
    expect(server.sentBytes() - before).toBeLessThanOrEqual(all + small.sizeBytes + other.sizeBytes);
    expect(told[0]).toMatch(
      /^the mirror does not answer now: .*; trying again in 1 s, for at most \d+ s more$/,
    );
  });

  test('is out of order twice, then well', async () => {
    await start({ [DEB]: [503, 500] });
    const { done, told } = fetch([small, big]);
    await done;
    await expectWhole(small, big);
    expect(told.map((text) => /now: (.*?);/.exec(text)?.[1])).toEqual([
      '503 Service Unavailable',
      '500 Internal Server Error',
    ]);
    expect(askedFor('small_1_all.deb')).toHaveLength(1);
  });

  test('no longer has one says so at once', async () => {
    const server = await start({ [DEB]: [404] });
    const startedAt = performance.now();
    const { done, told } = fetch([small, big]);
    await expect(done).rejects.toMatchObject({
      code: 'E_MIRROR_LACKS_SUITE',
      message: `not there: the mirror answers but does not have ${server.uri}/pool/${DEB}`,
    });
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect(told).toEqual([]);
    expect(askedFor(DEB)).toHaveLength(1);
    expect(await readdir(join(directory, 'cache/debs'))).toEqual([small.sha256]);
  });

  test.each([
    { faults: ['stall'], asked: [undefined, BIG / 2], because: 'stalls in the middle' },
    {
      faults: ['silent', 'silent'],
      asked: [undefined, undefined, undefined],
      because: 'says nothing at first',
    },
    {
      faults: ['hang-up', 'hang-up'],
      asked: [undefined, undefined, undefined],
      because: 'hangs up at first',
    },
    { faults: ['cut', 'whole'], asked: [undefined, BIG / 2], because: 'cannot send parts' },
    { faults: ['wrong'], asked: [undefined, undefined], because: 'sends wrong bytes once' },
    { faults: ['cut', 'wrong'], asked: [undefined, BIG / 2, undefined], because: 'goes on with wrong bytes' },
  ] satisfies { faults: Fault[]; asked: (number | undefined)[]; because: string }[])(
    '$because',
    async ({ faults, asked }) => {
      await start({ [DEB]: faults }, 1);
      const { done, told } = fetch([big]);
      await done;
      await expectWhole(big);
      expect(askedFor(DEB)).toEqual(asked);
      expect(told.length).toBeGreaterThan(0);
    },
  );

  test('sends wrong bytes for good is not asked a third time', async () => {
    await start({ [DEB]: ['wrong', 'wrong', 'wrong'] });
    await expect(fetch([big]).done).rejects.toMatchObject({ code: 'E_MIRROR_INCONSISTENT' });
    expect(askedFor(DEB)).toHaveLength(2);
    expect(await readdir(partialDirectory(root))).toEqual([]);
  });

  test('sends well, while what lay here was wrong: that is thrown away', async () => {
    await start();
    await writeFile(join(partialDirectory(root), big.sha256), Buffer.alloc(1_000_000));
    await fetch([big], '0').done;
    await expectWhole(big);
    expect(askedFor(DEB)).toEqual([1_000_000, undefined]);
  });

  test('never answers: the cap holds, and the failure says how often and how long', async () => {
    const server = await start();
    await server.die();
    const startedAt = performance.now();
    const { done, told } = fetch([big], '3');
    await expect(done).rejects.toMatchObject({
      kind: 'host',
      code: 'E_MIRROR_UNREACHABLE',
      message: expect.stringMatching(
        /^not now: the mirror did not answer in [34] tries over 3 s \(Could not connect to 127\.0\.0\.1:\d+\)$/,
      ),
      hint: expect.stringContaining('--offline'),
    });
    expect(performance.now() - startedAt).toBeLessThan(6000);
    expect(told.length).toBeGreaterThan(1);
  });

  test('is slow, in the middle of which we are killed: the next run goes on', async () => {
    await start({ [DEB]: ['slow'] });
    compileWhenStale();
    const aptConfig = aptRootPaths(root).config;
    const request = { aptConfig, destination: join(directory, 'pool'), offline: false };
    const directories = { cache: join(directory, 'cache'), state: join(directory, 'state') };
    const child = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { fetchPackages } from ${JSON.stringify(compiled('workflows/fetch-packages.js'))};
       import { run } from ${JSON.stringify(compiled('host/run.js'))};
       await fetchPackages([${JSON.stringify(big)}], ${JSON.stringify(request)}, { emit: () => {}, run,
         signal: new AbortController().signal, clock: { now: () => new Date() }, environment: {},
         directories: ${JSON.stringify(directories)} });`,
    ]);
    const partial = join(partialDirectory(root), big.sha256);
    const sizeOf = (): Promise<number> =>
      stat(partial).then(
        ({ size }) => size,
        () => 0,
      );
    while ((await sizeOf()) < 500_000) await delay(20);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    await fetch([big]).done;
    await expectWhole(big);
    const [first, second] = askedFor(DEB);
    expect(first).toBeUndefined();
    expect(second).toBeGreaterThanOrEqual(500_000);
  });

  test('is slow, in the middle of which a person interrupts: at once, and what came stays', async () => {
    await start({ [DEB]: ['slow'] });
    const { done, stop } = fetch([big]);
    done.catch(() => undefined);
    while ((await readdir(partialDirectory(root))).length === 0) await delay(20);
    await delay(300);
    const stoppedAt = performance.now();
    stop();
    await expect(done).rejects.toMatchObject({ kind: 'interrupted' });
    expect(performance.now() - stoppedAt).toBeLessThan(1500);
    expect(await readdir(partialDirectory(root))).toEqual([big.sha256]);
  });

  test('two builds ask at once sends each package once', async () => {
    await start({ [DEB]: ['slow'] });
    await Promise.all([fetch([big, small]).done, fetch([big, other], '60', 'second').done]);
    await expectWhole(big, small);
    expect(askedFor(DEB)).toHaveLength(1);
  });

  test('is a directory', async () => {
    const served = join(directory, 'served');
    for (const [path, bytes] of repository.files) {
      await mkdir(dirname(join(served, path)), { recursive: true });
      await writeFile(join(served, path), bytes);
    }
    await prepare(`file:${served}`);
    await update('0').done;
    await fetch([small, big], '0').done;
    await expectWhole(small, big);
    const stored = await stat(join(directory, 'cache/debs', big.sha256));
    expect(stored.isFile()).toBe(true);
  });
});

withApt('indices, from a mirror that', () => {
  test('is out of order twice, then well', async () => {
    const server = await startFaultyMirror(repository.files, { '/Packages': [503, 503] });
    mirror = server;
    await prepare(server.uri);
    const { done, told } = update('60');
    await done;
    expect(told).toHaveLength(2);
    expect(askedFor('/Packages')).toHaveLength(3);
  });

  test('does not have them says so at once', async () => {
    const server = await startFaultyMirror(repository.files, { '/Packages': [404, 404, 404, 404] });
    mirror = server;
    await prepare(server.uri);
    const { done, told } = update('60');
    await expect(done).rejects.toMatchObject({
      code: 'E_MIRROR_LACKS_SUITE',
      message: expect.stringMatching(/^not there: the mirror answers but does not have http.*Packages$/),
    });
    expect(told).toEqual([]);
  });

  test('nobody knows by name: the wait ends at once when a person interrupts', async () => {
    await prepare('http://mirror.invalid/debian');
    const { done, told, stop } = update('60');
    done.catch(() => undefined);
    while (told.length === 0) await delay(20);
    stop();
    await expect(done).rejects.toMatchObject({ kind: 'interrupted', code: 'E_INTERRUPTED' });
    expect(told[0]).toMatch(/resolv/);
  });

  test('takes connections and says nothing: apt is ended when nothing came for long enough', async () => {
    mirror = await startFaultyMirror(repository.files, {
      '': Array.from({ length: 20 }, () => 'silent' as const),
    });
    await prepare(mirror.uri);
    const startedAt = performance.now();
    const { done } = attempt('0', async (context) => {
      const arrivals = [join(root, 'lists'), join(root, 'lists/partial')];
      const words = ['apt-get', 'update', '--error-on=any', '-q'];
      const call = { config: aptRootPaths(root).config, words, deadlineMs: 60_000, arrivals, stallMs: 1500 };
      await runApt(call, context);
    });
    await expect(done).rejects.toMatchObject({
      code: 'E_MIRROR_UNREACHABLE',
      message: expect.stringContaining('nothing came in time'),
    });
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
