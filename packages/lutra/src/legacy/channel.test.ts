import { describe, expect, it, vi } from "vitest";
import { eventGapTopic } from "../stores/event-bus.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { Channel } from "./channel.ts";

describe("Channel", () => {
  it("sends messages to the other replicas only", async () => {
    const bus = createMemoryEventBus();
    const heard: unknown[] = [];
    const channels = ["one", "two", "three"].map((name) => {
      const channel = new Channel(bus, () => {});
      channel.on("greeting", (message) => heard.push([name, message]));
      return channel;
    });
    await channels[0]?.send("greeting", { text: "hi" });
    expect(heard).toEqual([
      ["two", { text: "hi" }],
      ["three", { text: "hi" }],
    ]);
  });

  it("ignores messages of an unknown kind", () => {
    const bus = createMemoryEventBus();
    const channel = new Channel(bus, () => {});
    const listener = vi.fn();
    channel.on("known", listener);
    for (const kind of ["unknown", "__proto__", "constructor", 1, null]) {
      bus.publish("lutra.legacy", { kind, replica: "x" });
    }
    expect(listener).not.toHaveBeenCalled();
  });

  it("reports that a message could not be sent, and does not reject", async () => {
    const errors: unknown[] = [];
    const failure = new Error("the bus is down");
    const bus = { ...createMemoryEventBus(), publish: () => Promise.reject(failure) };
    await new Channel(bus, (error) => errors.push(error)).send("x", {});
    expect(errors).toEqual([failure]);
  });

  it("reports gaps", () => {
    const bus = createMemoryEventBus();
    const onGap = vi.fn();
    new Channel(bus, () => {}).onGap(onGap);
    bus.publish(eventGapTopic, {});
    expect(onGap).toHaveBeenCalledTimes(1);
  });
});
