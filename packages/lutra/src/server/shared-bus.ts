/** The event bus of a server, which stays the same object when `share` replaces its engine. */
import type { EventBus, EventListener } from "../stores/event-bus.ts";

export interface SharedBus extends EventBus {
  /** Switches to another bus. Existing subscriptions move along. */
  readonly moveTo: (bus: EventBus) => void;
}

interface Subscription {
  readonly topic: string;
  readonly listener: EventListener;
  unsubscribe: () => void;
}

/** Creates a bus that forwards to `bus` until it is moved. */
export function createSharedBus(bus: EventBus): SharedBus {
  const subscriptions = new Set<Subscription>();
  let current = bus;
  return {
    publish: (topic, event) => current.publish(topic, event),
    subscribe: (topic, listener) => {
      const unsubscribe = current.subscribe(topic, listener);
      const subscription: Subscription = { topic, listener, unsubscribe };
      subscriptions.add(subscription);
      return () => {
        subscriptions.delete(subscription);
        subscription.unsubscribe();
      };
    },
    moveTo: (next) => {
      if (next === current) return;
      current = next;
      for (const subscription of subscriptions) {
        subscription.unsubscribe();
        subscription.unsubscribe = next.subscribe(subscription.topic, subscription.listener);
      }
    },
  };
}
