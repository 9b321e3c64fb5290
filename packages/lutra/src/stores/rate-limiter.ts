/** Limits on the use of something within a time. */

/** The decision of a limiter about one request. */
export interface RateDecision {
  readonly allowed: boolean;
  /** Time until the same request is allowed, in milliseconds; 0 when it is allowed now. */
  readonly retryAfterMs: number;
}

/** A limit for each of many keys. Implement it over a shared store to count for several processes. */
export interface RateLimiter {
  /**
   * Takes `cost` from the remaining allowance of `key`, or nothing if that is too little. A negative
   * cost returns an allowance that was not used.
   */
  readonly take: (key: string, cost: number) => RateDecision | Promise<RateDecision>;
}
