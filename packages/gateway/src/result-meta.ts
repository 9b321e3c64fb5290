/** The keys that the gateway adds to `_meta` of results. */

/** `"stale"` in a cached result that is no longer fresh; absent from a fresh one. */
export const cacheMetaKey = "dev.lutra/cache";
/** The names of the upstreams whose part is missing from a merged result. */
export const missingKey = "dev.lutra/missing";
/** The names of the upstreams whose part of a merged result is a stale response from the cache. */
export const staleKey = "dev.lutra/stale";
