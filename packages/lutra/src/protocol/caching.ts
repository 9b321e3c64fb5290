/**
 * Freshness hints on the six cacheable results.
 *
 * @spec server/utilities/caching
 */
import type { Result } from "./json-rpc.ts";

export type CacheScope = "public" | "private";

/** The lifetime and the audience of a cached result. */
export interface CacheHints {
  /** Time from receipt during which the result is fresh, in milliseconds; 0 for never. */
  readonly ttlMs: number;
  /** `public` results may be served to any caller, `private` ones only to the same principal. */
  readonly cacheScope: CacheScope;
}

export interface CacheableResult extends Result, CacheHints {}

/** Maximum freshness that a peer can give a result, in milliseconds: a day. */
const maxFreshMs = 86_400_000;

/**
 * Returns the hints of a result from the peer. A hint that is absent or invalid counts as stale or
 * private. A longer freshness is cut to `maxFreshMs`, because a result could not be replaced before
 * its end.
 *
 * @spec server/utilities/caching#time-to-live-ttl-field
 */
export function readCacheHints(result: Result): CacheHints {
  const { ttlMs, cacheScope } = result;
  return {
    ttlMs: Number.isFinite(ttlMs) ? Math.min(Math.max(0, ttlMs as number), maxFreshMs) : 0,
    cacheScope: cacheScope === "public" ? "public" : "private",
  };
}

/**
 * Returns true for a complete result. Results of earlier revisions have no type and are complete.
 *
 * @spec server/utilities/caching#cacheable-results
 */
export function isCacheable({ resultType }: Result): boolean {
  return resultType === undefined || resultType === "complete";
}
