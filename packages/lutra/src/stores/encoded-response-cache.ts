/** A response cache for gateways, which forward responses without changing them. */
import { type EncodedResult, type Result, resultBytes } from "../protocol/json-rpc.ts";
import type { MemoryResponseCache } from "./memory-response-cache.ts";
import type { CachedResponse } from "./response-cache.ts";
import { createResponseLru, type MemoryResponseCacheOptions } from "./response-lru.ts";

/**
 * Estimated memory for each byte of JSON, in bytes: the JSON, the objects that are parsed from it,
 * and the copy that a gateway keeps for the current value of `ttlMs`. On Node 20, JSON and objects
 * take 2.1 to 3.2 bytes for contents and lists of tools, and up to 10 when all members have
 * different names.
 */
const bytesPerByte = 4;

/**
 * Creates a cache in the memory of this process. All readers receive the same frozen result, which
 * carries its own JSON, so that neither is created again.
 */
export function createEncodedResponseCache(
  options: MemoryResponseCacheOptions = {},
): MemoryResponseCache {
  const responses = createResponseLru<CachedResponse>(options);
  return {
    get: (key) => responses.get(key),
    set: (key, { result, receivedAt }) => {
      const bytes = new TextEncoder().encode(JSON.stringify(result));
      const kept = Object.freeze({ result: frozen(bytes), receivedAt });
      responses.set(key, kept, bytesPerByte * bytes.length);
    },
    delete: (match) => responses.delete(match),
    size: () => responses.size(),
    list: (max) => responses.list(max),
  };
}

/** Parses a result and freezes it. */
function frozen(bytes: Uint8Array): EncodedResult {
  const result: Result = JSON.parse(new TextDecoder().decode(bytes), (_key, value) =>
    Object.freeze(value),
  );
  return Object.freeze(Object.defineProperty({ ...result }, resultBytes, { value: bytes }));
}
