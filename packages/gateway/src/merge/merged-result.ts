/** The members of a result that is merged from the results of several upstreams. */
import type { CacheHints, CacheScope, JSONObject } from "lutra/protocol";

/** The key of `_meta` that lists the upstreams whose part is missing from a result. */
export const missingKey = "dev.lutra/missing";

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

/** Returns the `_meta` of a merged result. */
export function mergedMeta(serverMeta: JSONObject, missing: readonly string[]): JSONObject {
  return missing.length === 0 ? serverMeta : { ...serverMeta, [missingKey]: [...missing] };
}
