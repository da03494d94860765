import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { BootClock } from '../../../src/guest/boot-clock.ts';

/** What a clock tells that hears the lines ten milliseconds apart, the first one at ten. */
function hearAll(lines: readonly string[]): BootClock['times'] {
  const clock = new BootClock();
  for (const [index, line] of lines.entries()) clock.hear(line, (index + 1) * 10);
  return clock.times;
}

function consoleLinesOf(name: string): string[] {
  return readFileSync(`test/fixtures/consoles/${name}.serial.log`, 'utf8').split('\n');
}

describe('BootClock on recorded consoles', () => {
  test.each([
    { name: 'healthy-server', times: { kernelMs: 30, userspaceMs: 120 }, because: 'both are shown' },
    { name: 'healthy-systemvm', times: { kernelMs: 30, userspaceMs: 110 }, because: 'bookworm colours less' },
    { name: 'healthy-build', times: { userspaceMs: 40 }, because: 'the kernel was quiet' },
    { name: 'no-root-trixie', userspace: false, because: 'the initramfs never found the root' },
    { name: 'grub-rescue', times: {}, because: 'nothing was started' },
  ])('$name: $because', ({ name, times, userspace }) => {
    const heard = hearAll(consoleLinesOf(name));
    if (times) expect(heard).toEqual(times);
    if (userspace === false) expect(heard.userspaceMs).toBeUndefined();
  });
});

describe('BootClock on single lines', () => {
  test.each([
    {
      line: '[    0.000000] Command line: root=/dev/vda1',
      times: { kernelMs: 10 },
      because: 'its clock is at zero',
    },
    {
      line: '\r[    0.000000] Linux version 6.12.1',
      times: { kernelMs: 10 },
      because: 'GRUB leaves a return',
    },
    {
      line: '[    1.204000] Linux version 6.12.1',
      times: { kernelMs: 10 },
      because: 'a clock may be set early',
    },
    {
      line: '[    6.950815] EXT4-fs (vda1): mounted',
      times: {},
      because: 'a late line is not the first one',
    },
    {
      line: '[   11.177979] systemd[1]: Queued start job',
      times: { userspaceMs: 10 },
      because: 'it is process 1',
    },
    { line: '[   11.1] systemd[211]: Starting', times: {}, because: 'that process is not the init' },
    { line: '\x1b[1mWelcome to \x1b[0mDebian!', times: { userspaceMs: 10 }, because: 'colours are no words' },
    { line: 'Welcome to GRUB!', times: {}, because: 'the boot loader greets, too' },
    { line: 'Welcome to Debian dracut-106 (Initramfs)!', times: {}, because: 'that is not the guest yet' },
    { line: '[    0.9] Run /init as init process', times: {}, because: 'that is the initramfs' },
    {
      line: '[    0.9] Run /sbin/init as init process',
      times: { userspaceMs: 10 },
      because: 'there is none',
    },
    { line: 'motd: Welcome to the machine', times: {}, because: 'it stands inside a line' },
  ])('$line: $because', ({ line, times }) => {
    expect(hearAll([line])).toEqual(times);
  });

  test('a second boot changes nothing: what counts is the first', () => {
    const boot = ['[    0.000000] Linux version 6.12.1', 'Welcome to Debian!'];
    expect(hearAll([...boot, ...boot])).toEqual({ kernelMs: 10, userspaceMs: 20 });
  });
});
