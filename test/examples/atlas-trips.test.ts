/** Trips at several replicas, which are servers here that share a store of handles. */
import { createClient } from "lutra/client";
import { createServer, type HandleCaller } from "lutra/server";
import { createMemoryHandleStore, type HandleStore } from "lutra/stores";
import { expect, it } from "vitest";
import { idOf, loadPlaces } from "../../examples/atlas/places.ts";
import { defineTripTools } from "../../examples/atlas/trip-tools.ts";
import { lifetimeHours, maxPlaces, trips } from "../../examples/atlas/trips.ts";

const places = loadPlaces();
const [lyon, turin] = ["lyon-fr-mg7ty6n", idOf(places, 100_000)] as const;

function startReplica(handles: HandleStore) {
  const changed: string[] = [];
  const tools = defineTripTools({ places, onChange: (id) => changed.push(id) });
  const server = createServer({ name: "atlas", version: "1.0.0", tools, handles });
  const onElicit = () => ({ action: "accept", content: { confirm: true } }) as const;
  return { client: createClient(server, { onElicit }), changed };
}

type Replica = ReturnType<typeof startReplica>;

async function createTrip({ client }: Replica): Promise<string> {
  const { structuredContent } = await client.callTool("create_trip", { name: "Alps" });
  return structuredContent?.trip_id ?? "";
}

const add = ({ client }: Replica, trip_id: string, place: string) =>
  client.callTool("add_to_trip", { trip_id, place });

/** The ids of the places that a replica shows. */
async function read({ client }: Replica, trip_id: string): Promise<readonly string[] | undefined> {
  const { structuredContent } = await client.callTool("show_trip", { trip_id });
  return structuredContent?.places.map(({ id }) => id);
}

const startReplicas = () => {
  const store = createMemoryHandleStore();
  return [startReplica(store), startReplica(store), startReplica(store)] as const;
};

it("shows at every replica what one has just changed", async () => {
  const [a, b, c] = startReplicas();
  const id = await createTrip(a);
  await add(b, id, lyon);
  expect(await read(c, id)).toEqual([lyon]);
  await add(c, id, turin);
  for (const replica of [a, b, c]) expect(await read(replica, id)).toEqual([lyon, turin]);
});

it("gives trips handles that cannot be guessed", async () => {
  const [a] = startReplicas();
  const ids = new Set<string>();
  for (let count = 0; count < 100; count += 1) ids.add(await createTrip(a));
  expect(ids.size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^trip_[A-Za-z0-9_-]{22}$/);
});

it("keeps both of two places that are added at once", async () => {
  const [a, b, c] = startReplicas();
  const id = await createTrip(a);
  await Promise.all([add(a, id, lyon), add(b, id, turin)]);
  expect(new Set(await read(c, id))).toEqual(new Set([lyon, turin]));
});

it("adds again what was added before the trip was cleared", async () => {
  const [a, b] = startReplicas();
  const id = await createTrip(a);
  await add(a, id, lyon);
  await b.client.callTool("clear_trip", { trip_id: id });
  expect(await read(a, id)).toEqual([]);
  await add(a, id, lyon);
  expect(await read(b, id)).toEqual([lyon]);
});

it("lets a trip have so many places and no more", async () => {
  const [a] = startReplicas();
  const id = await createTrip(a);
  for (let index = 0; index < maxPlaces; index += 1) await add(a, id, idOf(places, index));
  const { isError, content } = await add(a, id, lyon);
  expect(isError).toBe(true);
  expect(content).toMatchObject([{ text: `A trip has up to ${maxPlaces} places` }]);
  expect((await add(a, id, idOf(places, 0))).isError).not.toBe(true);
});

it("says which trip has changed", async () => {
  const [a, b] = startReplicas();
  const id = await createTrip(a);
  await add(b, id, lyon);
  expect(a.changed).toEqual([]);
  expect(b.changed).toEqual([id]);
});

it("shows a trip to its owner only", async () => {
  const handleStore = createMemoryHandleStore();
  const caller = (id?: string): HandleCaller => ({
    handleStore,
    principal: id === undefined ? undefined : { id },
    signal: new AbortController().signal,
  });
  const id = await trips.mint(caller("alice"), { name: "Alps", places: [] });
  expect((await trips.read(caller("alice"), id)).name).toBe("Alps");
  for (const other of ["bob", undefined]) {
    await expect(trips.read(caller(other), id)).rejects.toThrow("Unknown trip");
  }
});

it("ends a trip a day after it was written", async () => {
  let passedMs = 0;
  const store = createMemoryHandleStore({ now: () => Date.now() + passedMs });
  const [a, b] = [startReplica(store), startReplica(store)];
  const id = await createTrip(a);
  await add(a, id, lyon);
  passedMs = lifetimeHours * 3_600_000 - 60_000;
  expect(await read(b, id)).toEqual([lyon]);
  passedMs += 120_000;
  expect(await read(b, id)).toBeUndefined();
});
