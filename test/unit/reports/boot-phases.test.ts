import { expect, test } from '@jest/globals';
import type { BootTimes } from '../../../src/manifests/test-report.ts';
import { bootPhases } from '../../../src/reports/boot-phases.ts';

const rows: readonly { times: BootTimes; phases: string[]; because: string }[] = [
  {
    times: { kernelMs: 3, userspaceMs: 12, readyMs: 31, loginMs: 33 },
    phases: ['firmware 0-3', 'kernel 3-12', 'userspace 12-31', 'login 31-33'],
    because: 'every mark was seen',
  },
  {
    times: { userspaceMs: 12, readyMs: 31 },
    phases: ['unknown 0-12', 'userspace 12-31'],
    because: 'a quiet kernel cannot be told from the firmware',
  },
  { times: { readyMs: 31 }, phases: ['unknown 0-31'], because: 'only the end is known' },
  { times: { kernelMs: 3 }, phases: ['firmware 0-3'], because: 'what hung is not drawn' },
  { times: {}, phases: [], because: 'there was no sign of life' },
  {
    times: { kernelMs: 3, userspaceMs: 12, readyMs: 31, loginMs: 30 },
    phases: ['firmware 0-3', 'kernel 3-12', 'userspace 12-31', 'login 31-31'],
    because: 'a login may be in before the marker is read',
  },
];

test.each(rows)('$phases: $because', ({ times, phases }) => {
  expect(bootPhases(times).map(({ kind, startMs, endMs }) => `${kind} ${startMs}-${endMs}`)).toEqual(phases);
});

test('an unknown phase tells what it may hold', () => {
  expect(bootPhases({ readyMs: 31 })[0]?.words).toBe('firmware and boot loader, kernel, userspace');
});
