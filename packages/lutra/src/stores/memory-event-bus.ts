/** An event bus within one process. */
import { isolate } from "../protocol/isolate.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { EventBus, EventListener } from "./event-bus.ts";

export interface EventBusOptions {
  /** Called with errors that listeners throw. @default writes to `console.error` */
  readonly onError?: (error: unknown, topic: string) => void;
}

/**
 * Creates a bus within one process. `publish` calls the listeners before it returns, in the order of
 * their subscriptions. An error of one listener does not affect the others.
 */
export function createMemoryEventBus(options: EventBusOptions = {}): EventBus {
  const onError = isolate(options.onError ?? reportListenerError);
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
    // Iterates over a copy, so that listeners added during delivery only receive later events.
    for (const subscription of [...subscriptions]) {
      if (!subscriptions.has(subscription)) continue;
      isolate(subscription.listener, (thrown) => onError(thrown, topic))(event);
    }
  }

  return { publish, subscribe };
}

/** One call of `subscribe`. The same listener may subscribe twice. */
interface Subscription {
  readonly listener: EventListener;
}

function reportListenerError(error: unknown, topic: string): void {
  console.error(`A listener of the topic ${topic} failed:`, error);
}
