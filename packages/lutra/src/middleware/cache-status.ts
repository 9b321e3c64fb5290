import type { Result } from "../protocol/json-rpc.ts";

/** Where a result came from: a response that is still fresh, or one that stands in for it. */
export type CacheStatus = "fresh" | "stale";

const statuses = new WeakMap<Result, CacheStatus>();

/** Says whether a result came from the cache: `undefined` for one that the server just sent. */
export function cacheStatusOf(result: Result): CacheStatus | undefined {
  return statuses.get(result);
}

/** Notes where a result came from. */
export function setCacheStatus<R extends Result>(result: R, status: CacheStatus | undefined): R {
  if (status !== undefined) statuses.set(result, status);
  return result;
}
