import { describe, expect, test } from '@jest/globals';
import { ConsoleWatch, LINES_KEPT } from '../../../src/guest/console-watch.ts';

const UNIT = '[FAILED] Failed to start cron.service - Regular background program processing daemon.';
const FULL = 'cp: error writing \u001b[1m/x\u001b[0m: No space left on device';
const PANIC = '[    9.529301] Kernel panic - not syncing: sysrq triggered crash';
const MOUNT = '[DEPEND] Dependency failed for data.mount - /data.';
const EMERGENCY = 'You are in emergency mode. After logging in, type "journalctl -xb" to view';

/** A watch that has heard lines of the serial console, one a second. */
function watchOf(...lines: string[]): ConsoleWatch {
  const watch = new ConsoleWatch();
  for (const [index, line] of lines.entries()) watch.hear(line, 'serial', 1000 * (index + 1));
  return watch;
}

describe('the likely reason', () => {
  test.each([
    { lines: [], name: undefined, because: 'nothing was said' },
    { lines: ['all is well'], name: undefined, because: 'nothing wrong was said' },
    { lines: [UNIT, FULL], name: 'no-space', because: 'a full disk breaks units, not the other way round' },
    { lines: [FULL, UNIT], name: 'no-space', because: 'the order of what was said does not matter' },
    { lines: [FULL, UNIT, PANIC], name: 'panic', because: 'what is fatal comes first' },
    { lines: [PANIC, EMERGENCY], name: 'panic', because: 'the first fatal sign counts' },
  ])('$name: $because', ({ lines, name }) => {
    expect(watchOf(...lines).likelyReason()?.sign.name).toBe(name);
  });

  test('that QEMU was ended from outside explains nothing while there is another suspect', () => {
    const watch = new ConsoleWatch();
    watch.hear('qemu-system-x86_64: terminating on signal 15 from pid 6808 (timeout)', 'qemu', 1);
    expect(watch.likelyReason()?.sign.name).toBe('qemu-killed');
    watch.hear("error: file `/boot/grub/fonts/unicode.pf2' not found.", 'serial', 2);
    expect(watch.likelyReason()?.sign.name).toBe('grub-file');
    watch.hear('E: Unable to locate package curlx', 'provisioner', 3);
    expect(watch.likelyReason()?.sign.name).toBe('package-unknown');
  });

  test('a suspect is kept as it was first seen, with how often', () => {
    const watch = watchOf(FULL, UNIT, 'tar: x: No space left on device');
    expect(watch.fatal).toBeUndefined();
    expect(watch.suspects.map(({ sign, atMs, count }) => [sign.name, atMs, count])).toEqual([
      ['no-space', 1000, 2],
      ['unit-failed', 2000, 1],
    ]);
    expect(watch.likelyReason()).toMatchObject({
      line: 'cp: error writing /x: No space left on device',
      reason: 'no space was left on the disk',
      source: 'serial',
    });
  });

  test('a fatal sign names what led to it', () => {
    expect(watchOf(MOUNT, EMERGENCY).fatal).toMatchObject({
      atMs: 2000,
      reason: 'systemd could not reach its target and went into emergency mode: /data could not be mounted',
    });
    expect(watchOf(EMERGENCY, MOUNT).fatal?.reason).not.toContain('/data');
    expect(watchOf(FULL, EMERGENCY).fatal?.reason).not.toContain('space');
  });
});

test('a source is heard for itself', () => {
  const watch = new ConsoleWatch();
  expect(watch.hear('No bootable device.', 'serial', 1)).toBeUndefined();
  expect(watch.hear('No bootable device.', 'firmware', 2)?.sign.name).toBe('no-bootable-device');
  expect(watch.lastLines('serial')).toEqual(['No bootable device.']);
  expect(watch.lastLines('qemu')).toEqual([]);
});

test('whatever is said, little is kept', () => {
  const watch = new ConsoleWatch();
  for (let index = 0; index < 1000; index += 1) {
    watch.hear(`${index} ${'x'.repeat(10_000)}`, 'provisioner', index);
    watch.hear(' \u001b[0m ', 'provisioner', index);
    watch.hear(`E: Unable to locate package p${index}`, 'provisioner', index);
  }
  const kept = watch.lastLines('provisioner');
  expect(kept).toHaveLength(LINES_KEPT);
  expect(kept.at(-1)).toBe('E: Unable to locate package p999');
  expect(watch.lastLines('provisioner', 1)).toEqual(kept.slice(-1));
  expect(watch.lastLines('provisioner', 0)).toEqual([]);
  expect(Math.max(...kept.map((line) => line.length))).toBeLessThanOrEqual(1000);
  expect(watch.suspects).toHaveLength(1);
  expect(watch.suspects[0]).toMatchObject({
    count: 1000,
    atMs: 0,
    reason: 'apt in the guest knows no package p0',
  });
});

test('of the lines by which systemd tells that it waits, the last is kept', () => {
  const watch = watchOf(
    'Starting a',
    '[\u001b[0;31m*     \u001b[0m] Job a.service/start running (7s / no limit)',
    '\u001b[K[\u001b[0;1;31m*\u001b[0m\u001b[0;31m*    \u001b[0m] Job a.service/start running (8s / no limit)',
    '[  OK  ] Started a.',
  );
  expect(watch.lastLines('serial')).toEqual([
    'Starting a',
    '[**    ] Job a.service/start running (8s / no limit)',
    '[  OK  ] Started a.',
  ]);
});

test('what follows a fatal line does not push it out', () => {
  const panic = '[   12.345678] Kernel panic - not syncing: sysrq triggered crash';
  const watch = watchOf(
    'Starting a',
    panic,
    ...Array.from({ length: 200 }, (_, index) => `[   12.345678] R${index}`),
  );
  expect(watch.lastLines('serial').slice(0, 2)).toEqual(['Starting a', panic]);
  expect(watch.lastLines('serial')).toHaveLength(2 + LINES_KEPT / 2);
});
