import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { consoleLines } from '../../../src/guest/console-line.ts';
import type { ConsoleSource } from '../../../src/guest/console-sign.ts';
import { CONSOLE_SIGNS, findConsoleSign } from '../../../src/guest/console-signs.ts';
import { ConsoleWatch } from '../../../src/guest/console-watch.ts';
import { RECORDED, type RecordedSign } from './recorded-signs.ts';

const CONSOLES = join(import.meta.dirname, '../../fixtures/consoles');

const SOURCES: readonly ConsoleSource[] = ['serial', 'firmware', 'qemu', 'provisioner'];

/** Consoles of machines that came up and were well. */
const HEALTHY = ['healthy-build.serial.log', 'healthy-server.serial.log', 'healthy-systemvm.serial.log'];

/** A recorded console, as a watch is told it. */
function readConsole(file: string): { source: ConsoleSource; lines: { text: string; number: number }[] } {
  const source = SOURCES.find((name) => file.endsWith(`.${name}.log`));
  if (source === undefined) throw new Error(`${file}: its name does not tell who wrote it`);
  const lines = readFileSync(join(CONSOLES, file), 'utf8')
    .split('\n')
    .flatMap((raw, index) => consoleLines(raw).map((text) => ({ text, number: index + 1 })));
  return { source, lines };
}

/** Every sign in a recorded console, by the number of its line. */
function signsIn(file: string): RecordedSign[] {
  const { source, lines } = readConsole(file);
  return lines.flatMap(({ text, number }): RecordedSign[] => {
    const found = findConsoleSign(text, source);
    return found === undefined ? [] : [[number, found.sign.name, found.reason]];
  });
}

