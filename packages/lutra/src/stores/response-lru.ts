/** Values for responses, limited in bytes. The least recently used value is dropped first. */
import type { ResponseCacheKey, ResponseCacheMatch } from "./response-cache-key.ts";

export interface MemoryResponseCacheOptions {
  /**
   * Maximum size including keys, in bytes. The least recently used response is dropped first.
   * @default 8388608 (8 MiB)
   */
  readonly maxBytes?: number;
}

/** The size of a cache in memory. */
export interface ResponseCacheSize {
  readonly entries: number;
  readonly bytes: number;
}

/** A cached response without its content. */
export interface ListedResponse {
  readonly key: ResponseCacheKey;
  /** Estimated size with its key, in bytes. */
  readonly bytes: number;
  /** Time of arrival, in milliseconds since 1970. */
  readonly receivedAt: number;
}

interface Entry<Value> {
  readonly key: ResponseCacheKey;
  readonly value: Value;
  readonly bytes: number;
}

export interface ResponseLru<Value extends { readonly receivedAt: number }> {
  readonly get: (key: ResponseCacheKey) => Value | undefined;
  /** Adds a value of `bytes` bytes, without its key. */
  readonly set: (key: ResponseCacheKey, value: Value, bytes: number) => void;
  readonly delete: (match: ResponseCacheMatch) => void;
  readonly size: () => ResponseCacheSize;
  /** Returns up to `max` entries, the most recently used first. */
  readonly list: (max: number) => readonly ListedResponse[];
}

export function createResponseLru<Value extends { readonly receivedAt: number }>(
  options: MemoryResponseCacheOptions,
): ResponseLru<Value> {
  const { maxBytes = 8_388_608 } = options;
  if (!(maxBytes >= 0)) throw new TypeError("maxBytes: expected a number of bytes");
  /** The least recently used entry is first. */
  const entries = new Map<string, Entry<Value>>();
  let bytes = 0;
  /** The last entry. One that is used repeatedly need not be moved. */
  let newest: Entry<Value> | undefined;

  function forget(name: string): void {
    const entry = entries.get(name);
    bytes -= entry?.bytes ?? 0;
    if (entry === newest) newest = undefined;
    entries.delete(name);
  }

  return {
    get: (key) => {
      const name = nameOf(key);
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      if (entry !== newest) {
        entries.delete(name);
        entries.set(name, entry);
        newest = entry;
      }
      return entry.value;
    },
    set: (key, value, valueBytes) => {
      const name = nameOf(key);
      forget(name);
      const size = 2 * name.length + valueBytes;
      if (size > maxBytes) return;
      newest = { key, value, bytes: size };
      entries.set(name, newest);
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
    size: () => ({ entries: entries.size, bytes }),
    list: (max) => {
      const newest = max > 0 ? [...entries.values()].slice(-max).reverse() : [];
      return newest.map(({ key, bytes: size, value: { receivedAt } }) => {
        const { server, method, params, partition } = key;
        return { key: { server, method, params, partition }, bytes: size, receivedAt };
      });
    },
  };
}

/** A key whose text is computed once and used several times. */
export class NamedKey implements ResponseCacheKey {
  readonly server: string;
  readonly method: string;
  readonly params: string;
  readonly partition: string;
  #name: string | undefined;

  constructor(server: string, method: string, params: string, partition: string) {
    this.server = server;
    this.method = method;
    this.params = params;
    this.partition = partition;
  }

  get name(): string {
    this.#name ??= written(this);
    return this.#name;
  }
}

/** Returns a unique text for each key. */
export function nameOf(key: ResponseCacheKey): string {
  return key instanceof NamedKey ? key.name : written(key);
}

/** Separates parts by their lengths, which costs less than quoting them. */
function written({ server, method, params, partition }: ResponseCacheKey): string {
  const lengths = `${server.length} ${method.length} ${params.length} `;
  return `${lengths}${server}${method}${params}${partition}`;
}
