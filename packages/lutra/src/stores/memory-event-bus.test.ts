import { describe, expect, it, vi } from "vitest";
import { eventBusContract } from "../testing/contracts/event-bus-contract.ts";
import { createMemoryEventBus } from "./memory-event-bus.ts";

it("calls the listeners of a topic, in the order in which they subscribed, before it returns", () => {
  const bus = createMemoryEventBus();
  const heard: string[] = [];
  bus.subscribe("a", () => heard.push("first"));
  bus.subscribe("b", () => heard.push("other topic"));
  bus.subscribe("a", () => heard.push("second"));
  void bus.publish("a", {});
  expect(heard).toEqual(["first", "second"]);
});

it("passes the event on unchanged", () => {
  const bus = createMemoryEventBus();
  const listener = vi.fn();
  bus.subscribe("constructor", listener);
  const event = { uri: "file:///a" };
  void bus.publish("constructor", event);
  expect(listener).toHaveBeenCalledExactlyOnceWith(event);
});

it("does not call a removed listener, which may be removed twice", () => {
  const bus = createMemoryEventBus();
  const listener = vi.fn();
  const unsubscribe = bus.subscribe("a", listener);
  unsubscribe();
  const other = vi.fn();
  bus.subscribe("a", other);
  unsubscribe();
  void bus.publish("a", {});
  expect(listener).not.toHaveBeenCalled();
  expect(other).toHaveBeenCalledOnce();
});

it("counts each subscription of the same listener", () => {
  const bus = createMemoryEventBus();
  const listener = vi.fn();
  const unsubscribe = bus.subscribe("a", listener);
  bus.subscribe("a", listener);
  void bus.publish("a", {});
  unsubscribe();
  void bus.publish("a", {});
  expect(listener).toHaveBeenCalledTimes(3);
});

it("allows listeners to be added and removed during delivery", () => {
  const bus = createMemoryEventBus();
  const heard: string[] = [];
  bus.subscribe("a", () => {
    heard.push("first");
    unsubscribe();
    bus.subscribe("a", () => heard.push("new"));
  });
  const unsubscribe = bus.subscribe("a", () => heard.push("gone"));
  void bus.publish("a", {});
  expect(heard).toEqual(["first"]);
});

it("reports a listener that throws and calls the others", () => {
  const onError = vi.fn();
  const bus = createMemoryEventBus({ onError });
  const failure = new Error("broken");
  bus.subscribe("a", () => {
    throw failure;
  });
  const listener = vi.fn();
  bus.subscribe("a", listener);
  void bus.publish("a", {});
  expect(listener).toHaveBeenCalledOnce();
  expect(onError).toHaveBeenCalledExactlyOnceWith(failure, "a");
});

it("reports a listener whose promise rejects", async () => {
  const onError = vi.fn();
  const bus = createMemoryEventBus({ onError });
  bus.subscribe("a", () => Promise.reject(new Error("broken")));
  void bus.publish("a", {});
  await vi.waitFor(() => expect(onError).toHaveBeenCalledExactlyOnceWith(new Error("broken"), "a"));
});

it("delivers to all listeners though onError throws", () => {
  const write = vi.spyOn(console, "error").mockReturnValue();
  const throwing = () => {
    throw new Error("broken");
  };
  const bus = createMemoryEventBus({ onError: throwing });
  const listener = vi.fn();
  bus.subscribe("a", throwing);
  bus.subscribe("a", listener);
  void bus.publish("a", {});
  expect(listener).toHaveBeenCalledOnce();
  expect(write).toHaveBeenCalledOnce();
  write.mockRestore();
});

it("writes errors to console.error by default", () => {
  const write = vi.spyOn(console, "error").mockReturnValue();
  const bus = createMemoryEventBus();
  bus.subscribe("a", () => {
    throw new Error("broken");
  });
  void bus.publish("a", {});
  expect(write).toHaveBeenCalledOnce();
  write.mockRestore();
});

describe("an event bus in memory", () => {
  const contract = eventBusContract(async () => {
    const bus = createMemoryEventBus();
    return { one: bus, other: bus, close: async () => {} };
  });
  for (const { name, run } of contract) it(name, run);
});