describe('recorded consoles', () => {
  test.each(Object.entries(RECORDED))('%s', (file, signs) => {
    expect(signsIn(file)).toEqual(signs);
  });

  test.each(HEALTHY)('nothing is suspected in %s', (file) => {
    expect(signsIn(file)).toEqual([]);
  });

  test.each([
    {
      file: 'emergency-trixie.serial.log',
      reason: 'systemd could not reach its target and went into emergency mode: /data could not be mounted',
    },
    {
      file: 'grub-no-kernel-bookworm.serial.log',
      reason: 'GRUB has no kernel to start: GRUB did not find /boot/vmlinuz-6.1.0-56-amd64',
    },
    {
      file: 'no-bootable-device.firmware.log',
      reason: 'the firmware found nothing to boot: a disk has no boot sector',
    },
    {
      file: 'panic-lockup-trixie.serial.log',
      reason: 'the kernel hung for so long that it gave up: processor 0 of the guest hung for 43 s',
    },
    {
      file: 'microvm-no-root.serial.log',
      reason: 'the microvm gave up: no filesystem with UUID 11111111-2222-3333-4444-555555555555',
    },
    { file: 'full-trixie.provisioner.log', reason: 'no space was left on the disk' },
    {
      file: 'journal-forwarded-bookworm.serial.log',
      reason: 'the network interface eth7 could not be brought up',
    },
  ])('the likely reason of $file', ({ file, reason }) => {
    const { source, lines } = readConsole(file);
    const watch = new ConsoleWatch();
    for (const { text, number } of lines) watch.hear(text, source, number);
    expect(watch.likelyReason()?.reason).toBe(reason);
  });

  test('every row of the table is found in one', () => {
    const seen = new Set(Object.values(RECORDED).flatMap((signs) => signs.map(([, name]) => name)));
    expect(CONSOLE_SIGNS.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([]);
  });

  test('every file has its place here', () => {
    const files = readdirSync(CONSOLES).filter((name) => name.endsWith('.log'));
    expect(files.toSorted()).toEqual([...Object.keys(RECORDED), ...HEALTHY].toSorted());
  });
});

describe('the table', () => {
  test('names are unique, and causes are suspects', () => {
    const names = CONSOLE_SIGNS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const suspects = new Set(
      CONSOLE_SIGNS.filter((sign) => sign.gravity === 'suspect').map((sign) => sign.name),
    );
    const causes = CONSOLE_SIGNS.flatMap((sign) => sign.causes ?? []);
    expect(causes.filter((cause) => !suspects.has(cause))).toEqual([]);
  });

  test('patterns keep no state from line to line', () => {
    expect(CONSOLE_SIGNS.filter(({ pattern }) => pattern.global || pattern.sticky)).toEqual([]);
  });

  test.each([
    {
      line: 'Kernel panic - not syncing: sysrq triggered crash',
      source: 'serial',
      because: 'the kernel prints its time before it',
    },
    {
      line: '[    9.529301] Kernel panic - not syncing: sysrq triggered crash',
      source: 'provisioner',
      because: 'a panicked kernel runs no provisioner',
    },
    {
      line: 'echo: Out of memory: Killed process 1 (x)',
      source: 'serial',
      because: 'the kernel prints its time before it',
    },
    {
      line: 'see "You are in emergency mode." in the manual',
      source: 'serial',
      because: 'systemd writes it at the beginning of a line',
    },
    {
      line: 'You are in emergency mode. After logging in, type "journalctl -xb"',
      source: 'provisioner',
      because: 'no provisioner runs in emergency mode',
    },
    { line: 'type exit at the (initramfs) prompt', source: 'serial', because: 'it is no prompt' },
    { line: '(initramfs-tools) done', source: 'serial', because: 'it is another word' },
    { line: 'No bootable device.', source: 'serial', because: 'the firmware speaks on its own port' },
    { line: 'MINTMARK-FAILED x', source: 'provisioner', because: 'the microvm speaks on the serial line' },
    { line: 'reason: MINTMARK-FAILED x', source: 'serial', because: 'the marker begins its line' },
    {
      line: '[    1.204117] I/O error, dev fd0, sector 0 op 0x0:(READ)',
      source: 'serial',
      because: 'an empty floppy drive errs',
    },
    {
      line: 'Failed to add /run/systemd/ask-password to directory watch: inotify: No space left on device',
      source: 'serial',
      because: 'watches ran out, not the disk',
    },
    { line: 'E: Failed to fetch', source: 'serial', because: 'apt writes to Packer' },
    {
      line: '# E: Failed to fetch http://x.example/a  404',
      source: 'provisioner',
      because: 'it is a remark',
    },
    {
      line: 'Retrying after: dpkg: error processing package x (--configure):',
      source: 'provisioner',
      because: 'it is told by another program',
    },
    {
      line: '(sd-exec-[212]: /usr/lib/systemd/system-generators/systemd-ssh-generator failed with exit status 1.',
      source: 'serial',
      because: 'every start of Debian 13 under QEMU has it',
    },
    {
      line: '[  OK  ] Reached target emergency.target - Emergency Mode.',
      source: 'serial',
      because: 'it is no message of its own',
    },
    { line: 'qemu-system-x86_64: warning: x', source: 'qemu', because: 'a warning ends nothing' },
  ] as const)('$line is no sign: $because', ({ line, source }) => {
    expect(findConsoleSign(line, source)).toBeUndefined();
  });

  test('a kernel message is found behind the rest of another line, too', () => {
    const line = 'server login: [  161.433170] Kernel panic - not syncing: sysrq triggered crash';
    expect(findConsoleSign(line, 'serial')).toMatchObject({
      line,
      reason: 'the kernel panicked: sysrq triggered crash',
    });
  });

  test.each([
    { what: 'the beginnings of a stamp', line: '[    '.repeat(200_000) },
    { what: 'escapes that never end', line: '\u001b]0;'.repeat(250_000) },
    { what: 'parameters that never end', line: `\u001b[${'0;'.repeat(500_000)}` },
    { what: 'blanks', line: `E: Failed to fetch ${' '.repeat(1_000_000)}` },
    { what: 'a sign that begins again and again', line: 'error: file `'.repeat(80_000) },
    { what: 'dots', line: `[FAILED] Failed to start ${'.'.repeat(1_000_000)}x` },
  ])('a line of 1 MiB is judged at once: $what', ({ line }) => {
    const before = performance.now();
    for (const source of ['serial', 'firmware', 'qemu', 'provisioner'] as const)
      findConsoleSign(line, source);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});
