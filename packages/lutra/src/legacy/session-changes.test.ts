import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EventBus } from "../stores/event-bus.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { createMemoryHandleStore } from "../stores/memory-handle-store.ts";
import { Channel } from "./channel.ts";
import { type CutBus, createCutBuses } from "./fixtures/cut-bus.ts";
import { createSession, type Session } from "./session.ts";
import { SessionChanges } from "./session-changes.ts";

const session = (): Session =>
  createSession({ version: "2025-11-25", capabilities: {}, clientInfo: {} }, Date.now() + 1e6);

const sharedStore = (): HandleStore => ({ ...createMemoryHandleStore({}), isShared: true });

function create(bus: EventBus, store: HandleStore = createMemoryHandleStore({})): SessionChanges {
  const onError = (thrown: unknown) => {
    throw thrown;
  };
  return new SessionChanges(new Channel(bus, onError), store);
}

describe.each([
  ["without a shared store", () => createMemoryHandleStore({})],
  ["with a shared store", sharedStore],
])("the changes of sessions %s", (_name, createStore) => {
  it("are none at first", async () => {
    expect(await create(createMemoryEventBus(), createStore()).of(session())).toEqual({});
  });

  it("reach other replicas", async () => {
    const [bus, store] = [createMemoryEventBus(), createStore()];
    const [one, two] = [create(bus, store), create(bus, store)];
    const opened = session();
    await one.change(opened, { level: "error" });
    await two.change(opened, { follow: "a:1" });
    for (const replica of [one, two]) {
      expect(await replica.of(opened)).toMatchObject({ level: "error", uris: ["a:1"] });
    }
  });

  it("are kept, all of them, when they are made at once at several replicas", async () => {
    const [bus, store] = [createMemoryEventBus(), createStore()];
    const replicas = [create(bus, store), create(bus, store)];
    const opened = session();
    const uris = ["a:1", "a:2", "a:3", "a:4"];
    await Promise.all(uris.map((follow, index) => replicas[index % 2]?.change(opened, { follow })));
    for (const replica of replicas) {
      const { uris: followed = [] } = await replica.of(opened);
      expect(followed.toSorted()).toEqual(uris);
    }
  });

  it("end a session for good", async () => {
    const changes = create(createMemoryEventBus(), createStore());
    const opened = session();
    await changes.change(opened, { hasEnded: true });
    await changes.change(opened, { level: "error" });
    expect(await changes.of(opened)).toEqual({ hasEnded: true });
  });

  it("follow each resource once, and at most 1000", async () => {
    const changes = create(createMemoryEventBus(), createStore());
    const opened = session();
    for (let index = 0; index < 1003; index += 1) {
      await changes.change(opened, { follow: `a:${index % 1001}` });
    }
    expect((await changes.of(opened)).uris).toHaveLength(1000);
    await changes.change(opened, { unfollow: "a:0" });
    expect((await changes.of(opened)).uris).toHaveLength(999);
  });

  it("are announced to the listener, also those of other replicas", async () => {
    const [bus, store] = [createMemoryEventBus(), createStore()];
    const [one, two] = [create(bus, store), create(bus, store)];
    const listener = vi.fn();
    two.onChange(listener);
    const opened = session();
    await one.change(opened, { level: "error" });
    expect(listener.mock.calls).toEqual([[opened.key]]);
  });

  it("are read only from messages of the expected form", async () => {
    const bus = createMemoryEventBus();
    const changes = create(bus, createStore());
    const opened = session();
    for (const change of [{ level: "loud" }, { follow: 1 }, { hasEnded: "yes" }, null, []]) {
      bus.publish("lutra.legacy", { kind: "changes", key: opened.key, change });
    }
    bus.publish("lutra.legacy", { kind: "changes", key: 1, change: { hasEnded: true } });
    bus.publish("lutra.legacy", { kind: "__proto__" });
    const { level, uris = [], hasEnded } = await changes.of(opened);
    expect([level, uris, hasEnded]).toEqual([undefined, [], undefined]);
  });
});

