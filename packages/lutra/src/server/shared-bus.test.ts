import { expect, it } from "vitest";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { createServer } from "./create-server.ts";
import { randomKeys } from "./seal.ts";
import { createSharedBus } from "./shared-bus.ts";

it("takes those who have subscribed along when it moves to another bus", () => {
  const [first, second] = [createMemoryEventBus(), createMemoryEventBus()];
  const bus = createSharedBus(first);
  const heard: unknown[] = [];
  bus.subscribe("trips", (event) => heard.push(event));
  bus.moveTo(second);
  first.publish("trips", { from: "first" });
  second.publish("trips", { from: "second" });
  bus.publish("trips", { from: "bus" });
  expect(heard).toEqual([{ from: "second" }, { from: "bus" }]);
});

it("forgets those who have unsubscribed before and after a move", () => {
  const bus = createSharedBus(createMemoryEventBus());
  const heard: unknown[] = [];
  const leaveEarly = bus.subscribe("trips", (event) => heard.push(event));
  const leaveLate = bus.subscribe("trips", (event) => heard.push(event));
  leaveEarly();
  bus.moveTo(createMemoryEventBus());
  leaveLate();
  bus.publish("trips", {});
  expect(heard).toEqual([]);
});

it("joins the applications of servers that share a bus", () => {
  const events = createMemoryEventBus();
  const keys = randomKeys();
  const servers = ["a", "b"].map((name) => createServer({ name, version: "1" }));
  const heard: unknown[] = [];
  servers[1]?.events.subscribe("trips", (event) => heard.push(event));
  for (const server of servers) server.share({ replicas: 2, keys, events });
  servers[0]?.events.publish("trips", { id: "t1" });
  expect(heard).toEqual([{ id: "t1" }]);
});
