/** Limits that count for all gateways that share a store. */
import { hash } from "node:crypto";
import { canonicalJSON, type JSONValue, ProtocolError } from "lutra/protocol";
import { createMemoryRateLimiter, createMemoryReplayGuard } from "lutra/stores";
import type { LimitConfig, SharedConfig } from "../config/schema.ts";
import { createLocalConcurrency } from "../limits/in-flight.ts";
import type { LimitsOptions } from "../limits/limits.ts";
import type { Availability } from "./availability.ts";
import type { SharedStores } from "./shared-stores.ts";

/** The parts of limits that count. */
export type Counters = Required<
  Pick<LimitsOptions, "createRateLimiter" | "createConcurrencyLimiter" | "replayGuard">
>;

export interface SharedLimitsOptions {
  readonly stores: SharedStores;
  readonly availability: Availability;
  readonly failure: SharedConfig["failure"];
  readonly limits: readonly LimitConfig[];
}

/** The pause after which a refused client may retry, in milliseconds. */
const retryAfterMs = 1000;

/**
 * Creates the counters. While the stores are unavailable, each gateway counts alone with `open`, and
 * limited requests are refused with `closed`.
 */
export function createSharedCounters(options: SharedLimitsOptions): Counters {
  const { stores, availability, failure, limits } = options;
  const run = <T>(work: () => T | Promise<T>, alone: () => T | Promise<T>) =>
    availability.run(work, failure === "open" ? alone : refuse);
  const nameAt = (index: number) => nameOf(limits, index);
  const ownGuard = createMemoryReplayGuard();
  return {
    createRateLimiter: (rate, index) => {
      const shared = stores.rateLimiter({ ...rate, name: nameAt(index) });
      const own = createMemoryRateLimiter(rate);
      return {
        take: (key, cost) =>
          run(
            () => shared.take(key, cost),
            () => own.take(key, cost),
          ),
      };
    },
    createConcurrencyLimiter: (max, index) => {
      const shared = stores.concurrencyLimiter({ name: nameAt(index), max });
      const own = createLocalConcurrency(max);
      return {
        enter: (key) =>
          run(
            () => shared.enter(key),
            () => own.enter(key),
          ),
      };
    },
    replayGuard: {
      isShared: true,
      claim: (id, ttlMs) =>
        run(
          () => stores.replayGuard.claim(id, ttlMs),
          () => ownGuard.claim(id, ttlMs),
        ),
    },
  };
}

function refuse(): never {
  const options = { status: 503, retryAfterMs };
  throw new ProtocolError("internalError", "The limits of this gateway are unavailable", options);
}

/** Returns a name that is the same in every gateway with an equal limit, at any place of the list. */
function nameOf(limits: readonly LimitConfig[], index: number): string {
  const texts = limits.map((limit) => canonicalJSON(limit as unknown as JSONValue));
  const text = texts[index] ?? "";
  const earlier = texts.slice(0, index).filter((other) => other === text).length;
  return `${hash("sha256", text, "base64url")}-${earlier}`;
}
