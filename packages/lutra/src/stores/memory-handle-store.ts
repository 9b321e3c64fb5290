/** The values of handles in the memory of one process. */
import type { JSONValue } from "../protocol/json.ts";
import type { HandleStore } from "./handle-store.ts";
import { MemoryRows } from "./memory-rows.ts";

export interface MemoryHandleStoreOptions {
  /** Maximum number of values. Further ones are refused with a 503. @default 100000 */
  readonly maxHandles?: number;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Creates a store in the memory of this process. */
export function createMemoryHandleStore(options: MemoryHandleStoreOptions = {}): HandleStore {
  const { maxHandles = 100_000, now = Date.now } = options;
  if (!(maxHandles >= 1)) throw new TypeError("maxHandles: expected at least 1");
  const rows = new MemoryRows<JSONValue>({ maxRows: maxHandles, plural: "values", now });
  return {
    isShared: false,
    create: async (handle) => {
      if (rows.add(nameOf(handle.scope, handle.id), handle)) return;
      throw new TypeError("create: a handle with this id already exists");
    },
    get: async (scope, id) => {
      const row = rows.get(nameOf(scope, id));
      return row && { scope, id, ...row };
    },
    replace: async (handle) => rows.replace(nameOf(handle.scope, handle.id), handle),
    delete: async (scope, id) => rows.delete(nameOf(scope, id)),
    sweep: async (limit) => rows.sweep(limit),
    close: async () => {},
  };
}

function nameOf(scope: string, id: string): string {
  return JSON.stringify([scope, id]);
}
