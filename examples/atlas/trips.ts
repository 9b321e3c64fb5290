/**
 * Trips, kept under handles in the store of the server: every replica reads what any other has
 * written, at once. Where no store is given a trip is in memory, and `lutra up` gives one.
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
