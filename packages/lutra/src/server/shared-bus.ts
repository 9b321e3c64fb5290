/** The event bus that a server shows its application, before and after `share` exchanges it. */
import type { EventBus, EventListener } from "../stores/event-bus.ts";

export interface SharedBus extends EventBus {
  /** Goes on with another bus; those who have subscribed need not do so again. */
  readonly moveTo: (bus: EventBus) => void;
}

interface Subscription {
  readonly topic: string;
  readonly listener: EventListener;
  unsubscribe: () => void;
}

/** Passes on to `bus`, until it is moved. */
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
