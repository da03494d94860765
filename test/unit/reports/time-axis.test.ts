import { expect, test } from '@jest/globals';
import { planTimeAxis } from '../../../src/reports/time-axis.ts';

test.each([
  {
    longestMs: 0,
    endMs: 1000,
    ticks: [0, 0.5, 1],
    because: 'an axis has a length even where nothing booted',
  },
  {
    longestMs: 4000,
    endMs: 4000,
    ticks: [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4],
    because: 'eight steps are few enough',
  },
  {
    longestMs: 38_900,
    endMs: 38_900,
    ticks: [0, 5, 10, 15, 20, 25, 30, 35],
    because: 'it ends with the longest',
  },
  {
    longestMs: 100_000,
    endMs: 100_000,
    ticks: [0, 15, 30, 45, 60, 75, 90],
    because: 'a minute has four quarters',
  },
  {
    longestMs: 36_000_000,
    endMs: 36_000_000,
    ticks: [0, 7200, 14_400, 21_600, 28_800, 36_000],
    because: 'hours',
  },
])('$longestMs ms: $because', ({ longestMs, endMs, ticks }) => {
  expect(planTimeAxis(longestMs)).toEqual({ endMs, ticksMs: ticks.map((tick) => tick * 1000) });
});
