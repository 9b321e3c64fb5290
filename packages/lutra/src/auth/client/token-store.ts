/** The place where a client keeps tokens, registrations and unfinished sign-ins. */
import { BoundedMap } from "../../stores/bounded-map.ts";
import { unlessAborted } from "../../time/abort.ts";

/**
 * Keeps secrets by key. Every value contains secrets; keys contain none. Implement it over a database
 * for a host with many users: a row for each key, encrypted at rest.
 */
export interface TokenStore {
  readonly get: (key: string) => Promise<string | undefined>;
  /** Stores a value. An entry may be dropped at `expiresAt`, in milliseconds since 1970. */
  readonly set: (key: string, value: string, expiresAt?: number) => Promise<void>;
  readonly delete: (key: string) => Promise<void>;
  /**
   * Runs `work` while no other call with the same key does, in any process that shares the store.
   * A refresh token can be used only once, so this also protects from signing out by accident. A call
   * whose signal aborts while it waits rejects, and does not run `work`.
   */
  readonly lock: <T>(key: string, work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;
}

export interface MemoryTokenStoreOptions {
  /** Maximum number of entries; beyond it, the oldest are dropped. @default 10000 */
  readonly maxEntries?: number;
}

/** Creates a store in memory, for one process. */
export function createMemoryTokenStore(options: MemoryTokenStoreOptions = {}): TokenStore {
  const { maxEntries = 10_000 } = options;
  if (!(maxEntries > 0)) throw new TypeError("maxEntries: expected a positive number");
  const entries = new BoundedMap<string, string>({ maxEntries });
  return {
    get: async (key) => entries.get(key),
    set: async (key, value) => entries.set(key, value),
    delete: async (key) => void entries.delete(key),
    lock: createLocks(),
  };
}

/** Creates the `lock` of one process: the calls with one key run one after the other. */
export function createLocks(): TokenStore["lock"] {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work, signal) => {
    const before = last.get(key) ?? Promise.resolve();
    const run = unlessAborted(before, signal).then(work);
    const ended = Promise.all([before, run.catch(() => {})]);
    last.set(key, ended);
    try {
      return await run;
    } finally {
      if (last.get(key) === ended) last.delete(key);
    }
  };
}
