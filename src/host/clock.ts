import { setTimeout as delay } from 'node:timers/promises';

/** Where the time comes from; read once per build and passed in from there. */
export interface Clock {
  /** The present instant. */
  readonly now: () => Date;
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => new Date() };

/** Time as it passes, for whoever has to wait; tests pass one that does not. */
export interface Pace {
  /** Milliseconds since some instant; unlike the clock on the wall it never jumps. */
  readonly nowMs: () => number;
  /** Waits; rejects at once when the signal comes. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The machine's own pace. */
export const systemPace: Pace = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal }),
};
