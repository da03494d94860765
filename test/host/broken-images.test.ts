import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkUnits } from '../../src/guest/check-units.ts';
import { checkImageIdentity } from '../../src/guest/check-identity.ts';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import type { SuiteResult } from '../../src/manifests/test-report.ts';
import { readRootPartitionOffset } from '../../src/workflows/read-guest.ts';
import { readTestedDisk } from '../../src/workflows/read-tested-disk.ts';
import { testFailureOf } from '../../src/workflows/test-failure.ts';
import { findTestSubject, type TestSubject } from '../../src/workflows/test-subject.ts';
import { compileWhenStale, runCli, type CliResult } from '../integration/compiled-cli.ts';
import { BrokenDisk } from './broken-disk.ts';
import { BrokenBench, type BrokenOutcome } from './broken-machines.ts';
import { TOLD, unit, UNTOLD, type BadDay } from './machine-faults.ts';
import { qemuImg } from './planted-disk.ts';

/*
 * Images that are broken on purpose, one fault each: every one is caught, named in one line, and its evidence kept.
 * The sound image is the `server` of the catalogue that MINTMARK_TEST_CATALOGUE names; copies of its disk are broken
 * without mounting them. Machines run two at a time, and all of them begin at once: a test waits for its own.
 */

const given = process.env['MINTMARK_TEST_CATALOGUE'] ?? '';
const NEEDED = 'qemu-system-x86_64 qemu-img debugfs ssh ssh-keygen setpriv xorriso'.split(' ');
const programs = await Promise.all(NEEDED.map((name) => findProgramIfAny(name)));
const missing = NEEDED.filter((_, index) => programs[index] === undefined);
if (given === '')
  process.stderr.write('skipped: broken images: MINTMARK_TEST_CATALOGUE names no catalogue\n');
else if (missing.length > 0) process.stderr.write(`skipped: broken images: no ${missing.join(', ')}\n`);
const describeBroken = given !== '' && missing.length === 0 ? describe : describe.skip;

const MINUTE_MS = 60_000;
/** The promise of `mintmark test` for a sign on a console. */
const RECOGNISED_MS = 5000;
let directory: string;
let offset: number;
let subject: TestSubject;
let bench: BrokenBench;

function copyOf(name: string): BrokenDisk {
  return BrokenDisk.copy(join(directory, 'sound.raw'), join(directory, `${name}.raw`), offset);
}

function slugOf(day: string): string {
  return day.replaceAll(/[^a-z]+/g, '-');
}

function bootBroken({ day, breakDisk, says: _says, ...machine }: BadDay): Promise<BrokenOutcome> {
  const name = slugOf(day);
  let copy: BrokenDisk | undefined;
  const disk = (): string => {
    copy = copyOf(name);
    breakDisk(copy);
    return copy.path;
  };
  const usual = { contract: 'nocloud', checks: [], patience: { promptDeadlineMs: 12_000 } } as const;
  return bench.boot({ ...usual, name, disk, ...machine }).finally(() => copy?.remove());
}

/** Two faults that only a machine which is well otherwise shows. */
const STALE = { unit: 'broken.service', version: '25.01.01-1.1' } as const;

function bootStale(): Promise<BrokenOutcome> {
  const { identity } = subject.promise;
  if (identity === undefined) throw new Error('the release promises no identity');
  return bootBroken({
    day: 'stale',
    breakDisk: (disk) => {
      disk.addUnit(STALE.unit, unit('oneshot', 'echo "nothing to serve" >&2; exit 3'));
      disk.replace('/usr/lib/os-release', /^IMAGE_VERSION=.*$/m, `IMAGE_VERSION=${STALE.version}`);
    },
    checks: [checkImageIdentity(identity), checkUnits()],
    patience: {},
    says: /./,
  });
}

/** `mintmark test`, as people call it. */
function callTest(
  path: string,
  name: string,
  onCache: (cache: string) => void = () => undefined,
): Promise<CliResult> {
  const cache = join(directory, `${name}-cache`);
  const args = [
    'test',
    path,
    '--accel',
    'tcg',
    '--memory',
    '768',
    '--alone',
    '--out',
    join(directory, name),
    '--json',
  ];
  return runCli(args, {
    cwd: directory,
    env: { HOME: directory, MINTMARK_CACHE: cache, XDG_STATE_HOME: join(directory, 'state') },
    onStart: () => onCache(cache),
  });
}

