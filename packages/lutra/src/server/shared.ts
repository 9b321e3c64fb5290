/** What a fleet may exchange before the first request. */
import type { EventBus } from "../stores/event-bus.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import type { ReplayGuard } from "../stores/replay-guard.ts";
import type { TaskStore } from "../stores/task-store.ts";
import type { SealKey } from "./seal.ts";

/** What replicas of one server must have in common. */
export interface Shared {
  /** How many replicas answer for each other. */
  readonly replicas?: number;
  readonly keys?: readonly SealKey[];
  readonly events?: EventBus;
  readonly replayGuard?: ReplayGuard;
  /** Where the values of handles live. */
  readonly handles?: HandleStore;
  /** Where tasks live, for a server with the extension of that name. */
  readonly tasks?: TaskStore;
}
