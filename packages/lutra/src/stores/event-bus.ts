/**
 * Notifications of changes between the parts of a server, such as its lists, resources and tasks.
 * `subscriptions/listen` is fed from them.
 */
import type { JSONObject } from "../protocol/json.ts";

/**
 * Delivers events to all subscribers of their topic. Implement it over a database or a message broker
 * to reach servers on other machines.
 *
 * A bus delivers an event at most once to each listener, in the order of its publisher. It does not
 * keep events for later subscribers. After its connection was interrupted, it publishes
 * `eventGapTopic` to its own listeners, because events of others may be lost.
 */
export interface EventBus {
  /**
   * Delivers `event` to the listeners of `topic`. The promise, if any, resolves when the event is sent,
   * and may be ignored: a rejection without a handler does not end the process. Events are JSON and
   * must not change after they are published.
   */
  readonly publish: (topic: string, event: JSONObject) => void | Promise<void>;
  /** Calls `listener` for each event of `topic`. Returns a function that removes it. */
  readonly subscribe: (topic: string, listener: EventListener) => () => void;
}

/**
 * The topic for gaps: a bus publishes it to its own listeners after reconnecting, since events of
 * others may be lost. Listeners must reload the state that they derive from events.
 */
export const eventGapTopic: string = "lutra.gap";

export type EventListener = (event: JSONObject) => void;
