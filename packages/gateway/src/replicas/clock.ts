import { maxTimerMs } from "lutra/internal";

/** Time and randomness, which tests replace. */

export interface Clock {
  /** Returns a monotonic time, in milliseconds. */
  readonly now: () => number;
  /** Calls `run` once after `ms`, unless the returned function is called before. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** Returns a number of at least 0 and below 1. */
  readonly random: () => number;
}

/** The real time. Its timers do not keep the process from exiting. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    // A longer time would overflow, and the timer would fire at once.
    const timer = setTimeout(run, Math.min(ms, maxTimerMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
