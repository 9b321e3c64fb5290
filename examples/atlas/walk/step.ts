/** What a step of the walk is. */
import type { Place } from "../places.ts";
import type { FleetProcess } from "./fleet-process.ts";
import type { WatchedClient } from "./watched-client.ts";

export interface Walk extends WatchedClient {
  readonly fleet: FleetProcess;
  /** What earlier steps leave to later ones. */
  tripId: string;
}

export interface Step {
  readonly title: string;
  /** Resolves to what happened; rejects when that is not what should have. */
  readonly run: (walk: Walk) => Promise<string>;
}

/** Searches, and gives the best place that was found. */
export async function findPlace({ client }: Walk, query: string, country: string): Promise<Place> {
  const result = await client.callTool("search", { query, country, limit: 1 });
  const [place] = result.structuredContent?.places ?? [];
  return required(place, `expected to find ${query}`);
}

/** The value of something that has to be there. */
export function required<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new Error(message);
  return value;
}

export function expectTrue(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
