/** Equal requests of several callers become one where its answer may be shared. */
import { type CacheScope, isCacheable, readCacheHints } from "../protocol/caching.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { nameOf } from "../stores/response-lru.ts";
import { type CacheKeys, hasNotifications } from "./cache-keys.ts";
import type { Join, Passenger } from "./flights.ts";
import { isOutage } from "./outage.ts";

/**
 * Makes the `join` of `createCaching` for requests of several authorization contexts. They wait
 * for one answer, which is everyone's if it is public; if it is private, each sends its own. Where
 * the last result of a method was private, nobody waits for another caller's next one.
 */
export function joinCallers(): Join {
  /** By method: there are as many as are cacheable. */
  const scopes = new Map<string, CacheScope>();

  function noting(own: Passenger): Passenger {
    return {
      ...own,
      onLanded: (result) => {
        scopes.set(own.request.method, readCacheHints(result).cacheScope);
        return own.onLanded(result);
      },
    };
  }

  return (flights, passenger) => {
    const own = noting(passenger);
    if (hasNotifications(own.request) || scopes.get(own.request.method) === "private") {
      return flights.join(own);
    }
    return flights.join({
      ...own,
      name: nameOf(own.keys.public),
      share: (result, from) =>
        isPublic(result) || isSameCaller(from, own.keys) ? own.share(result, from) : undefined,
      fails: (error, from) => isOutage(error) || isSameCaller(from, own.keys),
      alone: () => flights.join(own),
    });
  };
}

function isPublic(result: Result): boolean {
  return isCacheable(result) && readCacheHints(result).cacheScope === "public";
}

function isSameCaller(a: CacheKeys, b: CacheKeys): boolean {
  return a.private !== undefined && a.private.partition === b.private?.partition;
}
