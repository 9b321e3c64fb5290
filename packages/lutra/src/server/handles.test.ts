import { expect, it } from "vitest";
import { z } from "zod";
import type { Principal } from "../protocol/exchange.ts";
import { createMemoryHandleStore } from "../stores/memory-handle-store.ts";
import { connect } from "../testing/connect.ts";
import { createManualClock } from "../testing/manual-clock.ts";
import { createServer } from "./create-server.ts";
import { type HandleCaller, handles, UnknownHandleError } from "./handles.ts";
import { defineResourceTemplate } from "./resources.ts";
import { randomKeys } from "./seal.ts";
import { defineTool } from "./tools.ts";

interface Trip {
  readonly stops: readonly string[];
}

function callers(store = createMemoryHandleStore()) {
  const of = (principal?: Principal): HandleCaller => ({
    principal,
    handleStore: store,
    signal: new AbortController().signal,
  });
  return { store, ada: of({ id: "ada" }), bob: of({ id: "bob" }), nobody: of() };
}

it("stores a value under a handle that cannot be guessed", async () => {
  const { ada } = callers();
  const trips = handles<Trip>("trip", { ttlMs: 1000 });
  const ids = [await trips.mint(ada, { stops: [] }), await trips.mint(ada, { stops: ["a"] })];
  for (const id of ids) expect(id).toMatch(/^trip_[A-Za-z0-9_-]{22}$/);
  expect(ids[0]).not.toBe(ids[1]);
  expect(await trips.read(ada, ids[1] ?? "")).toEqual({ stops: ["a"] });
});

it("answers for foreign, unknown and expired handles with the same error", async () => {
  const { ada, bob, nobody, store } = callers();
  const clock = createManualClock();
  const trips = handles<Trip>("trip", { ttlMs: 1000, now: clock.now });
  const others = handles<Trip>("other", { ttlMs: 1000 });
  const id = await trips.mint(ada, { stops: [] });
  const gone = await trips.mint(ada, { stops: [] });
  await trips.drop(ada, gone);
  const errors = await Promise.all(
    [
      trips.read(bob, id),
      trips.read(nobody, id),
      trips.read(ada, "trip_AAAAAAAAAAAAAAAAAAAAAA"),
      trips.read(ada, gone),
      trips.update(bob, id, (trip) => trip),
    ].map((read) => read.catch((error: unknown) => error)),
  );
  for (const error of errors) {
    expect(error).toBeInstanceOf(UnknownHandleError);
    expect(error).toMatchObject({ message: "Unknown trip, or it has expired", code: -32602 });
  }
  await expect(others.read(ada, id)).rejects.toThrow(UnknownHandleError);
  await trips.drop(bob, id);
  expect(await store.get('["trip","ada"]', id)).toBeUndefined();
});

it("forgets a value some time after it was last written", async () => {
  const clock = createManualClock();
  const { ada } = callers(createMemoryHandleStore({ now: clock.now }));
  const trips = handles<Trip>("trip", { ttlMs: 1000, now: clock.now });
  const id = await trips.mint(ada, { stops: [] });
  clock.advance(999);
  await trips.update(ada, id, ({ stops }) => ({ stops: [...stops, "a"] }));
  clock.advance(999);
  expect(await trips.read(ada, id)).toEqual({ stops: ["a"] });
  clock.advance(1);
  await expect(trips.read(ada, id)).rejects.toThrow(UnknownHandleError);
});

it("loses no change of many at once", async () => {
  const { ada } = callers();
  const trips = handles<Trip>("trip", { ttlMs: 1000 });
  const id = await trips.mint(ada, { stops: [] });
  const stops = Array.from({ length: 20 }, (_, n) => `${n}`);
  await Promise.all(
    stops.map((stop) => trips.update(ada, id, (trip) => ({ stops: [...trip.stops, stop] }))),
  );
  const trip = await trips.read(ada, id);
  expect([...trip.stops].sort()).toEqual([...stops].sort());
});

it("ends an update when its request is cancelled", async () => {
  const { ada } = callers();
  const trips = handles<Trip>("trip", { ttlMs: 1000 });
  const id = await trips.mint(ada, { stops: [] });
  const signal = AbortSignal.abort();
  await expect(trips.update({ ...ada, signal }, id, (trip) => trip)).rejects.toBe(signal.reason);
});

