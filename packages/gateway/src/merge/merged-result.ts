/** The members of a result that is merged from the results of several upstreams. */
import type { CacheHints, CacheScope, JSONObject, Result } from "lutra/protocol";
import { cacheMetaKey, missingKey, staleKey } from "../result-meta.ts";

/** The names of the upstreams whose parts of a merged result are missing, or stale. */
export interface PartialUpstreams {
  readonly missing: readonly string[];
  readonly stale: readonly string[];
}

/**
 * Returns the freshness of a merged result: the shortest `ttlMs`, and `private` if any part is. An
 * incomplete result is not cacheable. Upstreams that do not support the method have no part.
 *
 * @spec server/utilities/caching#cacheable-model
 */
export function mergedHints(hints: readonly CacheHints[], missing: readonly string[]): CacheHints {
  if (missing.length > 0) return { ttlMs: 0, cacheScope: "private" };
  const cacheScope: CacheScope = hints.every((one) => one.cacheScope === "public")
    ? "public"
    : "private";
  return { ttlMs: Math.min(...hints.map(({ ttlMs }) => ttlMs)), cacheScope };
}

/** Returns true for a response from the cache that is no longer fresh. */
export function isStale({ _meta }: Result): boolean {
  return _meta?.[cacheMetaKey] === "stale";
}

/** Returns the `_meta` of a merged result. */
export function mergedMeta(
  serverMeta: JSONObject,
  { missing, stale }: PartialUpstreams,
): JSONObject {
  if (missing.length + stale.length === 0) return serverMeta;
  return {
    ...serverMeta,
    ...(missing.length > 0 && { [missingKey]: [...missing] }),
    ...(stale.length > 0 && { [staleKey]: [...stale] }),
  };
}
