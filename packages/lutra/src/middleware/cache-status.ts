import type { Result } from "../protocol/json-rpc.ts";

/** The state of a cached response: fresh or stale. */
export type CacheStatus = "fresh" | "stale";

const statuses = new WeakMap<Result, CacheStatus>();

/** Returns the cache status of a result; `undefined` for one that the server has just sent. */
export function cacheStatusOf(result: Result): CacheStatus | undefined {
  return statuses.get(result);
}

/** Records the cache status of a result. */
export function setCacheStatus<R extends Result>(result: R, status: CacheStatus | undefined): R {
  if (status !== undefined) statuses.set(result, status);
  return result;
}
