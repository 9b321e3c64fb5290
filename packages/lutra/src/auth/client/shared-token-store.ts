/** A token store over a store of handles, such as those of `@lutra/stores` in Postgres and SQLite. */
import { requireKnownMembers } from "../../protocol/known-members.ts";
import type { HandleStore } from "../../stores/handle-store.ts";
import { abortError } from "../../time/abort.ts";
import { delay } from "../../time/backoff.ts";
import { createCipher } from "./text-cipher.ts";
import type { TokenStore } from "./token-store.ts";

export interface SharedTokenStoreOptions {
  /** Keeps the entries: `handles` of `openStore`. */
  readonly handles: HandleStore;
  /**
   * The keys that encrypt the entries (AES-256-GCM), each 32 bytes in Base64. The first one encrypts, all
   * of them decrypt.
   */
  readonly keys: readonly string[];
}

const scope = "lutra token";
const lockScope = "lutra token lock";
/** Time after which a lock counts as left behind by a process that has died, in milliseconds. */
const leaseMs = 30_000;
/** Pause between attempts to take a lock, in milliseconds. */
const retryMs = 50;
/** Number of expired entries that are deleted when one is in the way. */
const sweepSize = 1000;

/**
 * Creates a store for hosts with several replicas and many users. Entries are encrypted, and their names
 * are hashed.
 *
 * @throws {TypeError} for an invalid option
 */
export function createSharedTokenStore(options: SharedTokenStoreOptions): TokenStore {
  requireKnownMembers(options, ["handles", "keys"], "createSharedTokenStore");
  const { handles } = options;
  const { encrypt, decrypt } = createCipher(options.keys);
  const locks = createLeases(handles);

  async function write(key: string, value: string, expiresAt: number | null): Promise<void> {
    const id = await hashOf(key);
    const entry = { scope, id, expiresAt, value: await encrypt(value, id) };
    for (;;) {
      const found = await handles.get(scope, id);
      const version = (found?.version ?? 0) + 1;
      if (found !== undefined && (await handles.replace({ ...entry, version }))) return;
      if (found === undefined && (await isCreated(handles, { ...entry, version }))) return;
    }
  }

  return {
    get: async (key) => {
      const id = await hashOf(key);
      const found = await handles.get(scope, id);
      return typeof found?.value === "string" ? decrypt(found.value, id) : undefined;
    },
    set: (key, value, expiresAt) => write(key, value, expiresAt ?? null),
    delete: async (key) => void (await handles.delete(scope, await hashOf(key))),
    lock: async (key, work, signal) => locks(await hashOf(key), work, signal),
  };
}

/** Adds a value. Resolves to false when there is one, after expired ones have been deleted. */
async function isCreated(
  handles: HandleStore,
  handle: Parameters<HandleStore["create"]>[0],
): Promise<boolean> {
  try {
    await handles.create(handle);
    return true;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    await handles.sweep(sweepSize);
    return false;
  }
}

/** Creates locks that expire unless their holder renews them. */
function createLeases(handles: HandleStore): TokenStore["lock"] {
  const lease = (id: string, version: number, holder: string) => ({
    ...{ scope: lockScope, id, version, expiresAt: null },
    value: { holder, until: Date.now() + leaseMs },
  });

  async function take(id: string, holder: string): Promise<boolean> {
    const found = await handles.get(lockScope, id);
    if (found === undefined) return isCreated(handles, lease(id, 1, holder));
    const { until = 0 } = (found.value ?? {}) as { readonly until?: number };
    if (until > Date.now()) return false;
    return handles.replace(lease(id, found.version + 1, holder));
  }

  /** Calls `change` with the lock, if it is still that of the holder. */
  async function ifHeld(id: string, holder: string, change: (version: number) => Promise<unknown>) {
    const found = await handles.get(lockScope, id);
    const held = (found?.value ?? {}) as { readonly holder?: string };
    if (found !== undefined && held.holder === holder) await change(found.version);
  }

  return async (id, work, signal) => {
    const holder = crypto.randomUUID();
    while (!(await take(id, holder))) {
      if (signal?.aborted) throw abortError(signal);
      await delay(retryMs);
    }
    const renew = () =>
      void ifHeld(id, holder, (version) => handles.replace(lease(id, version + 1, holder))).catch(
        () => {},
      );
    const timer = setInterval(renew, leaseMs / 3);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      await ifHeld(id, holder, () => handles.delete(lockScope, id));
    }
  };
}

/** Names are hashed, because they contain the ids of users, and may be long. */
async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
