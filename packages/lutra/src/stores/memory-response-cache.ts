/** A response cache in the memory of one process. */
import type { ResponseCache } from "./response-cache.ts";
import {
  createResponseLru,
  type ListedResponse,
  type MemoryResponseCacheOptions,
  type ResponseCacheSize,
} from "./response-lru.ts";

/** A response cache that reports its size and its entries. */
export interface MemoryResponseCache extends ResponseCache {
  /** Returns the current size. */
  readonly size: () => ResponseCacheSize;
  /** Returns up to `max` cached responses without their content, the most recently used first. */
  readonly list: (max: number) => readonly ListedResponse[];
}

interface Entry {
  /** JSON, so that readers can't affect each other, and the size is known. */
  readonly json: string;
  readonly receivedAt: number;
}

/** Creates a cache in the memory of this process. Each reader receives a copy. */
export function createMemoryResponseCache(
  options: MemoryResponseCacheOptions = {},
): MemoryResponseCache {
  const responses = createResponseLru<Entry>(options);
  return {
    get: (key) => {
      const entry = responses.get(key);
      return entry && { result: JSON.parse(entry.json), receivedAt: entry.receivedAt };
    },
    set: (key, { result, receivedAt }) => {
      const json = JSON.stringify(result);
      responses.set(key, { json, receivedAt }, 2 * json.length);
    },
    delete: (match) => responses.delete(match),
    size: () => responses.size(),
    list: (max) => responses.list(max),
  };
}
