/** The metrics of a response cache. */
import type { Attributes, Counter, Meter } from "@opentelemetry/api";
import { requireKnownMembers } from "../protocol/known-members.ts";
import { cacheLookupsOf } from "./instruments.ts";
import { Names } from "./names.ts";

export interface TraceCacheOptions {
  /** @default the one that the application has registered */
  readonly meter?: Meter;
}

/** The part of a cache that is observed. */
interface Lookups {
  readonly get: (key: never) => unknown;
}

/**
 * Returns a response cache whose lookups are counted, by method and by their outcome. A response that
 * has become stale is a hit of the cache, although the client asks again.
 *
 * @throws {TypeError} for an unknown option
 * @example
 * ```ts
 * const cache = traceCache(createMemoryResponseCache());
 * const client = createClient("https://example.com/mcp", { cache });
 * ```
 */
export function traceCache<Cache extends Lookups>(
  cache: Cache,
  options: TraceCacheOptions = {},
): Cache {
  requireKnownMembers(options, ["meter"], "traceCache");
  const lookups = cacheLookupsOf(options);
  const names = new Names();
  const get = (key: { readonly method: string }) => {
    const counter = lookups();
    const found = cache.get(key as never);
    if (counter === undefined) return found;
    const method = names.bounded(key.method);
    if (!(found instanceof Promise)) return counted(counter, method, found);
    return found.then((value: unknown) => counted(counter, method, value));
  };
  return new Proxy(cache, {
    get: (target, member) => {
      if (member === "get") return get;
      const value: unknown = Reflect.get(target, member, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function counted<Found>(lookups: Counter<Attributes>, method: string, found: Found): Found {
  const outcome = found === undefined ? "miss" : "hit";
  lookups.add(1, { "mcp.method.name": method, "lutra.cache": outcome });
  return found;
}
