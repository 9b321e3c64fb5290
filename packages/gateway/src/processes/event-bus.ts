/** Events between the processes of a gateway without a bus of its own, over their supervisor. */
import { sizeOfJSON } from "lutra/internal";
import { createMemoryEventBus, type EventBus } from "lutra/stores";
import type { Channel } from "./channel.ts";

/** Creates the bus of a process. Events are dropped while the supervisor does not read. */
export function createJointBus(channel: Channel): EventBus {
  const local = createMemoryEventBus();
  channel.on("event", ({ topic, event }) => {
    void local.publish(topic, event);
  });
  return {
    subscribe: local.subscribe,
    publish: (topic, event) => {
      void local.publish(topic, event);
      channel.offer("event", { topic, event }, sizeOfJSON(event));
    },
  };
}

export interface EventRelay {
  /** Passes the events of a process on to the others, until the returned function is called. */
  readonly add: (channel: Channel) => () => void;
  /** Number of events that were dropped. */
  readonly lost: () => number;
}

/** Creates the relay of the supervisor. It drops the events for a process that does not read. */
export function createEventRelay(): EventRelay {
  const members = new Set<Channel>();
  let lost = 0;
  return {
    lost: () => lost,
    add: (channel) => {
      members.add(channel);
      channel.on("event", (value) => {
        const bytes = sizeOfJSON(value.event);
        for (const other of members) {
          if (other !== channel && !other.offer("event", value, bytes)) lost += 1;
        }
      });
      return () => members.delete(channel);
    },
  };
}
