/** A rate limiter in the memory of one process. */
import { BoundedMap } from "./bounded-map.ts";
import type { RateDecision, RateLimiter } from "./rate-limiter.ts";

export interface MemoryRateLimiterOptions {
  /** Allowance of each key within `perMs`. A burst may use all of it at once. */
  readonly requests: number;
  /** Time in which an empty allowance is refilled, evenly, in milliseconds. */
  readonly perMs: number;
  /** Maximum number of keys. The least recently used one is dropped first. @default 100000 */
  readonly maxKeys?: number;
  /** A monotonic clock, in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/**
 * Creates a limiter with a token bucket for each key. It stores only the time at which a bucket will be
 * full, and nothing for full ones, so it needs no timers.
 */
export function createMemoryRateLimiter(options: MemoryRateLimiterOptions): RateLimiter {
  const { requests, perMs, maxKeys = 100_000, now = () => performance.now() } = options;
  for (const [name, value] of Object.entries({ requests, perMs, maxKeys })) {
    if (!(value > 0)) throw new TypeError(`${name}: expected more than 0`);
  }
  /** The time at which each bucket will be full. The least recently used key is first. */
  const fullAt = new BoundedMap<string, number>({ maxEntries: maxKeys });
  const allowed: RateDecision = Object.freeze({ allowed: true, retryAfterMs: 0 });
  return {
    take: (key, cost) => {
      const time = now();
      const next = Math.max(fullAt.get(key) ?? 0, time) + (cost * perMs) / requests;
      const waitMs = next - time - perMs;
      // Tolerates rounding of fractions of a millisecond.
      if (cost > 0 && waitMs > 1e-6) return { allowed: false, retryAfterMs: Math.ceil(waitMs) };
      if (next > time) fullAt.set(key, next);
      else fullAt.delete(key);
      return allowed;
    },
  };
}
