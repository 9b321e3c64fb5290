/**
 * Trips, kept in the memory of every replica and joined over the event bus: whoever changes a trip
 * publishes all of it, and the others merge what they hear. Two places added at once are both kept;
 * of changes that contradict each other the last one counts.
 *
 * This is memory for one machine. A trip lives as long as one replica that knows it, and a reader
 * may be a moment behind a writer at another replica.
 */
import { randomId } from "lutra/server";
import type { EventBus } from "lutra/stores";
import { z } from "zod";

const tripSchema = z.object({
  id: z.string(),
  /** The principal that made it; `null` where callers are not known. */
  owner: z.string().nullable(),
  name: z.string(),
  /** When each place was added, by id, in milliseconds since 1970. */
  added: z.record(z.string(), z.number()),
  /** Places that were added before are no longer part of the trip. */
  clearedAt: z.number(),
  changedAt: z.number(),
});

export type Trip = z.infer<typeof tripSchema>;

export const maxTrips = 10_000;
export const maxPlaces = 50;
export const lifetimeHours = 24;

const lifetimeMs = lifetimeHours * 3_600_000;
/** How long other replicas have to answer, in milliseconds. Only unknown handles take so long. */
const answerMs = 250;
const changedTopic = "atlas/trip-changed";
const wantedTopic = "atlas/trip-wanted";

/** The ids of a trip's places, in the order in which they were added. */
export function placesOf({ added, clearedAt }: Trip): string[] {
  const kept = Object.entries(added).filter(([, at]) => at > clearedAt);
  return kept.sort(([, a], [, b]) => a - b).map(([placeId]) => placeId);
}

export class Trips {
  /** The trip that was changed last is the last one. */
  readonly #trips = new Map<string, Trip>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #now: () => number;
  #events: EventBus | undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Joins the trips of all replicas that share the bus. */
  replicate(events: EventBus): void {
    this.#events = events;
    events.subscribe(changedTopic, (event) => {
      const trip = tripSchema.safeParse(event);
      if (trip.success) this.#keep(trip.data);
    });
    events.subscribe(wantedTopic, ({ id }) => {
      const trip = this.#trips.get(String(id));
      if (trip !== undefined) void events.publish(changedTopic, trip);
    });
  }

  create(name: string, owner: string | null): Trip {
    const id = `trip_${randomId()}`;
    return this.#change({ id, owner, name, added: {}, clearedAt: 0, changedAt: this.#now() });
  }

  /** The trip that a handle stands for; `undefined` for one that is unknown, over or not theirs. */
  async get(id: string, owner: string | null): Promise<Trip | undefined> {
    if (!this.#trips.has(id)) await this.#askOthers(id);
    const trip = this.#trips.get(id);
    if (trip === undefined || trip.owner !== owner) return undefined;
    return trip.changedAt > this.#now() - lifetimeMs ? trip : undefined;
  }

  /** Adds a place at the end. */
  add(trip: Trip, placeId: string): Trip {
    const changedAt = this.#timeAfter(trip);
    return this.#change({ ...trip, added: { ...trip.added, [placeId]: changedAt }, changedAt });
  }

  clear(trip: Trip): Trip {
    const changedAt = this.#timeAfter(trip);
    return this.#change({ ...trip, added: {}, clearedAt: changedAt, changedAt });
  }

  #change(trip: Trip): Trip {
    const merged = this.#keep(trip);
    void this.#events?.publish(changedTopic, merged);
    return merged;
  }

  #keep(trip: Trip): Trip {
    const known = this.#trips.get(trip.id);
    const merged = known === undefined ? trip : merge(known, trip);
    this.#trips.delete(trip.id);
    this.#trips.set(trip.id, merged);
    const [oldest] = this.#trips.keys();
    if (this.#trips.size > maxTrips && oldest !== undefined) this.#trips.delete(oldest);
    for (const resolve of this.#waiting.get(trip.id) ?? []) resolve();
    return merged;
  }

  /** A replica that has started after the trip was made learns it from one that knows it. */
  async #askOthers(id: string): Promise<void> {
    const events = this.#events;
    if (events === undefined) return;
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(finish, answerMs);
      function finish() {
        clearTimeout(timer);
        waiting.delete(finish);
        resolve();
      }
      waiting.add(finish);
      void events.publish(wantedTopic, { id });
    });
    if (waiting.size === 0) this.#waiting.delete(id);
  }

  /** Later than every change so far, also when the clock stands still. */
  #timeAfter({ changedAt }: Trip): number {
    return Math.max(this.#now(), changedAt + 1);
  }
}

/** The order in which changes are heard does not matter, nor hearing one twice. */
function merge(one: Trip, other: Trip): Trip {
  const clearedAt = Math.max(one.clearedAt, other.clearedAt);
  const added: Record<string, number> = {};
  for (const [placeId, at] of [...Object.entries(one.added), ...Object.entries(other.added)]) {
    if (at > clearedAt) added[placeId] = Math.max(added[placeId] ?? 0, at);
  }
  return { ...one, added, clearedAt, changedAt: Math.max(one.changedAt, other.changedAt) };
}
