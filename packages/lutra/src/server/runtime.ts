/** The state of a server that `share` may replace before the first request. */
import { isolate } from "../protocol/isolate.ts";
import type { JSONObject } from "../protocol/json.ts";
import { type ListChanged, listChangedMethods } from "../protocol/subscriptions.ts";
import type { EventBus } from "../stores/event-bus.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import type { ReplayGuard } from "../stores/replay-guard.ts";
import { type CatalogueRuntime, resultMeta } from "./catalogues.ts";
import type { Observer } from "./handler/observer.ts";
import type { RequestStates, RequestStatesOptions } from "./handler/request-state.ts";
import type { Execute, HandlerSettings } from "./handler/round.ts";
import { createSealer, randomKeys, type SealKey } from "./seal.ts";
import type { CompleteOptions } from "./server-options.ts";
import type { Shared } from "./shared.ts";
import { createSharedBus } from "./shared-bus.ts";
import { createSharedHandles } from "./shared-handles.ts";

/** The parts of the runtime that an entry point chooses. */
export interface RuntimeFeatures {
  /** Executes the handlers. */
  readonly execute: Execute;
  readonly createStates: (options: RequestStatesOptions) => RequestStates;
  /** Creates the store for handles of a server without the option. */
  readonly createHandles: (options: { readonly now: () => number }) => HandleStore;
  /** Creates the guard of a server without the option. */
  readonly createReplayGuard: () => ReplayGuard;
}

export interface Runtime extends CatalogueRuntime {
  readonly events: EventBus;
  /** Publishes an event. Its failure is reported, and does not concern the caller. */
  readonly publish: (topic: string, event: JSONObject) => void;
  /** Returns the shared state with the bus of the server's options, which takes precedence. */
  readonly share: (shared: Shared) => Shared;
}

/** Settings whose observer `share` may set. */
interface ChangingSettings extends HandlerSettings {
  observer?: Observer | undefined;
}

/** Creates the runtime of a server, with the state of this process. */
export function createRuntime(options: CompleteOptions, features: RuntimeFeatures): Runtime {
  let sealer = options.keys && createSealer(options.keys);
  // Random keys are drawn for the first seal, since Workers refuse randomness while a module loads.
  const currentSealer = () => {
    sealer ??= createSealer(randomKeys());
    return sealer;
  };
  const events = createSharedBus(options.events ?? createMemoryEventBus());
  const publish = isolate(events.publish, (error) => options.onError(error, "events"));
  let replayGuard = options.replayGuard ?? features.createReplayGuard();
  const handles = createSharedHandles(options.handles ?? features.createHandles(options));
  const { replayGraceMs, now, observer } = options;
  const settings: ChangingSettings = { execute: features.execute, replayGraceMs, now, observer };
  return {
    events,
    handles,
    settings,
    sealer: currentSealer,
    states: features.createStates({
      sealer: {
        seal: (value, binding) => currentSealer().seal(value, binding),
        open: (sealed, binding) => currentSealer().open(sealed, binding),
      },
      ttlMs: options.inputTtlMs,
      maxStateBytes: options.maxStateBytes,
      replayGuard: {
        get isShared() {
          return replayGuard.isShared;
        },
        claim: (id, ttlMs, caller) => replayGuard.claim(id, ttlMs, caller),
      },
      validator: options.validator,
      meta: resultMeta(options),
      now: options.now,
    }),
    publish,
    announce: (what: ListChanged) => publish(listChangedMethods[what], {}),
    share: (shared) => {
      const keys = options.keys ?? shared.keys;
      requireShared(options, shared, keys);
      settings.observer = observer ?? shared.observer;
      if (keys !== undefined) sealer = createSealer(keys);
      const bus = options.events ?? shared.events;
      if (bus !== undefined) events.moveTo(bus);
      replayGuard = options.replayGuard ?? shared.replayGuard ?? replayGuard;
      handles.moveTo(options.handles ?? shared.handles, shared.replicas);
      return bus === undefined ? shared : { ...shared, events: bus };
    },
  };
}

/** Refuses replicas that could not open each other's seals or could accept a state twice. */
function requireShared(
  options: CompleteOptions,
  { replicas = 1, replayGuard = options.replayGuard }: Shared,
  keys: readonly SealKey[] | undefined,
): void {
  if (replicas <= 1) return;
  if (keys === undefined) {
    throw new TypeError(
      "createServer: replicas need the same keys; pass `keys` to createServer, or start them with `lutra up`",
    );
  }
  const { tools = [], prompts = [], resources = [], resourceTemplates = [] } = options;
  const definitions = [...tools, ...prompts, ...resources, ...resourceTemplates];
  const once = definitions.some(({ singleUse }) => singleUse);
  if (once && !replayGuard?.isShared) {
    throw new TypeError("createServer: singleUse with replicas needs a shared `replayGuard`");
  }
}
