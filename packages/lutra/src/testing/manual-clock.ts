/** A clock that stands still until a test moves it. */
export interface ManualClock {
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
  /** Moves the time on by `ms` milliseconds. */
  readonly advance: (ms: number) => void;
}

/**
 * Makes a clock for the `now` option of servers and clients, so that a test can see a cached result
 * or a request state expire without waiting.
 *
 * @param startMs - the first time it shows, in milliseconds since 1970
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
