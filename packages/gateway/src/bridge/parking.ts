/** The parts that all upstreams of a gateway use for calls that wait for input. */
import { createSealer, randomKeys, type Sealer } from "lutra/server";
import type { ParkedRelay } from "./parked-relay.ts";

export interface Parking {
  /** Returns the sealer of the current keys. */
  readonly sealer: () => Sealer;
  /** Passes retries on to other processes. Absent for a single gateway. */
  readonly relay?: ParkedRelay | undefined;
}

/** Creates the parts for a process whose calls no other one continues. */
export function ownParking(): Parking {
  const sealer = createSealer(randomKeys());
  return { sealer: () => sealer };
}
