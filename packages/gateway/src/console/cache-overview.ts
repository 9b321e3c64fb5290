/** The contents of the response cache. */
import type { CachedEntry, CacheOverview } from "@lutra/console";
import type { ShownCaching } from "./console-sources.ts";

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

export async function cacheOverview(
  caching: Pick<ShownCaching, "stats" | "list"> | undefined,
  maxBytes: number,
): Promise<CacheOverview> {
  if (caching === undefined) return off;
  const listed = await caching.list(maxShown);
  const responses = listed.map(({ key, bytes, receivedAt, processes }): CachedEntry => {
    const { server, method, params, partition } = key;
    const scope = partition.startsWith("public") ? "public" : "private";
    return { server, method, params, scope, bytes, receivedAt, processes };
  });
  return { isOn: true, maxBytes, ...caching.stats(), responses };
}
