import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkUnits } from '../../src/guest/check-units.ts';
import { checkImageIdentity } from '../../src/guest/check-identity.ts';
import { passed, type GuestCheck } from '../../src/guest/guest-check.ts';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import type { SuiteResult } from '../../src/manifests/test-report.ts';
import { readRootPartitionOffset } from '../../src/workflows/read-guest.ts';
import { readTestedDisk } from '../../src/workflows/read-tested-disk.ts';
import { testFailureOf } from '../../src/workflows/test-failure.ts';
import { findTestSubject, type TestSubject } from '../../src/workflows/test-subject.ts';
import { compileWhenStale, runCli, type CliResult } from '../integration/compiled-cli.ts';
import { BrokenDisk } from './broken-disk.ts';
import { BrokenBench, type BrokenMachine, type BrokenOutcome } from './broken-machines.ts';
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
/** What grub.cfg says of the root. */
const ROOT = /root=UUID=\S+/g;

let directory: string;
let offset: number;
let subject: TestSubject;
let bench: BrokenBench;

function copyOf(name: string): BrokenDisk {
  return BrokenDisk.copy(join(directory, 'sound.raw'), join(directory, `${name}.raw`), offset);
}

/** A bad day of a machine. */
interface BadDay extends Partial<Omit<BrokenMachine, 'name' | 'disk'>> {
  readonly day: string;
  readonly breakDisk: (disk: BrokenDisk) => void;
  /** What the one line says of it. */
  readonly says: RegExp;
}

/** Consoles tell these, so nobody waits for a deadline. */
const TOLD: readonly BadDay[] = [
  {
    day: 'no bootloader',
    breakDisk: (disk) => disk.removeBootCode(),
    says: /does not get ready: the firmware found nothing to boot/,
  },
  {
    day: 'no kernel',
    breakDisk: (disk) => disk.debugfs(...names(disk, '/boot', /^vmlinuz-/).map((name) => `rm ${name}`)),
    says: /does not get ready: GRUB has no kernel to start: GRUB did not find \/boot\/vmlinuz-/,
  },
  {
    day: 'wrong root=',
    // Where a disk might still appear, an initramfs waits for half a minute.
    breakDisk: (disk) =>
      disk.replace('/boot/grub/grub.cfg', ROOT, 'root=UUID=00000000-0000-4000-8000-000000000000 rootdelay=3'),
    says: /its root filesystem was not found: the initramfs waited for UUID=00000000-0000-4000-8000-000000000000/,
  },
  {
    day: 'initramfs shell',
    breakDisk: (disk) => disk.replace('/boot/grub/grub.cfg', ROOT, '$& break=premount'),
    says: /does not get ready: the initramfs could not go on, and waits at its shell/,
  },
  {
    day: 'fsck error',
    // A file that no directory knows is nothing that fsck dares to mend unasked.
    breakDisk: (disk) => disk.debugfs('unlink /etc/debian_version', 'set_super_value state 2'),
    says: /does not get ready: the filesystem \S+ is damaged more than fsck mends on its own/,
  },
];

/** Stops all that runs but itself and init, a while after whoever waits for the marker has seen it. */
const HANG = 'while [ ! -e /run/cloud-init/result.json ]; do sleep 0.1; done; sleep 3; kill -s STOP -- -1';
/** Somebody still asks then. */
const STILL_ASKED: GuestCheck = {
  name: 'asked',
  title: 'it answers in a while',
  isIdentity: false,
  timeoutSeconds: 120,
  script: 'sleep 100',
  judge: () => passed('it did'),
};

/** These get as far as their login prompt, or farther. */
const UNTOLD: readonly BadDay[] = [
  {
    day: 'guest hangs after the ready marker',
    breakDisk: (disk) => disk.addUnit('hang.service', unit('simple', HANG)),
    checks: [STILL_ASKED],
    patience: { answerDeadlineMs: 15_000 },
    says: /expected answers, found it was ready, and then gave no answer for 15 s/,
  },
  {
    day: 'full root disk',
    breakDisk: (disk) => {
      disk.write('/etc/cloud/cloud.cfg.d/99-size.cfg', 'growpart: {mode: "off"}\nresize_rootfs: false\n');
      disk.fill();
    },
    says: /no space was left on the disk/,
  },
  {
    day: 'sshd disabled',
    breakDisk: (disk) => disk.debugfs('rm /etc/systemd/system/multi-user.target.wants/ssh.service'),
    says: /does not get ready: nobody answered by SSH on port 22 within 25 s of its login prompt/,
  },
  {
    day: 'network unit broken',
    breakDisk: (disk) => disk.debugfs('symlink /etc/systemd/system/systemd-networkd.service /dev/null'),
    says: /does not get ready: nobody answered by SSH on port 22 within 25 s of its login prompt; .*network/i,
  },
  {
    day: 'channel missing',
    contract: 'cloudstack',
    breakDisk: () => undefined,
    says: /does not get ready: no guest agent answered on the machine's port within 25 s of its login prompt/,
  },
];

