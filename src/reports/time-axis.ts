/** An axis of time that begins at 0. */
export interface TimeAxis {
  /** Where it ends; at least what it was planned for. */
  readonly endMs: number;
  /** Places of its ticks, from 0 on. */
  readonly ticksMs: readonly number[];
}

/** Distances between ticks that people count in, in seconds. */
const STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
const MOST_TICKS = 8;

/** An axis for times up to `longestMs`, with at most eight distances between ticks. */
export function planTimeAxis(longestMs: number): TimeAxis {
  const seconds = Math.max(1, longestMs / 1000);
  const step =
    STEPS.find((each) => seconds / each <= MOST_TICKS) ?? Math.ceil(seconds / MOST_TICKS / 3600) * 3600;
  const count = Math.ceil(seconds / step);
  return {
    endMs: seconds * 1000,
    ticksMs: Array.from({ length: count + 1 }, (_, index) => index * step * 1000).filter(
      (tickMs) => tickMs <= seconds * 1000,
    ),
  };
}
