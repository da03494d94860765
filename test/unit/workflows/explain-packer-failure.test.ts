import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { ConsoleWatch } from '../../../src/guest/console-watch.ts';
import { timedOut } from '../../../src/host/command-failures.ts';
import { createSecretFilter } from '../../../src/host/secrets.ts';
import { parsePackerLine } from '../../../src/packer/machine-readable.ts';
import { explainPackerFailure, type PackerStory } from '../../../src/workflows/explain-packer-failure.ts';
import { PackerTale } from '../../../src/workflows/packer-tale.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('explain');

const LOGIN = '1,,ui,say,==> qemu.mintmark: Connected to SSH!';
const EXIT_7 = '1,qemu.mintmark,error,Script exited with non-zero exit status: 7.Allowed exit codes are: [0]';
const STEP = { number: 2, total: 3, name: 'register' };
const PANIC = '[   12.345678] Kernel panic - not syncing: sysrq triggered crash';
const FULL = '[   12.345678] systemd-journald[99]: Failed to write entry: No space left on device';

function taleOf(records: readonly string[], log: readonly string[] = []): PackerTale {
  const tale = new PackerTale();
  for (const event of records.flatMap(parsePackerLine)) tale.hear(event);
  for (const line of log) tale.hearLog(line);
  return tale;
}

function story(more: Partial<PackerStory>): PackerStory {
  return {
    tale: taleOf([LOGIN]),
    step: undefined,
    consoles: undefined,
    shutdown: undefined,
    end: undefined,
    isGone: false,
    directory: scratch.path,
    screen: scratch.join('screen.png'),
    secrets: createSecretFilter(['tiger']),
    ...more,
  };
}

function heard(...lines: readonly string[]): ConsoleWatch {
  const consoles = new ConsoleWatch();
  for (const line of lines) consoles.hear(line, 'serial', 14_000);
  return consoles;
}

const spec = { command: 'setpriv', name: 'packer', args: [], deadlineMs: 90_000 };
const failed = new Failure('command', 'E_COMMAND_FAILED', 'packer failed with exit code 1', {
  details: ['command  packer', 'tiger'],
});
const gone = new Failure('interrupted', 'E_INTERRUPTED', 'packer was interrupted');
const QEMU = '2026/11/21 11:00:01 packer-builder-qemu plugin: Qemu stderr: qemu: no room';

