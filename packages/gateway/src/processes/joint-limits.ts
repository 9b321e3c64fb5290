/** The limits of all processes, which the supervisor counts when no Redis server does. */
import { BoundedMap } from "lutra/internal";
import {
  createMemoryRateLimiter,
  createMemoryReplayGuard,
  createMemoryResponseCache,
  type RateLimiter,
} from "lutra/stores";
import { createLocalConcurrency } from "../limits/in-flight.ts";
import type { ConcurrencyLimiter, Leave, SharedStores } from "../shared/shared-stores.ts";
import type { Channel } from "./channel.ts";

/** Maximum number of limits of each kind, also of earlier configurations. */
const maxLimits = 1000;

export interface JointLimits {
  /** Counts for a process. The returned function releases the slots that it holds. */
  readonly add: (channel: Channel) => () => void;
}

/** Creates the counters of the supervisor. */
export function createJointLimits(): JointLimits {
  const rates = new BoundedMap<string, RateLimiter>({ maxEntries: maxLimits });
  const concurrencies = new BoundedMap<string, ConcurrencyLimiter>({ maxEntries: maxLimits });
  const guard = createMemoryReplayGuard();
  return {
    add: (channel) => {
      const taken = new Map<number, Leave>();
      let last = 0;
      channel.on("rate", ({ name, requests, perMs, key, cost }) => {
        const create = () => createMemoryRateLimiter({ requests, perMs });
        return limitIn(rates, `${name} ${requests} ${perMs}`, create).take(key, cost);
      });
      channel.on("enter", async ({ name, max, key }) => {
        const limit = limitIn(concurrencies, `${name} ${max}`, () => createLocalConcurrency(max));
        const leave = await limit.enter(key);
        if (leave === undefined) return undefined;
        last += 1;
        taken.set(last, leave);
        return last;
      });
      channel.on("leave", (place) => {
        taken.get(place)?.();
        taken.delete(place);
      });
      channel.on("claim", ({ id, ttlMs }) => guard.claim(id, ttlMs));
      return () => {
        for (const leave of taken.values()) leave();
        taken.clear();
      };
    },
  };
}

function limitIn<Limit extends object>(
  known: BoundedMap<string, Limit>,
  name: string,
  create: () => Limit,
): Limit {
  const found = known.get(name);
  if (found !== undefined) return found;
  const created = create();
  known.set(name, created);
  return created;
}

/** Creates the stores of a process, which ask the supervisor. It has no cache for all processes. */
export function askForLimits(channel: Channel): SharedStores {
  return {
    responseCache: createMemoryResponseCache(),
    replayGuard: { isShared: true, claim: (id, ttlMs) => channel.ask("claim", { id, ttlMs }) },
    rateLimiter: ({ name, requests, perMs }) => ({
      take: (key, cost) => channel.ask("rate", { name, requests, perMs, key, cost }),
    }),
    concurrencyLimiter: ({ name, max }) => ({
      enter: async (key) => {
        const place = await channel.ask("enter", { name, max, key });
        return place === undefined ? undefined : () => channel.tell("leave", place);
      },
    }),
    close: async () => {},
  };
}
