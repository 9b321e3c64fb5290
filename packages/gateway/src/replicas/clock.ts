import { maxTimerMs } from "lutra/internal";

/** Time and chance, as far as upstreams need them; tests bring their own. */

export interface Clock {
  /** Milliseconds that only run forward. */
  readonly now: () => number;
  /** Runs something once after `ms`, unless the returned function is called before. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** At least 0 and below 1. */
  readonly random: () => number;
}

/** The real ones. What is to run later does not keep the process from ending. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    // What is a fifth longer than the longest time of a timer would run at once.
    const timer = setTimeout(run, Math.min(ms, maxTimerMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
