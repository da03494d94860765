import { expect, test } from '@jest/globals';
import { byFraction, parseQemuProgress } from '../../../src/workflows/conversion-progress.ts';

test.each([
  ['    (42.00/100%)', 0.42],
  ['(100/100%)', 1],
  ['qemu-img: warning (1.00/100%)', undefined],
  ['', undefined],
])('qemu-img tells %j as %s', (line, expected) => {
  expect(parseQemuProgress(line)).toBe(expected);
});

test.each([
  [0, 0, 1],
  [1, 4, 0.25],
])('%d of %d bytes are %d', (done, total, expected) => {
  const told: number[] = [];
  byFraction((fraction) => told.push(fraction))(done, total);
  expect(told).toEqual([expected]);
});