it("reads by a schema what another version wrote", async () => {
  const { ada, store } = callers();
  const schema = z.object({ stops: z.array(z.string()), name: z.string().default("untitled") });
  const trips = handles("trip", { ttlMs: 1000, schema });
  const id = await trips.mint(ada, { stops: [] });
  expect(await trips.read(ada, id)).toEqual({ stops: [], name: "untitled" });
  const stored = await store.get('["trip","ada"]', id);
  if (stored === undefined) throw new Error("not stored");
  await store.replace({ ...stored, version: 2, value: { stops: "a" } });
  await expect(trips.read(ada, id)).rejects.toThrow("a stored trip does not fit its schema");
});

it("forgets expired values of others as new ones come", async () => {
  const clock = createManualClock();
  const { ada, store } = callers(createMemoryHandleStore({ now: clock.now }));
  const trips = handles<Trip>("trip", { ttlMs: 1000, now: clock.now });
  for (let n = 0; n < 20; n += 1) await trips.mint(ada, { stops: [] });
  clock.advance(1000);
  for (let n = 0; n < 12; n += 1) await trips.mint(ada, { stops: [] });
  await Promise.resolve();
  expect(await store.sweep(100)).toBe(0);
});

it.each(["", "a b", "1", "trip_"])("refuses the kind %j", (kind) => {
  expect(() => handles(kind, { ttlMs: 1000 })).toThrow(TypeError);
});

it("refuses a time and a value that make no sense", async () => {
  expect(() => handles("trip", { ttlMs: 0 })).toThrow(TypeError);
  const { ada } = callers();
  const trips = handles<undefined>("trip", { ttlMs: 1000 });
  await expect(trips.mint(ada, undefined)).rejects.toThrow(TypeError);
});

const trips = handles<Trip>("trip", { ttlMs: 60_000 });
const server = (options = {}) =>
  createServer({
    name: "x",
    version: "1",
    keys: randomKeys(),
    onError: () => {},
    ...options,
    tools: [
      defineTool({
        name: "start_trip",
        call: (_arguments, context) => trips.mint(context, { stops: [] }),
      }),
      defineTool({
        name: "add_stop",
        inputSchema: z.object({ trip_id: z.string(), stop: z.string() }),
        call: async ({ trip_id, stop }, context) => {
          const trip = await trips.update(context, trip_id, ({ stops }) => ({
            stops: [...stops, stop],
          }));
          return `${trip.stops.length}`;
        },
      }),
    ],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "trip://{id}",
        name: "trip",
        read: async ({ id }, context) => (await trips.read(context, id)).stops.join(),
      }),
    ],
  });

it("works in handlers, where a model reads what is wrong with a handle", async () => {
  const one = server();
  const ada = connect(one, { principal: { id: "ada" } });
  const bob = connect(one, { principal: { id: "bob" } });
  const started = await ada.callTool("start_trip", {});
  const trip_id = (started.content[0] as { readonly text: string }).text;
  const added = await ada.callTool("add_stop", { trip_id, stop: "Ulm" });
  expect(added.content).toEqual([{ type: "text", text: "1" }]);
  const refused = await bob.callTool("add_stop", { trip_id, stop: "Ulm" });
  expect(refused).toMatchObject({
    isError: true,
    content: [{ type: "text", text: "Unknown trip, or it has expired" }],
  });
  await expect(bob.readResource(`trip://${trip_id}`)).rejects.toMatchObject({ code: -32602 });
});

it("reaches the store that replicas share, and no store that only one of them has", async () => {
  const shared = { ...createMemoryHandleStore(), isShared: true };
  const keys = randomKeys();
  const [one, other, alone] = [server(), server(), server()];
  one.share({ replicas: 2, keys, handles: shared });
  other.share({ replicas: 2, keys, handles: shared });
  alone.share({ replicas: 2, keys });
  const started = await connect(one).callTool("start_trip", {});
  const trip_id = (started.content[0] as { readonly text: string }).text;
  const added = await connect(other).callTool("add_stop", { trip_id, stop: "Ulm" });
  expect(added.content).toEqual([{ type: "text", text: "1" }]);
  expect(await connect(alone).callTool("start_trip", {})).toMatchObject({ isError: true });
});

it("prefers the store that the options of the server name", async () => {
  const own = createMemoryHandleStore();
  const one = server({ handles: own });
  one.share({ handles: createMemoryHandleStore() });
  await connect(one, { principal: { id: "ada" } }).callTool("start_trip", {});
  expect(await own.sweep(0)).toBe(0);
  const id = await trips.mint({ ...callers(own).ada }, { stops: [] });
  await connect(one, { principal: { id: "ada" } }).callTool("add_stop", { trip_id: id, stop: "a" });
  expect(await trips.read(callers(own).ada, id)).toEqual({ stops: ["a"] });
});
