import { describe, expect, it, vi } from "vitest";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { Channel } from "./channel.ts";
import { type CutBus, createCutBuses } from "./fixtures/cut-bus.ts";
import { OpenCalls } from "./open-calls.ts";

const create = (bus = createMemoryEventBus()) => new OpenCalls(new Channel(bus, () => {}));

describe("2025-11-25/basic/utilities/cancellation", () => {
  it("aborts the request, and no other one", () => {
    const calls = create();
    const [one, two, other] = [new AbortController(), new AbortController(), new AbortController()];
    calls.open("s", 1, one);
    calls.open("s", "1", two);
    calls.open("other", 1, other);
    calls.cancel("s", 1);
    expect([one, two, other].map(({ signal }) => signal.aborted)).toEqual([true, false, false]);
  });

  it("aborts a request at another replica", () => {
    const bus = createMemoryEventBus();
    const controller = new AbortController();
    create(bus).open("s", 1, controller);
    create(bus).cancel("s", 1);
    expect(controller.signal.aborted).toBe(true);
  });

  it("aborts a request at another replica once the bus works again", async () => {
    const [one, two] = createCutBuses(2) as [CutBus, CutBus];
    const controller = new AbortController();
    create(one).open("s", 1, controller);
    one.cut();
    create(two).cancel("s", 1);
    await Promise.resolve();
    expect(controller.signal.aborted).toBe(false);
    one.mend();
    await vi.waitFor(() => expect(controller.signal.aborted).toBe(true));
  });

  it.each(["unknown", "__proto__", 0])("ignores an unknown request: %j", (id) => {
    const calls = create();
    const controller = new AbortController();
    calls.open("s", 1, controller);
    calls.cancel("s", id);
    calls.cancel("__proto__", id);
    expect(controller.signal.aborted).toBe(false);
  });

  it("ignores messages of other forms", () => {
    const bus = createMemoryEventBus();
    const controller = new AbortController();
    create(bus).open("s", 1, controller);
    for (const message of [{ key: "s" }, { key: 1, id: 1 }, { key: "s", id: {} }]) {
      bus.publish("lutra.legacy", { kind: "cancel", replica: "x", ...message });
    }
    expect(controller.signal.aborted).toBe(false);
  });
});

describe("OpenCalls", () => {
  it("aborts all requests of a session that has ended", () => {
    const calls = create();
    const controllers = [new AbortController(), new AbortController()];
    for (const [id, controller] of controllers.entries()) calls.open("s", id, controller);
    calls.endSession("s");
    calls.endSession("other");
    expect(controllers.every(({ signal }) => signal.aborted)).toBe(true);
  });

  it("keeps nothing of requests that have ended", () => {
    const calls = create();
    const opened = [1, 2, 1].map((id) => [id, new AbortController()] as const);
    for (const [id, request] of opened) calls.open("s", id, request);
    expect([...calls.keys()]).toEqual(["s"]);
    for (const [id, request] of opened) calls.close("s", id, request);
    expect([calls.has("s"), [...calls.keys()]]).toEqual([false, []]);
  });
});
