import { z } from "zod";
import { type HandleCaller, handles } from "./handles.ts";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

interface Trip {
  readonly stops: readonly string[];
}

declare const caller: HandleCaller;

const trips = handles<Trip>("trip", { ttlMs: 1 });
const _read: Equal<ReturnType<typeof trips.read>, Promise<Trip>> = true;
// @ts-expect-error a trip has stops
void trips.mint(caller, { stop: [] });
// @ts-expect-error what replaces a trip is a trip
void trips.update(caller, "trip_1", () => 7);

const schema = z.object({ stops: z.array(z.string()), name: z.string().default("untitled") });
const named = handles("trip", { ttlMs: 1, schema });
const _named: Equal<
  ReturnType<typeof named.read>,
  Promise<{ stops: string[]; name: string }>
> = true;
void named.mint(caller, { stops: [] });
