/** The state that `server.share()` sets before the first request. */
import type { EventBus } from "../stores/event-bus.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import type { ReplayGuard } from "../stores/replay-guard.ts";
import type { TaskStore } from "../stores/task-store.ts";
import type { Observer } from "./handler/observer.ts";
import type { SealKey } from "./seal.ts";

/** State that the replicas of one server must share. */
export interface Shared {
  /** Number of replicas. */
  readonly replicas?: number;
  readonly keys?: readonly SealKey[];
  readonly events?: EventBus;
  readonly replayGuard?: ReplayGuard;
  /** The store for the values of handles. */
  readonly handles?: HandleStore;
  /** The store for tasks, on a server with the Tasks extension. */
  readonly tasks?: TaskStore;
  /** Observes requests, rounds and steps, for example `traceServer()` of `lutra/otel`. */
  readonly observer?: Observer;
}
