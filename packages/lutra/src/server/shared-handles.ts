/** The handle store of a server, which stays the same object when `share` replaces its engine. */
import type { HandleStore } from "../stores/handle-store.ts";

export interface SharedHandles extends HandleStore {
  /** Switches to another store, if one is given, for a server with this number of replicas. */
  readonly moveTo: (store: HandleStore | undefined, replicas?: number) => void;
}

/** Creates a store that forwards to `store` until it is moved. */
export function createSharedHandles(store: HandleStore): SharedHandles {
  let current = store;
  let isAlone = true;

  /** Returns the current store, which every replica must be able to read. */
  function shared(): HandleStore {
    if (isAlone || current.isShared) return current;
    throw new TypeError(
      "handles: replicas need a shared store; pass `handles` to createServer, or start them with `lutra up --store`",
    );
  }

  return {
    get isShared() {
      return current.isShared;
    },
    create: async (handle) => shared().create(handle),
    get: async (scope, id) => shared().get(scope, id),
    replace: async (handle) => shared().replace(handle),
    delete: async (scope, id) => shared().delete(scope, id),
    sweep: async (limit) => shared().sweep(limit),
    close: () => current.close(),
    moveTo: (next, replicas = 1) => {
      current = next ?? current;
      isAlone = replicas <= 1;
    },
  };
}
