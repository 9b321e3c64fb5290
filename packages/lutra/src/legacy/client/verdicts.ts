/** Verdicts about the eras of servers, in memory. */
import { BoundedMap } from "../../stores/bounded-map.ts";
import type { EraVerdict, EraVerdicts } from "../../transport/era.ts";

/** Maximum number of servers whose era is remembered. */
const maxVerdicts = 1000;

/** Creates a store of verdicts for this process. It forgets the oldest beyond 1000 servers. */
export function createMemoryVerdicts(): EraVerdicts {
  const verdicts = new BoundedMap<string, EraVerdict>({ maxEntries: maxVerdicts });
  return {
    get: (server) => verdicts.get(server),
    set: (server, verdict) => verdicts.set(server, verdict),
    delete: (server) => void verdicts.delete(server),
  };
}

/** The store of clients that have none of their own. */
export const sharedVerdicts: EraVerdicts = createMemoryVerdicts();

/** Wraps a store so that its failure fails no request: the server is probed again instead. */
export function guarded(verdicts: EraVerdicts): EraVerdicts {
  return {
    get: async (server) => {
      try {
        return await verdicts.get(server);
      } catch {
        return undefined;
      }
    },
    set: async (server, verdict) => {
      try {
        await verdicts.set(server, verdict);
      } catch {
        // The next process probes the server again.
      }
    },
    delete: async (server) => {
      try {
        await verdicts.delete(server);
      } catch {
        // A wrong verdict is corrected by the next request.
      }
    },
  };
}
