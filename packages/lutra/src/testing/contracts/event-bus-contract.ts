import type { JSONObject } from "../../protocol/json.ts";
import type { EventBus } from "../../stores/event-bus.ts";
import { type ContractCase, expectEqual, freshId, settled } from "./contract-case.ts";

/** The two ends of a bus that replicas share. For a bus in memory, both are the same. */
export interface SharedEventBuses {
  readonly one: EventBus;
  readonly other: EventBus;
  readonly close: () => Promise<void>;
}

/**
 * Returns the contract of an `EventBus` as cases for any test runner. `open` resolves when each end
 * receives the events of the other.
 */
export function eventBusContract(open: () => Promise<SharedEventBuses>): readonly ContractCase[] {
  return cases.map(({ name, body }) => ({
    name,
    run: async () => {
      const { one, other, close } = await open();
      try {
        await body(one, other);
      } finally {
        await close();
      }
    },
  }));
}

interface EventBusCase {
  readonly name: string;
  readonly body: (one: EventBus, other: EventBus) => Promise<void>;
}

/** Collects the events of a topic until the one that is marked as last. */
function collect(bus: EventBus, topic: string): Promise<readonly JSONObject[]> {
  const all = settled<readonly JSONObject[]>();
  const heard: JSONObject[] = [];
  bus.subscribe(topic, (event) => {
    if (event.isLast === true) all.resolve(heard);
    else heard.push(event);
  });
  return all.promise;
}

const last = { isLast: true };

const cases: readonly EventBusCase[] = [
  {
    name: "delivers the events of one publisher to every replica, once each and in order",
    body: async (one, other) => {
      const topic = `topic ${freshId()} ö/"'\n`;
      const heard = [collect(one, topic), collect(other, topic)];
      const events = Array.from({ length: 200 }, (_, n) => ({ n, text: "ö\u0000" }));
      for (const event of events) void one.publish(topic, event);
      await one.publish(topic, last);
      for (const found of await Promise.all(heard))
        expectEqual(found, events, "the received events");
    },
  },
  {
    name: "delivers equal events as often as they are published",
    body: async (one, other) => {
      const topic = freshId();
      const heard = collect(other, topic);
      for (let n = 0; n < 5; n += 1) void one.publish(topic, { same: true });
      await one.publish(topic, last);
      expectEqual((await heard).length, 5, "how many were heard");
    },
  },
  {
    name: "keeps the order among events of all sizes",
    body: async (one, other) => {
      const topic = freshId();
      const heard = collect(other, topic);
      const sizes = [10, 20_000, 10, 7900, 8100, 10, 1_000_000, 10];
      for (const size of sizes) void one.publish(topic, { text: "ö".repeat(size / 2) });
      await one.publish(topic, last);
      const lengths = (await heard).map(({ text }) => 2 * (text as string).length);
      expectEqual(lengths, sizes, "the sizes of what was heard");
    },
  },
  {
    name: "calls the listeners of its own process before publish returns",
    body: async (one) => {
      const topic = freshId();
      const heard: JSONObject[] = [];
      one.subscribe(topic, (event) => heard.push(event));
      const published = one.publish(topic, { n: 1 });
      expectEqual(heard, [{ n: 1 }], "the received events");
      await published;
    },
  },
  {
    name: "delivers nothing to other topics or removed listeners",
    body: async (one, other) => {
      const [topic, foreign] = [freshId(), freshId()];
      const wrong: JSONObject[] = [];
      other.subscribe(foreign, (event) => wrong.push(event));
      const leave = other.subscribe(topic, (event) => wrong.push(event));
      leave();
      leave();
      const heard = collect(other, topic);
      void one.publish(topic, { n: 1 });
      await one.publish(topic, last);
      expectEqual(await heard, [{ n: 1 }], "the received events");
      expectEqual(wrong, [], "events of wrong listeners");
    },
  },
];