/** Two calls at the same time for one file that does not boot. */
async function callTwice(): Promise<[CliResult, CliResult]> {
  const disk = copyOf('unbootable');
  disk.removeBootCode();
  return Promise.all([callTest(disk.path, 'call1'), callTest(disk.path, 'call2')]);
}

/** Kills the first QEMU when its guest has begun to speak. */
async function callAndKill(): Promise<CliResult> {
  const ended = new AbortController();
  const killing: Promise<void>[] = [];
  const result = await callTest(join(directory, 'sound.raw'), 'killed', (cache) =>
    killing.push(killFirst(join(cache, 'work'), ended.signal)),
  );
  ended.abort();
  await Promise.all(killing);
  return result;
}

async function killFirst(work: string, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await delay(200);
    const [first] = existsSync(work) ? readdirSync(work).filter((name) => name.startsWith('test-')) : [];
    const machine = join(work, first ?? '', 'm0');
    const hasSpoken = (statSync(join(machine, 'serial.log'), { throwIfNoEntry: false })?.size ?? 0) > 0;
    if (!hasSpoken) continue;
    process.kill(Number(readFileSync(join(machine, 'qemu.pid'), 'utf8')), 'SIGKILL');
    return;
  }
}

/** Three faults of hygiene on one disk, which is only read. */
async function readUnclean(): Promise<SuiteResult> {
  const disk = copyOf('unclean');
  disk.write('/etc/ssh/ssh_host_ed25519_key', '-----BEGIN OPENSSH PRIVATE KEY-----\n');
  disk.write('/etc/machine-id', `${'0123456789abcdef'.repeat(2)}\n`);
  disk.replace('/etc/shadow', /^root:[^:]*:/m, `root:${PASSWORD}:`);
  const { ownFiles: own } = subject.promise.guest;
  const request = { own, directory: join(directory, 'read') };
  const { hygiene } = await readTestedDisk({ path: disk.path, target: 'kvm' }, request, bench.context());
  disk.remove();
  return hygiene;
}

/** `password`, by `openssl passwd -6 -salt mintmark`. */
const PASSWORD =
  '$6$mintmark$O0O6NWJEtPsn57tiiB/6cwn6Any8dkBOQCR2O.mkfRY1gn4hqhpMOqSn50eE8LMJ7J3iVvQmuh1f1YCbl7Jnc.';

/** What was begun; whoever waits for it is told how it failed. */
interface Begun {
  readonly stale: Promise<BrokenOutcome>;
  readonly days: ReadonlyMap<string, Promise<BrokenOutcome>>;
  readonly killed: Promise<CliResult>;
  readonly called: Promise<readonly CliResult[]>;
  readonly unclean: Promise<SuiteResult>;
}

let begun: Begun;
const pending: Promise<unknown>[] = [];

function begin<T>(work: () => Promise<T>): Promise<T> {
  const promise = work();
  pending.push(promise.catch(() => undefined));
  return promise;
}

/** In the order of their length, the longest first. */
function beginAll(): Begun {
  return {
    stale: begin(bootStale),
    days: new Map([...UNTOLD, ...TOLD].map((each) => [each.day, begin(() => bootBroken(each))])),
    killed: begin(() => bench.inTurn(2, callAndKill)),
    called: begin(() => bench.inTurn(2, callTwice)),
    unclean: begin(() => bench.inTurn(1, readUnclean)),
  };
}

async function outcomeOf({ day }: BadDay): Promise<BrokenOutcome> {
  const outcome = await begun.days.get(day);
  if (outcome === undefined) throw new Error(`${day} was not begun`);
  return outcome;
}

/** What a call left, for `toMatchObject`. */
function callOf({ exitCode, stdout }: CliResult): object {
  const document: unknown = JSON.parse(stdout);
  return { exitCode, document };
}

