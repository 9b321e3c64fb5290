import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventGapTopic } from "../stores/event-bus.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { Channel } from "./channel.ts";
import { type CutBus, createCutBuses } from "./fixtures/cut-bus.ts";

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

describe("a message that one other replica takes", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is delivered with the reply of that replica", async () => {
    const [one, two, three] = createCutBuses(3).map((bus) => new Channel(bus, () => {}));
    two?.take("question", () => undefined);
    three?.take("question", ({ text }) => ({ text: `${text}!` }));
    const delivery = await one?.deliver("question", { text: "hi" });
    expect(delivery).toEqual({ outcome: "confirmed", reply: { text: "hi!" } });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is taken once, though its reply was lost", async () => {
    const [asking, taking] = createCutBuses(2) as [CutBus, CutBus];
    const taker = new Channel(taking, () => {});
    const take = vi.fn(() => {
      taking.cut();
      return {};
    });
    taker.take("question", take);
    const delivered = new Channel(asking, () => {}).deliver("question", {});
    await vi.advanceTimersByTimeAsync(5000);
    taking.mend();
    expect(await delivered).toEqual({ outcome: "confirmed", reply: {} });
    expect(take).toHaveBeenCalledOnce();
  });

  it("is untaken when no replica takes it", async () => {
    const [one] = createCutBuses(2).map((bus) => new Channel(bus, () => {}));
    const delivered = one?.deliver("question", {}, 3000);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await delivered).toEqual({ outcome: "untaken", reply: undefined });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is sent once without patience", async () => {
    const [bus] = createCutBuses(1) as [CutBus];
    const publish = vi.fn(bus.publish);
    const channel = new Channel({ ...bus, publish }, () => {});
    expect((await channel.deliver("question", {}, 0)).outcome).toBe("untaken");
    expect(publish).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is interrupted after a minute without a bus, and reports its failure once", async () => {
    const [bus] = createCutBuses(1) as [CutBus];
    bus.cut();
    const onError = vi.fn();
    const delivered = new Channel(bus, onError).deliver("question", {}, 3000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await delivered).toEqual({ outcome: "interrupted", reply: undefined });
    expect(onError).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });
});
