/**
 * Freshness hints on the six cacheable results.
 *
 * @spec server/utilities/caching
 */
import type { Result } from "./json-rpc.ts";

export type CacheScope = "public" | "private";

/** How long, and by whom, a result may be reused. */
export interface CacheHints {
  /** Milliseconds from receipt during which the result is fresh; 0 is stale at once. */
  readonly ttlMs: number;
  /** `public` results may be served to any caller, `private` ones only to the same principal. */
  readonly cacheScope: CacheScope;
}

export interface CacheableResult extends Result, CacheHints {}

/**
 * Reads the hints of a result from the peer. What is absent or nonsense counts as stale and
 * private.
 *
 * @spec server/utilities/caching#time-to-live-ttl-field
 */
export function readCacheHints(result: Result): CacheHints {
  const { ttlMs, cacheScope } = result;
  return {
    ttlMs: Number.isFinite(ttlMs) ? Math.max(0, ttlMs as number) : 0,
    cacheScope: cacheScope === "public" ? "public" : "private",
  };
}

/**
 * True for results that their server is done with. Those of earlier revisions have no type.
 *
 * @spec server/utilities/caching#cacheable-results
 */
export function isCacheable({ resultType }: Result): boolean {
  return resultType === undefined || resultType === "complete";
}
