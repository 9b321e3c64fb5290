import { fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import type { ProcessChannel } from "./process-event-bus.ts";
import { createProcessEventBus, relayEvents } from "./process-event-bus.ts";

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** Creates the two ends of a channel within this process. */
function channelPair() {
  const ends = [new EventEmitter(), new EventEmitter()] as const;
  const end = (own: EventEmitter, other: EventEmitter) =>
    Object.assign(own, {
      connected: true,
      send: vi.fn<(message: unknown, sent?: (error: Error | null) => void) => void>((message) => {
        other.emit("message", JSON.parse(JSON.stringify(message)));
      }),
    });
  return { replica: end(ends[0], ends[1]), supervisor: end(ends[1], ends[0]) };
}

/** Replicas with a relay, each with the events of the topic `changed` that it has received. */
function fleet(size: number) {
  const relay = relayEvents();
  const replicas = Array.from({ length: size }, () => {
    const channel = channelPair();
    const remove = relay.add(channel.supervisor);
    const bus = createProcessEventBus(channel.replica);
    const heard: JSONObject[] = [];
    bus.subscribe("changed", (event) => heard.push(event));
    return { bus, heard, remove, channel };
  });
  return { relay, replicas };
}

it("delivers a local event once and at once, and to each other replica once", () => {
  const { replicas } = fleet(3);
  void replicas[0]?.bus.publish("changed", { n: 1 });
  for (const { heard } of replicas) expect(heard).toEqual([{ n: 1 }]);
});

it("keeps the order of one publisher", () => {
  const { replicas } = fleet(2);
  for (const n of [1, 2, 3]) void replicas[0]?.bus.publish("changed", { n });
  expect(replicas[1]?.heard).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

it("ignores other and malformed messages on the channel", () => {
  const { replicas } = fleet(2);
  const channel = replicas[0]?.channel;
  for (const message of [
    null,
    "changed",
    { type: "other", topic: "changed", event: {} },
    { type: "lutra.event", topic: 7, event: {} },
    { type: "lutra.event", topic: "changed", event: [] },
    { type: "lutra.event", topic: "changed" },
  ]) {
    channel?.supervisor.send(message);
    channel?.replica.send(message);
  }
  for (const { heard } of replicas) expect(heard).toEqual([]);
});

it("delivers events to replicas that were added, and not to removed ones", () => {
  const { relay, replicas } = fleet(2);
  const [first, second] = replicas;
  second?.remove();
  second?.remove();
  void first?.bus.publish("changed", { n: 1 });
  void second?.bus.publish("changed", { n: 2 });
  expect(first?.heard).toEqual([{ n: 1 }]);
  const channel = second?.channel.supervisor as ProcessChannel;
  expect(relay.add(channel)).toBe(relay.add(channel));
  void first?.bus.publish("changed", { n: 3 });
  expect(second?.heard).toEqual([{ n: 2 }, { n: 3 }]);
  relay.close();
  void first?.bus.publish("changed", { n: 4 });
  expect(second?.heard).toHaveLength(2);
  expect(second?.channel.supervisor.listenerCount("message")).toBe(0);
});

it("forwards events while a channel is broken", () => {
  const { replicas } = fleet(4);
  const [publisher, disconnected, broken, last] = replicas;
  Object.assign(disconnected?.channel.supervisor ?? {}, { connected: false });
  broken?.channel.supervisor.send.mockImplementation(() => {
    throw new Error("the channel is closed");
  });
  void publisher?.bus.publish("changed", { n: 1 });
  expect(disconnected?.heard).toEqual([]);
  expect(last?.heard).toEqual([{ n: 1 }]);
});

it("reports an event that can't be sent, after calling local listeners", () => {
  const onError = vi.fn();
  const { replica } = channelPair();
  const bus = createProcessEventBus(replica, { onError });
  const listener = vi.fn();
  bus.subscribe("changed", listener);
  const failure = new Error("the channel is closed");
  replica.send.mockImplementation((_message, sent) => sent?.(failure));
  void bus.publish("changed", {});
  expect(onError).toHaveBeenCalledExactlyOnceWith(failure, "changed");
  expect(listener).toHaveBeenCalledOnce();
});

it("delivers local events after it has left the channel", () => {
  const { replicas } = fleet(2);
  const [first, second] = replicas;
  first?.bus.close();
  void second?.bus.publish("changed", { n: 1 });
  expect(first?.heard).toEqual([]);
  void first?.bus.publish("changed", { n: 2 });
  expect(first?.heard).toEqual([{ n: 2 }]);
  expect(second?.heard).toEqual([{ n: 1 }]);
});

it("needs a channel", () => {
  expect(() => createProcessEventBus({ on: () => {} })).toThrow(TypeError);
});

it("connects real processes, including a replacement of one", async () => {
  const path = fileURLToPath(new URL("./fixtures/replica.mjs", import.meta.url));
  const relay = relayEvents();
  const start = async () => {
    const child = fork(path, { execArgv: ["--import", "tsx"] });
    await once(child, "message");
    const remove = relay.add(child);
    return { child, remove };
  };
  const report = async ({ child }: Awaited<ReturnType<typeof start>>) => {
    const received = new Promise((resolve) => {
      child.on("message", (message: { received?: unknown }) => {
        if (message.received !== undefined) resolve(message.received);
      });
    });
    child.send({ report: true });
    return received;
  };
  const [first, second, third] = await Promise.all([start(), start(), start()]);
  third.child.kill("SIGKILL");
  await once(third.child, "exit");
  first.child.send({ publish: [1, 2, 3] });
  expect(await report(first)).toEqual([1, 2, 3]);
  expect(await report(second)).toEqual([1, 2, 3]);
  third.remove();
  const fourth = await start();
  second.child.send({ publish: [4] });
  expect(await report(second)).toEqual([1, 2, 3, 4]);
  expect(await report(first)).toEqual([1, 2, 3, 4]);
  expect(await report(fourth)).toEqual([4]);
  const exits = [first, second, fourth].map(({ child }) => once(child, "exit"));
  for (const { child } of [first, second, fourth]) child.send({ close: true });
  for (const exit of exits) expect(await exit).toEqual([0, null]);
});
