/**
 * Where the parts of a server tell each other that something changed: its lists, its resources,
 * its tasks. `subscriptions/listen` is fed from here.
 */
import type { JSONObject } from "../protocol/json.ts";

/**
 * Carries events to everyone who subscribed to their topic. Implement it over a database or a
 * message broker to reach servers on other machines.
 *
 * A bus delivers an event at most once to each listener, in the order in which one publisher
 * published. It does not keep events for those who subscribe later. One that may have missed events
 * of others, because its connection broke, says so to its own listeners on `eventGapTopic`.
 */
export interface EventBus {
  /**
   * Hands `event` to the listeners of `topic`. The promise, where there is one, resolves when the
   * event is on its way, and may be ignored: a rejection that nobody awaits ends no process. Events
   * are JSON, and nobody changes one after publishing it.
   */
  readonly publish: (topic: string, event: JSONObject) => void | Promise<void>;
  /** Calls `listener` for each event of `topic` until the returned function is called. */
  readonly subscribe: (topic: string, listener: EventListener) => () => void;
}

/**
 * The topic on which a bus tells its own listeners that events of others may be lost, once it hears
 * again: whoever mirrors what events tell of reads it anew.
 */
export const eventGapTopic: string = "lutra.gap";

export type EventListener = (event: JSONObject) => void;

export interface EventBusOptions {
  /** Hears what a listener threw. @default writes to `console.error` */
  readonly onError?: (error: unknown, topic: string) => void;
}

/**
 * An event bus within one process. `publish` calls the listeners before it returns, in the order
 * in which they subscribed. A listener that throws does not keep the event from the others.
 */
export function createMemoryEventBus(options: EventBusOptions = {}): EventBus {
  const onError = options.onError ?? reportListenerError;
  const topics = new Map<string, Set<Subscription>>();

  function subscribe(topic: string, listener: EventListener): () => void {
    const subscription = { listener };
    const subscriptions = topics.get(topic) ?? new Set();
    topics.set(topic, subscriptions.add(subscription));
    return () => {
      subscriptions.delete(subscription);
      if (subscriptions.size === 0 && topics.get(topic) === subscriptions) topics.delete(topic);
    };
  }

  function publish(topic: string, event: JSONObject): void {
    const subscriptions = topics.get(topic);
    if (subscriptions === undefined) return;
    // A copy, so that a listener added during delivery waits for the next event.
    for (const subscription of [...subscriptions]) {
      if (!subscriptions.has(subscription)) continue;
      try {
        subscription.listener(event);
      } catch (thrown) {
        onError(thrown, topic);
      }
    }
  }

  return { publish, subscribe };
}

/** One call of `subscribe`: the same listener may subscribe twice. */
interface Subscription {
  readonly listener: EventListener;
}

function reportListenerError(error: unknown, topic: string): void {
  console.error(`A listener of the topic ${topic} failed:`, error);
}
