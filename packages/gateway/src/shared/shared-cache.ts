/** A response cache in memory, before one that several gateways share. */
import { readCacheHints } from "lutra/protocol";
import type {
  CachedResponse,
  MemoryResponseCache,
  ResponseCache,
  ResponseCacheKey,
} from "lutra/stores";
import type { Availability } from "./availability.ts";

export interface SharedCacheOptions {
  readonly local: MemoryResponseCache;
  readonly shared: ResponseCache;
  readonly availability: Availability;
  /**
   * Returns a text that is the same in all gateways whose upstreams give the same responses. Others
   * see none of their responses.
   */
  readonly space: () => string;
  readonly now: () => number;
}

/**
 * Creates the cache. A fresh response in memory is used as it is; otherwise the shared cache may have
 * a newer one. While the shared cache is unavailable, the one in memory is used alone.
 */
export function createSharedCache(options: SharedCacheOptions): MemoryResponseCache {
  const { local, shared, availability, space, now } = options;
  const at = <Key extends { readonly server: string }>(key: Key): Key => ({
    ...key,
    server: `${space()} ${key.server}`,
  });

  async function fetch(key: ResponseCacheKey, known: CachedResponse | undefined) {
    const { server, method, params, partition } = key;
    const found = await availability.run(
      () => shared.get(at({ server, method, params, partition })),
      () => undefined,
    );
    if (found === undefined || (known && known.receivedAt >= found.receivedAt)) return known;
    await local.set(key, found);
    return local.get(key);
  }

  return {
    size: local.size,
    list: local.list,
    get: (key) => {
      const known = local.get(key);
      // The cache in memory answers at once.
      const own = known as CachedResponse | undefined;
      if (own !== undefined && isFresh(own, now())) return own;
      return fetch(key, own);
    },
    set: async (key, response) => {
      const { server, method, params, partition } = key;
      await local.set(key, response);
      await availability.run(
        () => shared.set(at({ server, method, params, partition }), response),
        () => {},
      );
    },
    delete: async (match) => {
      await local.delete(match);
      await availability.run(
        () => shared.delete(at(match)),
        () => {},
      );
    },
  };
}

function isFresh({ result, receivedAt }: CachedResponse, now: number): boolean {
  return receivedAt + readCacheHints(result).ttlMs > now;
}
