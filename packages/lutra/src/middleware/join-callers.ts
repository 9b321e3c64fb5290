/** Sends equal requests of several callers once, when the answer may be shared between them. */
import { type CacheScope, isCacheable, readCacheHints } from "../protocol/caching.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { nameOf } from "../stores/response-lru.ts";
import { type CacheKeys, hasNotifications } from "./cache-keys.ts";
import { isOutage } from "./outage.ts";
import type { Join, Waiter } from "./shared-requests.ts";

/**
 * Creates the `join` of `createCaching` for requests of several authorization contexts. They wait
 * for one answer. A public answer is shared; after a private one, each caller sends its own request.
 * If the last result of a method was private, callers do not wait for each other's requests.
 */
export function joinCallers(): Join {
  /** The last scope by method. There are as many entries as cacheable methods. */
  const scopes = new Map<string, CacheScope>();

  function recordingScope(own: Waiter): Waiter {
    return {
      ...own,
      onResult: (result) => {
        scopes.set(own.request.method, readCacheHints(result).cacheScope);
        return own.onResult(result);
      },
    };
  }

  return (requests, waiter) => {
    const own = recordingScope(waiter);
    if (hasNotifications(own.request) || scopes.get(own.request.method) === "private") {
      return requests.join(own);
    }
    return requests.join({
      ...own,
      name: nameOf(own.keys.public),
      share: (result, from) =>
        isPublic(result) || isSameCaller(from, own.keys) ? own.share(result, from) : undefined,
      sharesFailure: (error, from) => isOutage(error) || isSameCaller(from, own.keys),
      sendAlone: () => requests.join(own),
    });
  };
}

function isPublic(result: Result): boolean {
  return isCacheable(result) && readCacheHints(result).cacheScope === "public";
}

function isSameCaller(a: CacheKeys, b: CacheKeys): boolean {
  return a.private !== undefined && a.private.partition === b.private?.partition;
}
