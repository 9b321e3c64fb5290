/** Opens the stores that the gateways of a configuration share. */
import { hash } from "node:crypto";
import { steadyNow } from "lutra/internal";
import { canonicalJSON, type JSONValue } from "lutra/protocol";
import type { ResponseCachingOptions } from "../cache/response-caching.ts";
import type { CompleteConfig } from "../config/complete-routes.ts";
import { endpointsOf } from "../config/endpoints.ts";
import type { LimitConfig, SharedConfig } from "../config/schema.ts";
import { type Availability, createAvailability } from "./availability.ts";
import { createSharedCache } from "./shared-cache.ts";
import { type Counters, createSharedCounters } from "./shared-limits.ts";
import type { OpenShared, SharedStores } from "./shared-stores.ts";

/** The parts of a gateway that use the shared stores. */
export interface Sharing {
  /** Returns the counters of limits, or undefined if each gateway counts alone. */
  readonly counters: (limits: readonly LimitConfig[]) => Counters | undefined;
  /** Puts the shared cache behind one in memory. Undefined if each gateway has its own. */
  readonly cache: ((space: () => string) => ResponseCachingOptions["share"]) | undefined;
  readonly close: () => Promise<void>;
}

/**
 * Opens the stores of `shared`. Resolves to undefined for a configuration without it.
 *
 * @throws {TypeError} if the option `openShared` is missing
 * @throws {Error} if the server can't be reached
 */
export async function openSharing(
  { shared }: Pick<CompleteConfig, "shared">,
  openShared: OpenShared | undefined,
  notice: (line: string) => void,
): Promise<Sharing | undefined> {
  if (shared === undefined) return undefined;
  if (openShared === undefined) {
    throw new TypeError('shared: requires the option "openShared", or the command "lutra gateway"');
  }
  const stores = await openShared(shared.redis, {
    // Outages are reported by the calls that they affect.
    onError: () => {},
  });
  const availability = createAvailability({
    onChange: (isAvailable, reason) => notice(stateOf(shared, isAvailable, reason)),
  });
  return sharingOf(shared, stores, availability);
}

function sharingOf(
  { limits: sharesLimits, cache: sharesCache, failure }: SharedConfig,
  stores: SharedStores,
  availability: Availability,
): Sharing {
  return {
    counters: (limits) =>
      sharesLimits ? createSharedCounters({ stores, availability, failure, limits }) : undefined,
    cache: sharesCache
      ? (space) => (local) =>
          createSharedCache({
            local,
            shared: stores.responseCache,
            availability,
            space,
            now: steadyNow,
          })
      : undefined,
    close: stores.close,
  };
}

function stateOf({ failure }: SharedConfig, isAvailable: boolean, reason: unknown): string {
  if (isAvailable) return "shared: Redis is available again";
  const instead = failure === "open" ? "this gateway counts alone" : "limited requests are refused";
  const cause = reason instanceof Error ? reason.message : String(reason);
  return `shared: Redis is not available, ${instead}: ${cause}`;
}

/**
 * Returns a text that is the same for configurations whose upstreams and routes give the same
 * responses. It contains no secrets.
 */
export function spaceOf(config: CompleteConfig): string {
  const { name, upstreams, routes, guard } = config;
  const named = endpointsOf(config).filter((endpoint) => endpoint.name !== undefined);
  const others = named.map((endpoint) => [endpoint.name, endpoint.config.routes]);
  const all = [name, upstreams, routes, guard ?? null, ...others];
  const parts = JSON.parse(JSON.stringify(all)) as JSONValue;
  return hash("sha256", canonicalJSON(parts), "base64url");
}
