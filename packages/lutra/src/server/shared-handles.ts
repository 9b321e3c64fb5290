/** The store of handles that a server shows its handlers, before and after `share` exchanges it. */
import type { HandleStore } from "../stores/handle-store.ts";

export interface SharedHandles extends HandleStore {
  /** Goes on with another store, where one is given, at one of so many replicas. */
  readonly moveTo: (store: HandleStore | undefined, replicas?: number) => void;
}

/** Passes on to `store`, until it is moved. */
export function createSharedHandles(store: HandleStore): SharedHandles {
  let current = store;
  let isAlone = true;

  /** A handle that one replica gave out must be known to all. */
  function shared(): HandleStore {
    if (isAlone || current.isShared) return current;
    throw new TypeError(
      "handles with replicas need a shared store; give `handles` to createServer, or start them with `lutra up --store`",
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