describe("the changes of sessions in a shared store", () => {
  it("are read once for each session", async () => {
    const store = sharedStore();
    const get = vi.spyOn(store as { get: HandleStore["get"] }, "get");
    const changes = create(createMemoryEventBus(), store);
    const opened = session();
    await Promise.all([changes.of(opened), changes.of(opened)]);
    await changes.of(opened);
    expect(get).toHaveBeenCalledTimes(1);
  });

  it("are read again after a gap of the bus", async () => {
    const store = sharedStore();
    const [one, two] = [
      create(createMemoryEventBus(), store),
      create(createMemoryEventBus(), store),
    ];
    const opened = session();
    await two.of(opened);
    await one.change(opened, { level: "error" });
    expect(await two.of(opened)).toEqual({});
    two.forget();
    expect(await two.of(opened)).toMatchObject({ level: "error" });
  });

  it("include a message that arrives while the store is read", async () => {
    const store = sharedStore();
    const bus = createMemoryEventBus();
    let release = () => {};
    const slow: HandleStore = {
      ...store,
      get: async (...args) => {
        const before = await store.get(...args);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return before;
      },
    };
    const changes = create(bus, slow);
    const opened = session();
    const reading = changes.of(opened);
    await vi.waitFor(() => expect(release).toHaveLength(1));
    bus.publish("lutra.legacy", {
      kind: "changes",
      key: opened.key,
      change: { follow: "a:1" },
      replica: "x",
    });
    release();
    expect((await reading).uris).toEqual(["a:1"]);
    expect((await changes.of(opened)).uris).toEqual(["a:1"]);
  });

  it("fail when the store fails, and change nothing", async () => {
    const failing: HandleStore = {
      ...sharedStore(),
      create: () => Promise.reject(new Error("the store is down")),
    };
    const changes = create(createMemoryEventBus(), failing);
    const opened = session();
    await expect(changes.change(opened, { level: "error" })).rejects.toThrow("down");
    expect(await changes.of(opened)).toEqual({});
  });
});

describe("the changes of sessions without a shared store that a replica has missed", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const createAll = (buses: readonly CutBus[]) =>
    buses.map((bus) => new SessionChanges(new Channel(bus, () => {}), createMemoryHandleStore({})));
  const replayed = () => vi.advanceTimersByTimeAsync(200);

  it("reach it when its bus works again", async () => {
    const [first, second] = createCutBuses(2) as [CutBus, CutBus];
    const [one, two] = createAll([first, second]) as [SessionChanges, SessionChanges];
    const [ended, changed] = [session(), session()];
    second.cut();
    await one.change(ended, { hasEnded: true });
    await one.change(changed, { level: "error" });
    await one.change(changed, { follow: "a:1" });
    expect(await two.of(ended)).toEqual({});
    second.mend();
    await replayed();
    expect(await two.of(ended)).toEqual({ hasEnded: true });
    expect(await two.of(changed)).toEqual({ level: "error", uris: ["a:1"] });
  });

  it("do not replace newer ones", async () => {
    const buses = createCutBuses(3);
    const [one, two, three] = createAll(buses) as [SessionChanges, SessionChanges, SessionChanges];
    const opened = session();
    await one.change(opened, { level: "error" });
    await one.change(opened, { follow: "a:1" });
    buses[0]?.cut();
    await vi.advanceTimersByTimeAsync(1000);
    await two.change(opened, { level: "debug" });
    await two.change(opened, { unfollow: "a:1" });
    buses[2]?.cut();
    buses[2]?.mend();
    buses[0]?.mend();
    await replayed();
    for (const replica of [one, two, three]) {
      expect(await replica.of(opened)).toEqual({ level: "debug", uris: [] });
    }
  });

  it("are sent again up to 8 Mi characters of URIs, the newest ones", async () => {
    const [first, second] = createCutBuses(2) as [CutBus, CutBus];
    const [one, two] = createAll([first, second]) as [SessionChanges, SessionChanges];
    const sessions = Array.from({ length: 40 }, session);
    second.cut();
    for (const opened of sessions) {
      await one.change(opened, { follow: `a:${"x".repeat(262_000)}` });
    }
    second.mend();
    await replayed();
    const known = sessions.filter((opened) => "uris" in (two.of(opened) as object));
    expect(known).toEqual(sessions.slice(-32));
  });

  it("are sent again for five minutes", async () => {
    const [first, second] = createCutBuses(2) as [CutBus, CutBus];
    const [one, two] = createAll([first, second]) as [SessionChanges, SessionChanges];
    const opened = session();
    second.cut();
    await one.change(opened, { hasEnded: true });
    await vi.advanceTimersByTimeAsync(300_000);
    second.mend();
    await replayed();
    expect(await two.of(opened)).toEqual({});
  });
});

describe("the memory of changed sessions", () => {
  it("is bounded by the length of the URIs", async () => {
    const changes = create(createMemoryEventBus());
    const sessions = Array.from({ length: 140 }, session);
    for (const opened of sessions) {
      await changes.change(opened, { follow: `a:${"x".repeat(262_000)}` });
    }
    const kept = sessions.filter((opened) => "uris" in (changes.of(opened) as object));
    expect(kept.length).toBe(128);
  });

  it("keeps ended sessions apart from changed ones", async () => {
    const changes = create(createMemoryEventBus());
    const ended = session();
    await changes.change(ended, { hasEnded: true });
    for (let index = 0; index < 140; index += 1) {
      await changes.change(session(), { follow: `a:${"x".repeat(262_000)}` });
    }
    expect(await changes.of(ended)).toEqual({ hasEnded: true });
  });
});
