import type { EventBus } from "../stores/event-bus.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import type { Sealer } from "./seal.ts";

/** The state of a server that sessions of earlier revisions need. Replicas share it. */
export interface SessionState {
  /** Returns the sealer with the keys of the server. */
  readonly sealer: () => Sealer;
  readonly events: EventBus;
  /** The store for the changes of sessions, if it is shared. */
  readonly handles: HandleStore;
}