function unit(type: string, command: string): string {
  return `[Service]\nType=${type}\nExecStart=/bin/sh -c '${command}'\n`;
}

function names(disk: BrokenDisk, path: string, pattern: RegExp): string[] {
  const lines = disk.debugfs(`ls -p ${path}`).split('\n');
  return lines
    .flatMap((line) => line.split('/')[5] ?? [])
    .filter((name) => pattern.test(name))
    .map((name) => `${path}/${name}`);
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
  const usual = { contract: 'nocloud', checks: [], patience: { promptDeadlineMs: 25_000 } } as const;
  return bench.boot({ ...usual, name, disk, ...machine }).finally(() => copy?.remove());
}

/** Two faults that only a machine which is well otherwise shows; the same disk under two machines at once. */
const TWICE = { unit: 'broken.service', version: '25.01.01-1.1' } as const;

function bootTwice(): Promise<[BrokenOutcome, BrokenOutcome]> {
  let copy: BrokenDisk | undefined;
  const disk = (): string => {
    if (copy !== undefined) return copy.path;
    copy = copyOf('twice');
    copy.addUnit(TWICE.unit, unit('oneshot', 'echo "nothing to serve" >&2; exit 3'));
    copy.replace('/usr/lib/os-release', /^IMAGE_VERSION=.*$/m, `IMAGE_VERSION=${TWICE.version}`);
    return copy.path;
  };
  const { identity } = subject.promise;
  if (identity === undefined) throw new Error('the release promises no identity');
  const machine = {
    disk,
    contract: 'nocloud',
    checks: [checkImageIdentity(identity), checkUnits()],
    patience: {},
  } as const;
  const both = Promise.all([
    bench.boot({ ...machine, name: 'one' }),
    bench.boot({ ...machine, name: 'two' }),
  ]);
  return both.finally(() => copy?.remove());
}

/** `mintmark test`, as people call it. */
function callTest(
  path: string,
  name: string,
  onCache: (cache: string) => void = () => undefined,
): Promise<CliResult> {
  const cache = join(directory, `${name}-cache`);
  const args = ['test', path, '--accel', 'tcg', '--memory', '768', '--out', join(directory, name), '--json'];
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
    const [test] = existsSync(work) ? readdirSync(work).filter((name) => name.startsWith('test-')) : [];
    const machine = join(work, test ?? '', 'm0');
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

/** Everything that was begun, by name; what fails is told by the test that waits for it. */
const begun = new Map<string, Promise<unknown>>();

function begin(name: string, work: () => Promise<unknown>): void {
  const promise = work();
  promise.catch(() => undefined);
  begun.set(name, promise);
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
    begin('twice', bootTwice);
    for (const day of [...UNTOLD, ...TOLD]) begin(day.day, () => bootBroken(day));
    begin('killed', () => bench.inTurn(2, callAndKill));
    begin('called', () => bench.inTurn(2, callTwice));
    begin('unclean', () => bench.inTurn(1, readUnclean));
  }, MINUTE_MS);

  afterAll(async () => {
    bench.stop();
    await Promise.allSettled(begun.values());
    rmSync(directory, { recursive: true, force: true });
  }, MINUTE_MS);

  test(
    'a failing unit and the version of another release, in two tests at once',
    async () => {
      for (const outcome of (await begun.get('twice')) as readonly BrokenOutcome[]) {
        const { message, failed } = outcome;
        expect(message).toMatch(
          / failed its tests: kvm raw: expected IMAGE_VERSION .*, found IMAGE_VERSION 25\.01\.01-1\.1/,
        );
        expect(failed).toEqual({
          'os-release': expect.stringContaining(TWICE.version),
          units: `degraded: ${TWICE.unit}`,
        });
        expectEvidence(outcome);
      }
    },
    5 * MINUTE_MS,
  );

  test.each(UNTOLD)(
    '$day',
    async ({ day, says }) => {
      const outcome = (await begun.get(day)) as BrokenOutcome;
      expect(outcome.message).toMatch(says);
      expectEvidence(outcome);
    },
    5 * MINUTE_MS,
  );

  test.each(TOLD)(
    '$day, recognised at once',
    async ({ day, says }) => {
      const outcome = (await begun.get(day)) as BrokenOutcome;
      expect(outcome.message).toMatch(says);
      expect(outcome.recognisedMs).toBeLessThan(RECOGNISED_MS);
      expectEvidence(outcome);
    },
    5 * MINUTE_MS,
  );

  test(
    'QEMU killed mid-test: exit 5, as the image is not to blame, and its console is kept',
    async () => {
      const { exitCode, stdout } = (await begun.get('killed')) as CliResult;
      expect({ exitCode, document: JSON.parse(stdout) }).toMatchObject({
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
      for (const [index, { exitCode, stdout }] of ((await begun.get('called')) as CliResult[]).entries()) {
        expect({ exitCode, document: JSON.parse(stdout) }).toMatchObject({
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
      const suite = (await begun.get('unclean')) as SuiteResult;
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
