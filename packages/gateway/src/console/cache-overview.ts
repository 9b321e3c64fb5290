/** The contents of the response cache. */
import type { CachedEntry, CacheOverview } from "@lutra/console";
import type { ResponseCaching } from "../cache/response-caching.ts";

const maxShown = 500;

const off: CacheOverview = {
  isOn: false,
  bytes: 0,
  maxBytes: 0,
  entries: 0,
  hits: 0,
  stale: 0,
  misses: 0,
  responses: [],
};

export function cacheOverview(
  caching: Pick<ResponseCaching, "stats" | "list"> | undefined,
  maxBytes: number,
): CacheOverview {
  if (caching === undefined) return off;
  const responses = caching.list(maxShown).map(({ key, bytes, receivedAt }): CachedEntry => {
    const { server, method, params, partition } = key;
    const scope = partition.startsWith("public") ? "public" : "private";
    return { server, method, params, scope, bytes, receivedAt };
  });
  return { isOn: true, maxBytes, ...caching.stats(), responses };
}
