/**
 * Keeps responses for reuse. What may be reused, by whom and for how long is decided by the reader;
 * a store only keeps and forgets.
 *
 * @spec server/utilities/caching
 */
import type { Result } from "../protocol/json-rpc.ts";
import {
  createResponseLru,
  type MemoryResponseCacheOptions,
  type ResponseCacheSize,
} from "./response-lru.ts";

/** What a response answers, and who may see it. */
export interface ResponseCacheKey {
  /** The server that sent it, for instance its URL. */
  readonly server: string;
  readonly method: string;
  /** The parameters that affect the result, as canonical JSON. */
  readonly params: string;
  /** The callers that may share it: all, or those of one authorization context. */
  readonly partition: string;
}

export interface CachedResponse {
  readonly result: Result;
  /** When it arrived, in milliseconds since 1970. */
  readonly receivedAt: number;
}

/** Which responses to forget: those to a method, or to one method with these parameters. */
export type ResponseCacheMatch = Pick<ResponseCacheKey, "server" | "method"> &
  Partial<Pick<ResponseCacheKey, "params">>;

/** Where responses are kept. Implement it over a shared store to share `public` responses. */
export interface ResponseCache {
  readonly get: (
    key: ResponseCacheKey,
  ) => CachedResponse | undefined | Promise<CachedResponse | undefined>;
  readonly set: (key: ResponseCacheKey, response: CachedResponse) => void | Promise<void>;
  /** Forgets responses in all partitions. */
  readonly delete: (match: ResponseCacheMatch) => void | Promise<void>;
}

/** A cache in the memory of one process. */
export interface MemoryResponseCache extends ResponseCache {
  /** How much it holds. */
  readonly size: () => ResponseCacheSize;
}

interface Kept {
  /** JSON, so that no reader can change what another one gets, and the size is known. */
  readonly json: string;
  readonly receivedAt: number;
}

/** Makes a cache in the memory of one process that gives every reader a copy of its own. */
export function createMemoryResponseCache(
  options: MemoryResponseCacheOptions = {},
): MemoryResponseCache {
  const responses = createResponseLru<Kept>(options);
  return {
    get: (key) => {
      const kept = responses.get(key);
      return kept && { result: JSON.parse(kept.json), receivedAt: kept.receivedAt };
    },
    set: (key, { result, receivedAt }) => {
      const json = JSON.stringify(result);
      responses.set(key, { json, receivedAt }, 2 * json.length);
    },
    delete: (match) => responses.delete(match),
    size: () => responses.size(),
  };
}

/** A cache that keeps nothing, for clients that must not reuse responses. */
export const noResponseCache: ResponseCache = Object.freeze({
  get: () => undefined,
  set: () => {},
  delete: () => {},
});
