/**
 * Trips, stored under handles in the server's store: a replica reads immediately what another has
 * written. Without a store, trips are kept in memory; `lutra up` provides a store.
 */
import { handles } from "lutra/server";

export interface Trip {
  readonly name: string;
  /** The ids of places, in the order in which they were added, each once. */
  readonly places: readonly string[];
}

export const maxPlaces = 50;
export const lifetimeHours = 24;

export const trips = handles<Trip>("trip", { ttlMs: lifetimeHours * 3_600_000 });
