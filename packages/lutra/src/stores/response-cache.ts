/**
 * Keeps responses for reuse. What may be reused, by whom and for how long is decided by the reader;
 * a store only keeps and forgets.
 *
 * @spec server/utilities/caching
 */
import type { Result } from "../protocol/json-rpc.ts";

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

export interface MemoryResponseCacheOptions {
  /**
   * How much is kept, keys included, in bytes. What was not used for longest goes first.
   * @default 8388608 (8 MiB)
   */
  readonly maxBytes?: number;
}

interface Entry {
  readonly key: ResponseCacheKey;
  /** JSON, so that no reader can change what another one gets, and the size is known. */
  readonly json: string;
  readonly receivedAt: number;
  readonly bytes: number;
}

/** A cache in the memory of one process. */
export function createMemoryResponseCache(options: MemoryResponseCacheOptions = {}): ResponseCache {
  const { maxBytes = 8_388_608 } = options;
  if (!(maxBytes >= 0)) throw new TypeError("maxBytes: expected a number of bytes");
  /** The map's order is that of use. */
  const entries = new Map<string, Entry>();
  let bytes = 0;

  function forget(name: string): void {
    bytes -= entries.get(name)?.bytes ?? 0;
    entries.delete(name);
  }

  return {
    get: (key) => {
      const name = nameOf(key);
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      entries.delete(name);
      entries.set(name, entry);
      return { result: JSON.parse(entry.json), receivedAt: entry.receivedAt };
    },
    set: (key, { result, receivedAt }) => {
      const name = nameOf(key);
      forget(name);
      const json = JSON.stringify(result);
      const size = 2 * (name.length + json.length);
      if (size > maxBytes) return;
      entries.set(name, { key, json, receivedAt, bytes: size });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (bytes <= maxBytes) break;
        forget(oldest);
      }
    },
    delete: ({ server, method, params }) => {
      for (const [name, { key }] of entries) {
        if (key.server !== server || key.method !== method) continue;
        if (params === undefined || key.params === params) forget(name);
      }
    },
  };
}

/** A cache that keeps nothing, for clients that must not reuse responses. */
export const noResponseCache: ResponseCache = Object.freeze({
  get: () => undefined,
  set: () => {},
  delete: () => {},
});

function nameOf({ server, method, params, partition }: ResponseCacheKey): string {
  return JSON.stringify([server, method, params, partition]);
}