describe('the one line that says why', () => {
  test.each([
    {
      because: 'a provisioner failed',
      error: failed,
      story: { tale: taleOf([LOGIN, EXIT_7]), step: STEP },
      code: 'E_PROVISIONER_FAILED',
      message: 'provisioner 2 of 3 (register) ended with exit code 7',
    },
    {
      because: 'SSH never came up',
      error: failed,
      story: { tale: taleOf(['1,qemu.mintmark,error,Timeout waiting for SSH.']) },
      code: 'E_GUEST_NO_SSH',
      message: 'the guest never brought up SSH',
    },
    {
      because: 'a console told something fatal before the login',
      error: gone,
      story: {
        tale: taleOf([]),
        end: { code: 'E_GUEST_NO_ROOT', isHostFault: false, reason: 'its root filesystem was not found' },
      },
      code: 'E_GUEST_NO_ROOT',
      message: 'its root filesystem was not found, before anybody could log in',
    },
    {
      because: 'the host is at fault',
      error: gone,
      story: { step: STEP, end: { code: 'E_NO_SPACE', isHostFault: true, reason: 'no space is left' } },
      kind: 'host',
      code: 'E_NO_SPACE',
      message: 'no space is left, while provisioner 2 of 3 (register) ran',
    },
    {
      because: 'the guest powered itself off',
      error: failed,
      story: { tale: taleOf([LOGIN, EXIT_7]), step: STEP, shutdown: 'guest-shutdown' },
      code: 'E_GUEST_POWERED_OFF',
      message: 'the guest powered itself off while provisioner 2 of 3 (register) ran',
    },
    {
      because: 'QEMU ended after the login',
      error: gone,
      story: { tale: taleOf([LOGIN], [QEMU]), step: STEP, isGone: true },
      code: 'E_QEMU_DIED',
      message: 'QEMU was killed or crashed while provisioner 2 of 3 (register) ran: qemu: no room',
    },
    {
      because: 'QEMU ended before the login',
      error: gone,
      story: { tale: taleOf([]), isGone: true },
      code: 'E_QEMU_DIED_EARLY',
      message: 'QEMU was killed or crashed before anybody could log in',
    },
    {
      because: 'QEMU refused',
      error: failed,
      story: { tale: taleOf(['1,qemu.mintmark,error,Build was halted.'], [QEMU]) },
      code: 'E_QEMU_START',
      message: 'QEMU did not start: qemu: no room',
    },
    {
      because: 'it took too long',
      error: timedOut(spec, ''),
      story: {},
      code: 'E_COMMAND_TIMEOUT',
      message: 'packer ran longer than 90 s and was ended',
    },
    {
      because: 'Packer says something that nobody knows',
      error: failed,
      story: { tale: taleOf(['1,qemu.mintmark,error,out of luck']) },
      code: 'E_PACKER_FAILED',
      message: 'Packer failed: out of luck',
    },
  ])('$code, as $because', async ({ error, story: more, code, message, kind = 'command' }) => {
    expect(await explainPackerFailure(error, story(more))).toMatchObject({ kind, code, message });
  });

  test.each([
    { error: new Error('a bug'), because: 'a bug' },
    { error: new Failure('host', 'E_TOOL_MISSING', 'no packer'), because: 'no Packer' },
  ])('$because stays what it is', async ({ error }) => {
    expect(await explainPackerFailure(error, story({}))).toBe(error);
  });
});

async function factsOf(more: Partial<PackerStory>): Promise<Record<string, readonly string[]>> {
  const explained = await explainPackerFailure(failed, story(more));
  if (!(explained instanceof Failure)) throw new Error('no failure');
  return Object.fromEntries(explained.facts.map(({ label, lines }) => [label, lines]));
}

describe('what is shown beside it', () => {
  test('the fatal sign, with where and when, and the last lines of the consoles', async () => {
    const end = {
      code: 'E_GUEST_PANIC',
      isHostFault: false,
      reason: 'the kernel panicked: sysrq triggered crash',
    };
    const facts = await factsOf({ consoles: heard('Debian', PANIC), end });
    expect(facts['reason']).toEqual([`"${PANIC}" (serial, 14 s after power-on)`]);
    expect(facts['serial']).toEqual(['Debian', PANIC]);
    expect(facts['log']).toEqual([scratch.join('packer.log')]);
  });

  test('a suspect, when a provisioner fails', async () => {
    const facts = await factsOf({ tale: taleOf([LOGIN, EXIT_7]), step: STEP, consoles: heard(FULL) });
    expect(facts['reason']?.[0]).toContain('No space left on device');
  });

  test('without a suspect, what the provisioner wrote last', async () => {
    const consoles = heard();
    consoles.hear('no such registry', 'provisioner', 1);
    const facts = await factsOf({ tale: taleOf([LOGIN, EXIT_7]), step: STEP, consoles });
    expect(facts['reason']).toEqual(['it last wrote "no such registry"']);
  });

  test('the picture of the screen only when there is one', async () => {
    expect(await factsOf({})).not.toHaveProperty('screen');
    await writeFile(scratch.join('screen.png'), 'PNG');
    expect(await factsOf({})).toMatchObject({ screen: [scratch.join('screen.png')] });
  });

  test('where Packer said nothing, what the program wrote, without secrets', async () => {
    const facts = await factsOf({ tale: taleOf([]) });
    expect(facts['packer']).toEqual(['command  packer', '<secret>']);
  });
});