describeBroken('images broken on purpose', () => {
  beforeAll(async () => {
    compileWhenStale();
    directory = mkdtempSync(join(tmpdir(), 'mm-broken-'));
    subject = await findTestSubject('server', given);
    const sound = join(directory, 'sound.raw');
    qemuImg('convert', '-O', 'raw', subject.artifacts[0]?.path ?? '', sound);
    offset = await readRootPartitionOffset(sound);
    bench = new BrokenBench(directory);
    begun = beginAll();
  }, MINUTE_MS);

  afterAll(async () => {
    bench.stop();
    await Promise.all(pending);
    rmSync(directory, { recursive: true, force: true });
  }, MINUTE_MS);

  test(
    'a failing unit, and the version of another release',
    async () => {
      const outcome = await begun.stale;
      expect(outcome.message).toMatch(
        / failed its tests: kvm raw: expected .*, found IMAGE_VERSION 25\.01\.01-1\.1/,
      );
      expect(outcome.failed).toEqual({
        'os-release': expect.stringContaining(STALE.version),
        units: `degraded: ${STALE.unit}`,
      });
      expectEvidence(outcome);
    },
    5 * MINUTE_MS,
  );

  test.each(UNTOLD)(
    '$day',
    async (day) => {
      const outcome = await outcomeOf(day);
      expect(outcome.message).toMatch(day.says);
      expectEvidence(outcome);
    },
    5 * MINUTE_MS,
  );

  test.each(TOLD)(
    '$day, recognised at once',
    async (day) => {
      const outcome = await outcomeOf(day);
      expect(outcome.message).toMatch(day.says);
      expect(outcome.recognisedMs).toBeLessThan(RECOGNISED_MS);
      expectEvidence(outcome);
    },
    5 * MINUTE_MS,
  );

  test(
    'QEMU killed mid-test: exit 5, as the image is not to blame, and its console is kept',
    async () => {
      expect(callOf(await begun.killed)).toMatchObject({
        exitCode: 5,
        document: {
          ok: false,
          error: { code: 'E_QEMU_DIED', message: expect.stringMatching(/^QEMU was killed/) },
        },
      });
      expect(statSync(join(directory, 'killed/m0.serial.log')).size).toBeGreaterThan(0);
      expect(readdirSync(join(directory, 'killed-cache/work'))).toEqual([]);
    },
    5 * MINUTE_MS,
  );

  test(
    'two calls at once for a file that does not boot: exit 7 from both, with reports',
    async () => {
      for (const [index, call] of (await begun.called).entries()) {
        expect(callOf(call)).toMatchObject({
          exitCode: 7,
          document: {
            ok: false,
            error: {
              code: 'E_IMAGE_TEST_FAILED',
              message: expect.stringMatching(
                /^unbootable\.raw failed its tests: kvm raw: it does not get ready: the firmware found nothing to boot/,
              ),
            },
          },
        });
        const reports = readdirSync(join(directory, `call${index + 1}`));
        expect(reports).toEqual(
          expect.arrayContaining([
            'junit.xml',
            'test-result.json',
            'kvm-raw.firmware.log',
            'kvm-raw.screen.png',
          ]),
        );
      }
    },
    5 * MINUTE_MS,
  );

  test.each([
    ['a host key left in', 'ssh-host-key', /ssh_host_ed25519_key/],
    ['machine-id left in', 'machine-id', /machine-id/],
    ['a default password', 'passwords', /root/],
  ])(
    '%s, seen without a boot',
    async (_day, rule, says) => {
      const suite = await begun.unclean;
      const check = suite.checks.find(({ name }) => name === rule);
      expect(check).toMatchObject({ outcome: 'failed' });
      const host = { accelerator: 'tcg', qemu: 'any' } as const;
      const only = { ...suite, checks: check === undefined ? [] : [check] };
      const report = { subject: 'server', startedAt: '', durationMs: 0, files: [], host, suites: [only] };
      expect(testFailureOf(report, directory)?.message).toMatch(says);
    },
    5 * MINUTE_MS,
  );
});

/** Reports, consoles and the screen are there, and the reports tell the same. */
function expectEvidence({ reports }: BrokenOutcome): void {
  const there = readdirSync(reports);
  expect(there).toEqual(
    expect.arrayContaining(['junit.xml', 'test-result.json', 'kvm-raw.firmware.log', 'kvm-raw.screen.png']),
  );
  expect(readFileSync(join(reports, 'junit.xml'), 'utf8')).toMatch(/<failure /);
}
