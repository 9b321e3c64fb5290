/** Counts what callers use up of what they may use in a time. */

export interface RateDecision {
  readonly allowed: boolean;
  /** How long until the same is allowed, in milliseconds; 0 where it is. */
  readonly retryAfterMs: number;
}

/** One limit, for many keys. Implement it over a shared store to count for several processes. */
export interface RateLimiter {
  /**
   * Takes `cost` from what `key` may use, or nothing where that is too much. A negative cost gives
   * back what was taken for something that did not happen.
   */
  readonly take: (key: string, cost: number) => RateDecision | Promise<RateDecision>;
}

export interface MemoryRateLimiterOptions {
  /** How much may be used in `perMs`; a burst may use all of it at once. */
  readonly requests: number;
  /** The time in which all of it comes back, evenly, in milliseconds. */
  readonly perMs: number;
  /** How many keys are remembered; the one that was not used for longest goes first. @default 100000 */
  readonly maxKeys?: number;
  /** A clock that is never set back, in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/**
 * A token bucket for each key, in the memory of one process. Of a bucket only the time is kept at
 * which it is full again, and of a full one nothing, so that there are no timers.
 */
export function createMemoryRateLimiter(options: MemoryRateLimiterOptions): RateLimiter {
  const { requests, perMs, maxKeys = 100_000, now = () => performance.now() } = options;
  for (const [name, value] of Object.entries({ requests, perMs, maxKeys })) {
    if (!(value > 0)) throw new TypeError(`${name}: expected more than 0`);
  }
  /** When each bucket is full again; the map's order is that of use. */
  const fullAt = new Map<string, number>();
  const allowed: RateDecision = Object.freeze({ allowed: true, retryAfterMs: 0 });
  return {
    take: (key, cost) => {
      const time = now();
      const next = Math.max(fullAt.get(key) ?? 0, time) + (cost * perMs) / requests;
      const waitMs = next - time - perMs;
      // Sums of fractions of a millisecond are not exact.
      if (cost > 0 && waitMs > 1e-6) return { allowed: false, retryAfterMs: Math.ceil(waitMs) };
      fullAt.delete(key);
      if (next > time) fullAt.set(key, next);
      if (fullAt.size > maxKeys) dropOldest(fullAt, time);
      return allowed;
    },
  };
}

/** Drops the key that was not used for longest, and those after it whose buckets are full. */
function dropOldest(fullAt: Map<string, number>, time: number): void {
  let isFirst = true;
  for (const [key, full] of fullAt) {
    if (!isFirst && full > time) break;
    fullAt.delete(key);
    isFirst = false;
  }
}
