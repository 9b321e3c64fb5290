/** A clock for ages and expiries, which a change of the system's time does not set back. */

export interface SteadyClockOptions {
  /** The system's time, in milliseconds since 1970. @default Date.now */
  readonly wall?: () => number;
  /** A clock that does not jump, in milliseconds. @default performance.now */
  readonly monotonic?: () => number;
}

/**
 * Creates a clock, in whole milliseconds since 1970, that advances at least as fast as the monotonic one. It
 * follows the system's time forward, because the monotonic clock may stop while a computer sleeps, and
 * never back.
 */
export function createSteadyClock(options: SteadyClockOptions = {}): () => number {
  const { wall = () => Date.now(), monotonic = () => performance.now() } = options;
  let time = wall();
  let readAt = monotonic();
  return () => {
    const now = monotonic();
    time = Math.max(wall(), time + (now - readAt));
    readAt = now;
    // Whole milliseconds, because times reach the protocol, which has integers.
    return Math.floor(time);
  };
}

let ofProcess: (() => number) | undefined;

/**
 * Returns the time of the clock of this process. The clock starts with the first call, because Workers
 * have no time while a module loads.
 */
export function steadyNow(): number {
  ofProcess ??= createSteadyClock();
  return ofProcess();
}
