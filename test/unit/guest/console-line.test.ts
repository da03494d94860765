import { expect, test } from '@jest/globals';
import { cleanConsoleLine, consoleLines, LINE_LENGTH } from '../../../src/guest/console-line.ts';

test.each([
  {
    text: '[\u001b[0;1;31mFAILED\u001b[0m] Failed to mount \u001b[0;1;39mdata.mount\u001b[0m - /data.\r\r',
    line: '[FAILED] Failed to mount data.mount - /data.',
    because: 'systemd colours its words',
  },
  {
    text: '[\u001b[0;1;38:5:185mDEPEND\u001b[0m] Dependency failed',
    line: '[DEPEND] Dependency failed',
    because: 'systemd 257 separates parts of a colour with colons',
  },
  {
    text: 'Failed to start \u001b[0;1;39mssh.servic…[0m - OpenBSD Secure Shell server.',
    line: 'Failed to start ssh.servic… - OpenBSD Secure Shell server.',
    because: 'what was left out began within an escape',
  },
  {
    text: 'Starting \u001b[0;1;39mmodprobe@drm.s…m - Load Kernel Module drm...',
    line: 'Starting modprobe@drm.s… - Load Kernel Module drm...',
    because: 'what was left out ended within an escape',
  },
  {
    text: 'waiting for device \u001b[0;1;…22222-3333.',
    line: 'waiting for device …22222-3333.',
    because: 'what was left out is the end of an escape and the beginning of a name',
  },
  {
    text: "error: file `/boot/grub/i386-pc/normal.m\u001b[12;40H\u001b[12;41Hod' not found.\r",
    line: "error: file `/boot/grub/i386-pc/normal.mod' not found.",
    because: 'GRUB addresses the cursor within a word',
  },
  {
    text: '\u001b[!p\u001b]104\u0007\u001b[?7h[    9.033202] systemd[1]: running',
    line: '[    9.033202] systemd[1]: running',
    because: 'systemd resets the terminal: a CSI with an intermediate byte, an OSC that ends with BEL',
  },
  {
    text: '\u001b]0;title\u001b\\text\u001b(B\u001bc',
    line: 'text',
    because: 'an OSC may end with ST, and some escapes have two or three characters',
  },
  { text: '\u001b]0;never ended', line: '0;never ended', because: 'an OSC without an end hides nothing' },
  { text: 'a\tb\u0000c\u0007\u009b\u2028', line: 'a bc', because: 'tabs are blanks, other controls nothing' },
  { text: 'x'.repeat(5_000_000), line: 'x'.repeat(LINE_LENGTH), because: 'no line is kept in full length' },
  { text: '(initramfs) ', line: '(initramfs)', because: 'blanks at the end are not seen' },
])('cleaning: $because', ({ text, line }) => {
  expect(cleanConsoleLine(text)).toBe(line);
});

test('progress that is written over itself is lines, blank ones are none', () => {
  const text =
    '\u0001root: |=      |  2.2%   \rroot: \u0001      \r\u0002Duplicate or bad block in use!\r\n\r\nend';
  expect(consoleLines(text)).toEqual([
    'root: |=      |  2.2%',
    'root:',
    'Duplicate or bad block in use!',
    'end',
  ]);
});
