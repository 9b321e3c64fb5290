/** A clock that changes only when a test advances it. */
export interface ManualClock {
  /** Returns the time in milliseconds since 1970. */
  readonly now: () => number;
  /** Advances the time by `ms` milliseconds. */
  readonly advance: (ms: number) => void;
}

/**
 * Creates a clock for the `now` option of servers and clients, so that cached results and request
 * state expire in a test without waiting.
 *
 * @param startMs - the initial time, in milliseconds since 1970
 */
export function createManualClock(startMs: number = Date.UTC(2026, 6, 28)): ManualClock {
  let time = startMs;
  return {
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
  };
}
