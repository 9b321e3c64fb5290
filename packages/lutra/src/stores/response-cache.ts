/**
 * Stores responses for reuse. Its users decide which responses may be reused, by whom and for how long.
 *
 * @spec server/utilities/caching
 */
import type { Result } from "../protocol/json-rpc.ts";
import type { ResponseCacheKey, ResponseCacheMatch } from "./response-cache-key.ts";

export interface CachedResponse {
  readonly result: Result;
  /** Time of arrival, in milliseconds since 1970. */
  readonly receivedAt: number;
}

/** Stores responses. Implement it over a shared store to share `public` responses. */
export interface ResponseCache {
  readonly get: (
    key: ResponseCacheKey,
  ) => CachedResponse | undefined | Promise<CachedResponse | undefined>;
  readonly set: (key: ResponseCacheKey, response: CachedResponse) => void | Promise<void>;
  /** Deletes responses from all partitions. */
  readonly delete: (match: ResponseCacheMatch) => void | Promise<void>;
}

/** A cache that stores nothing, for clients that must not reuse responses. */
export const noResponseCache: ResponseCache = Object.freeze({
  get: () => undefined,
  set: () => {},
  delete: () => {},
});
