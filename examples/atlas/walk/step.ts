/** A step of the walk. */
import type { Place } from "../places.ts";
import type { FleetProcess } from "./fleet-process.ts";
import type { ProtectedAtlas } from "./protected-atlas.ts";
import type { WatchedClient } from "./watched-client.ts";

export interface Walk extends WatchedClient {
  readonly fleet: FleetProcess;
  /** Values that earlier steps pass to later ones. */
  tripId: string;
  /** The protected server, once it has started. */
  protectedAtlas?: ProtectedAtlas;
}

export interface Step {
  readonly title: string;
  /** The server that answers. @default the replicas that have answered */
  readonly place?: string;
  /** Resolves to a description of the outcome; rejects if the outcome is not the expected one. */
  readonly run: (walk: Walk) => Promise<string>;
}

/** Searches and returns the best match. */
export async function findPlace({ client }: Walk, query: string, country: string): Promise<Place> {
  const result = await client.callTool("search", { query, country, limit: 1 });
  const [place] = result.structuredContent?.places ?? [];
  return required(place, `expected to find ${query}`);
}

/** Returns a value that must exist. */
export function required<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new Error(message);
  return value;
}

export function expectTrue(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
