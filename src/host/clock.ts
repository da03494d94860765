/** Where the time comes from; read once per build and passed in from there. */
export interface Clock {
  /** The present instant. */
  readonly now: () => Date;
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => new Date() };
