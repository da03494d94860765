import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import { isMapping } from '../../src/schemas/document-path.ts';
import { compileWhenStale } from '../integration/compiled-cli.ts';
import { BuildPlace, documentOf } from './real-build.ts';

/*
 * Real builds of `server` whose provisioner does what breaks a build: the real Packer, QEMU and guest. Each must say in
 * one line why it failed, show the consoles and a picture of the screen, and leave nothing behind.
 */

const MINUTE_MS = 60_000;
const NEEDED = 'packer qemu-system-x86_64 qemu-img mmdebstrap mke2fs virt-sparsify ssh-keygen setpriv'.split(
  ' ',
);
const programs = await Promise.all(NEEDED.map((name) => findProgramIfAny(name)));
const missing = NEEDED.filter((_, index) => programs[index] === undefined);
if (missing.length > 0) process.stderr.write(`skipped: bad provisioners: no ${missing.join(', ')}\n`);
const withTools = missing.length > 0 ? describe.skip : describe;

/** Eight bytes with which every PNG begins (RFC 2083 §3.1). */
const PNG_MAGIC = '89504e470d0a1a0a';

let place: BuildPlace;

interface BadProvisioner {
  readonly does: string;
  readonly script: readonly string[];
  readonly timeoutSeconds?: number;
  readonly code: string;
  readonly message: RegExp;
  /** What the one line beside it says, when the consoles know more. */
  readonly reason?: RegExp;
  readonly serial?: RegExp;
}

const CASES: readonly BadProvisioner[] = [
  {
    does: 'hangs',
    script: ['echo "about to hang"', 'sleep 600'],
    timeoutSeconds: 4,
    code: 'E_PROVISIONER_TIMEOUT',
    message: /^provisioner 3 of 3 \(misbehave\) did not end in its time$/,
    reason: /it last wrote "about to hang"/,
  },
  {
    does: 'takes the network down',
    script: ['ip link set eth0 down', 'sleep 600'],
    timeoutSeconds: 8,
    code: 'E_PROVISIONER_TIMEOUT',
    message: /did not end in its time$/,
  },
  {
    does: 'fills the disk',
    script: [
      'set -e',
      'fallocate -l "$(($(df --output=avail -B1 / | tail -n 1) - 1048576))" /filled || true',
      'dd if=/dev/urandom of=/more bs=1M count=300',
    ],
    code: 'E_PROVISIONER_FAILED',
    message: /^provisioner 3 of 3 \(misbehave\) ended with exit code 1$/,
    reason: /^no space was left on the disk: ".*No space left on device"/,
  },
  {
    does: 'powers the machine off',
    script: ['systemctl poweroff', 'sleep 600'],
    code: 'E_GUEST_POWERED_OFF',
    message: /^the guest powered itself off while provisioner 3 of 3 \(misbehave\) ran$/,
  },
  {
    does: 'panics the kernel',
    script: ['echo 1 >/proc/sys/kernel/sysrq', 'echo c >/proc/sysrq-trigger', 'sleep 600'],
    code: 'E_GUEST_PANIC',
    message: /^the kernel panicked: sysrq triggered crash, while provisioner 3 of 3 \(misbehave\) ran$/,
    reason: /Kernel panic - not syncing: sysrq triggered crash" \(serial, \d+ s after power-on\)$/,
    serial: /Kernel panic - not syncing/,
  },
];

withTools('a provisioner that', () => {
  beforeAll(async () => {
    compileWhenStale();
    place = await BuildPlace.make();
    await place.takeGiven();
  });
  afterAll(() => place.remove());

  test.each(CASES)(
    '$does: $code',
    async (bad) => {
      const before = await place.served();
      const result = await place.build(['--profile', await writeProfile(bad), '--new-catalogue']);
      const { error, burnt } = documentOf(result, 5);
      if (!isMapping(error)) throw new Error('no error');
      expect(error).toMatchObject({
        kind: 'command',
        code: bad.code,
        message: expect.stringMatching(bad.message),
      });
      const facts = isMapping(error['facts']) ? error['facts'] : {};
      expect(facts).toMatchObject({
        stage: ['packer'],
        serial: expect.any(Array),
        packer: expect.any(Array),
        'go on': [expect.stringContaining('--resume ')],
        version: [expect.stringContaining(`BUILD ${String(burnt)} of bad is burnt`)],
      });
      if (bad.serial) expect(String(facts['serial'])).toMatch(bad.serial);
      if (bad.reason) expect(facts['reason']).toEqual([expect.stringMatching(bad.reason)]);
      await expectPicture(bad, facts['screen']);
      expect(result.stderr).not.toContain('this is a bug');
      await place.expectNothingLeft(before, 'bad', Number(burnt));
    },
    4 * MINUTE_MS,
  );
});

async function writeProfile({ script, timeoutSeconds = 120 }: BadProvisioner): Promise<string> {
  const path = join(place.directory, 'bad.json');
  const step = { type: 'shell', name: 'misbehave', timeoutSeconds, inline: script.join('\n') };
  const first = { type: 'shell', name: 'behave', inline: 'true' };
  const profile = { extends: ['server'], line: 'bad', provisioners: { replace: [first, step] } };
  await writeFile(path, JSON.stringify(profile));
  return path;
}

/** A machine that has powered itself off has no screen any more. */
async function expectPicture({ code }: BadProvisioner, screen: unknown): Promise<void> {
  if (code === 'E_GUEST_POWERED_OFF') return;
  const [path] = Array.isArray(screen) ? screen : [];
  const picture = await readFile(String(path));
  expect(picture.subarray(0, 8).toString('hex')).toBe(PNG_MAGIC);
}
