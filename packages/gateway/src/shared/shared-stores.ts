/** The stores that several gateways share. */
import type { RateLimiter, ReplayGuard, ResponseCache } from "lutra/stores";
import type { LimitConfig } from "../config/schema.ts";

type Rate = NonNullable<LimitConfig["rate"]>;

/** Releases a slot that a request holds. */
export type Leave = () => void;

/** A limit on the concurrency of each of many keys. */
export interface ConcurrencyLimiter {
  /** Takes a slot of `key`. Returns a function that releases it, or undefined if none is free. */
  readonly enter: (key: string) => Leave | undefined | Promise<Leave | undefined>;
}

/** The stores, as `openRedis` of `@lutra/stores/redis` returns them. */
export interface SharedStores {
  readonly responseCache: ResponseCache;
  readonly replayGuard: ReplayGuard;
  readonly rateLimiter: (options: Rate & { readonly name: string }) => RateLimiter;
  readonly concurrencyLimiter: (options: {
    readonly name: string;
    readonly max: number;
  }) => ConcurrencyLimiter;
  readonly close: () => Promise<void>;
}

/**
 * Opens the stores at a URL such as `redis://host:6379`. Rejects if the server can't be reached.
 *
 * @param onError Called with errors in the background
 */
export type OpenShared = (
  url: string,
  options: { readonly onError: (error: unknown) => void },
) => Promise<SharedStores>;
