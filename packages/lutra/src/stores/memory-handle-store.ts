/** The values of handles in the memory of one process. */
import type { JSONValue } from "../protocol/json.ts";
import type { HandleStore, StoredHandle } from "./handle-store.ts";
import { StoreUnavailableError } from "./store-unavailable-error.ts";

export interface MemoryHandleStoreOptions {
  /** Maximum number of values. Further ones are refused with a 503. @default 100000 */
  readonly maxHandles?: number;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

interface Kept {
  readonly version: number;
  readonly expiresAt: number | null;
  /** JSON, so that callers can't change what others read. */
  readonly value: string;
}

/** Creates a store in the memory of this process. */
export function createMemoryHandleStore(options: MemoryHandleStoreOptions = {}): HandleStore {
  const { maxHandles = 100_000, now = Date.now } = options;
  if (!(maxHandles >= 1)) throw new TypeError("maxHandles: expected at least 1");
  const handles = new Map<string, Kept>();

  const isExpired = ({ expiresAt }: Kept): boolean => expiresAt !== null && expiresAt <= now();

  function find(name: string): Kept | undefined {
    const kept = handles.get(name);
    return kept === undefined || isExpired(kept) ? undefined : kept;
  }

  function keep({ scope, id, version, expiresAt, value }: StoredHandle): void {
    handles.set(nameOf(scope, id), { version, expiresAt, value: JSON.stringify(value) });
  }

  function sweep(limit: number): number {
    let swept = 0;
    for (const [name, kept] of handles) {
      if (swept >= limit) break;
      if (!isExpired(kept)) continue;
      handles.delete(name);
      swept += 1;
    }
    return swept;
  }

  return {
    isShared: false,
    create: async (handle) => {
      if (handles.has(nameOf(handle.scope, handle.id))) {
        throw new TypeError("create: a handle with this id already exists");
      }
      if (handles.size >= maxHandles && sweep(maxHandles) === 0) {
        const cause = new Error(`the limit of ${maxHandles} values is reached`);
        throw new StoreUnavailableError("memory", cause);
      }
      keep(handle);
    },
    get: async (scope, id) => {
      const kept = find(nameOf(scope, id));
      return kept && { ...kept, scope, id, value: JSON.parse(kept.value) as JSONValue };
    },
    replace: async (handle) => {
      if (find(nameOf(handle.scope, handle.id))?.version !== handle.version - 1) return false;
      keep(handle);
      return true;
    },
    delete: async (scope, id) => {
      const name = nameOf(scope, id);
      const kept = find(name);
      handles.delete(name);
      return kept !== undefined;
    },
    sweep: async (limit) => sweep(limit),
    close: async () => {},
  };
}

function nameOf(scope: string, id: string): string {
  return JSON.stringify([scope, id]);
}
