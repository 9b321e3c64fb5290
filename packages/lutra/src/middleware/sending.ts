import type { RequestContext, Serve } from "../protocol/exchange.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import type { CachedResponse } from "../stores/response-cache.ts";
import type { CacheKeys } from "./cache-keys.ts";

/** A request that the cache may answer. */
export interface Sending {
  readonly keys: CacheKeys;
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly next: Serve;
  /** The stored response, which may be stale. */
  readonly found: CachedResponse | undefined;
}
