import { createMemoryEventBus, type EventBus } from "lutra/stores";
import { expect, it } from "vitest";
import { maxTrips, placesOf, type Trip, Trips } from "../../examples/atlas/trips.ts";

/** Replicas that share a bus, each with a memory of its own. */
function createReplicas(events: EventBus = createMemoryEventBus(), now?: () => number) {
  return [1, 2, 3].map(() => {
    const trips = new Trips(now);
    trips.replicate(events);
    return trips;
  }) as [Trips, Trips, Trips];
}

/** What `replica` knows of a trip. */
async function read(replica: Trips, { id, owner }: Trip): Promise<readonly string[] | undefined> {
  const trip = await replica.get(id, owner);
  return trip && placesOf(trip);
}

it("gives every replica what one has changed", async () => {
  const [a, b, c] = createReplicas();
  const trip = a.create("Alps", null);
  b.add((await b.get(trip.id, null)) ?? trip, "lyon");
  c.add((await c.get(trip.id, null)) ?? trip, "turin");
  for (const replica of [a, b, c]) expect(await read(replica, trip)).toEqual(["lyon", "turin"]);
});

it("gives trips handles that nobody can guess", () => {
  const [a] = createReplicas();
  const ids = new Set(Array.from({ length: 100 }, () => a.create("Alps", null).id));
  expect(ids.size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^trip_[A-Za-z0-9_-]{22}$/);
});

it("keeps both of two places that are added at once", async () => {
  const [a, b] = createReplicas(createMemoryEventBus(), () => 1000);
  const trip = a.create("Alps", null);
  a.add(trip, "lyon");
  b.add(trip, "turin");
  expect(new Set(await read(a, trip))).toEqual(new Set(["lyon", "turin"]));
  expect(await read(b, trip)).toEqual(await read(a, trip));
});

it("ends with the same trip whatever the order in which changes are heard", async () => {
  const published: [string, Record<string, unknown>][] = [];
  const recorder: EventBus = {
    publish: (topic, event) => void published.push([topic, event]),
    subscribe: () => () => {},
  };
  const source = new Trips(() => 5);
  source.replicate(recorder);
  const trip = source.create("Alps", null);
  const first = source.add(trip, "lyon");
  const cleared = source.clear(first);
  source.add(cleared, "turin");

  for (const events of [published, published.toReversed(), [...published, ...published]]) {
    const bus = createMemoryEventBus();
    const replica = new Trips(() => 5);
    replica.replicate(bus);
    for (const [topic, event] of events) bus.publish(topic, event);
    expect(await read(replica, trip)).toEqual(["turin"]);
  }
});

it("adds again what was added before the trip was cleared", async () => {
  const [a] = createReplicas(createMemoryEventBus(), () => 1000);
  const trip = a.clear(a.add(a.create("Alps", null), "lyon"));
  expect(await read(a, trip)).toEqual([]);
  expect(await read(a, a.add(trip, "lyon"))).toEqual(["lyon"]);
});

it("lets a replica that starts late ask the others", async () => {
  const events = createMemoryEventBus();
  const [a] = createReplicas(events);
  const trip = a.add(a.create("Alps", null), "lyon");
  const late = new Trips();
  late.replicate(events);
  expect(await read(late, trip)).toEqual(["lyon"]);
});

it("knows nothing of a trip that nobody has", async () => {
  const [a] = createReplicas();
  expect(await a.get("trip_unknown", null)).toBeUndefined();
});

it("shows a trip to its owner only", async () => {
  const [a, b] = createReplicas();
  const { id } = a.create("Alps", "alice");
  expect((await b.get(id, "alice"))?.name).toBe("Alps");
  expect(await b.get(id, "bob")).toBeUndefined();
  expect(await b.get(id, null)).toBeUndefined();
});

it("ends a trip a day after its last change", async () => {
  let time = 0;
  const [a] = createReplicas(createMemoryEventBus(), () => time);
  const { id } = a.create("Alps", null);
  time = 86_400_000 - 1;
  expect(await a.get(id, null)).toBeDefined();
  time = 86_400_000;
  expect(await a.get(id, null)).toBeUndefined();
});

it("forgets the trip that was not changed for longest when there are too many", async () => {
  const trips = new Trips();
  const [first, second] = [trips.create("first", null), trips.create("second", null)];
  trips.add(first, "lyon");
  for (let count = 2; count <= maxTrips; count += 1) trips.create("more", null);
  expect(await trips.get(first.id, null)).toBeDefined();
  expect(await trips.get(second.id, null)).toBeUndefined();
});

it("leaves events alone that are no trips", async () => {
  const events = createMemoryEventBus();
  const [a] = createReplicas(events);
  events.publish("atlas/trip-changed", { id: "trip_x", owner: 5 });
  expect(await a.get("trip_x", null)).toBeUndefined();
});
