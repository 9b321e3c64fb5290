/**
 * Reuses responses as far as their servers allow: while they are fresh, by the callers they are
 * meant for, until a notification says that they changed.
 *
 * @spec server/utilities/caching
 */
import { readCacheHints } from "../protocol/caching.ts";
import type { Middleware, RequestContext, Serve } from "../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import { isTransportError } from "../protocol/transport-error.ts";
import type {
  CachedResponse,
  ResponseCache,
  ResponseCacheMatch,
} from "../stores/response-cache.ts";
import type { CacheKeys } from "./cache-keys.ts";
import { cacheKeys } from "./cache-keys.ts";
import { Flights } from "./flights.ts";

/** Where a result came from: a response that is still fresh, or one that stands in for it. */
export type CacheStatus = "fresh" | "stale";

export interface CachingOptions {
  readonly cache: ResponseCache;
  /** Names the server in keys. */
  readonly server: string;
  /** The authorization context of private responses; without one they are not kept. */
  readonly partition: string | undefined;
  /** How long past its freshness a response may stand in, in milliseconds. */
  readonly maxStaleMs: number;
  readonly methods: readonly Method[];
  readonly now: () => number;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

export interface Caching {
  /** Answers from the cache, or keeps what `next` answers. */
  readonly middleware: Middleware;
  /** Forgets responses, also those on their way. */
  readonly forget: (match: Omit<ResponseCacheMatch, "server">) => Promise<void>;
}

const statuses = new WeakMap<Result, CacheStatus>();

/** Says whether a result came from the cache: `undefined` for one that the server just sent. */
export function cacheStatusOf(result: Result): CacheStatus | undefined {
  return statuses.get(result);
}

/** Notes where a result came from. */
export function setCacheStatus<R extends Result>(result: R, status: CacheStatus | undefined): R {
  if (status !== undefined) statuses.set(result, status);
  return result;
}

/** @spec server/utilities/caching#cacheable-model */
export function createCaching(options: CachingOptions): Caching {
  const { cache, server, now, onWarning } = options;
  const cacheable = new Set(options.methods.filter((m) => m.cacheable).map(({ name }) => name));
  const flights = new Flights();

  /** A cache that fails must not fail the request. */
  async function guarded<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      onWarning("the response cache failed", error);
      return undefined;
    }
  }

  /** The latest of the responses that this caller may see. */
  async function lookUp(keys: CacheKeys): Promise<CachedResponse | undefined> {
    const allowed = keys.private === undefined ? [keys.public] : [keys.private, keys.public];
    const found = await Promise.all(allowed.map((key) => guarded(() => cache.get(key))));
    const age = (response: CachedResponse | undefined) => -(response?.receivedAt ?? 0);
    return found.sort((a, b) => age(a) - age(b))[0];
  }

  /** What is stale at once is kept only in place of something older. */
  async function keep(keys: CacheKeys, result: Result, isReplacing: boolean): Promise<void> {
    const { ttlMs, cacheScope } = readCacheHints(result);
    const key = keys[cacheScope];
    if (key === undefined || !isComplete(result) || (ttlMs === 0 && !isReplacing)) return;
    await guarded(() => cache.set(key, { result, receivedAt: now() }));
  }

  async function fetchOnce(request: JSONRPCRequest, context: RequestContext, next: Serve) {
    const keys = cacheKeys(request, options);
    const found = await lookUp(keys);
    const age = found === undefined ? 0 : now() - found.receivedAt;
    const ttlMs = found === undefined ? 0 : readCacheHints(found.result).ttlMs;
    if (found !== undefined && age < ttlMs) return setCacheStatus(found.result, "fresh");
    try {
      return await flights.join(keys, {
        request,
        context,
        next,
        onLanded: (result) => keep(keys, result, found !== undefined),
      });
    } catch (error) {
      const mayStandIn = found !== undefined && age < ttlMs + options.maxStaleMs;
      if (!mayStandIn || !isOutage(error)) throw error;
      onWarning(`${request.method}: answered with a stale response`, error);
      return setCacheStatus(found.result, "stale");
    }
  }

  return {
    middleware: (next) => (request, context) =>
      cacheable.has(request.method) && !bringsInput(request)
        ? fetchOnce(request, context, next)
        : next(request, context),
    forget: async (match) => {
      flights.outdate(match);
      await guarded(() => cache.delete({ server, ...match }));
    },
  };
}

/**
 * Results of retries depend on what is not part of the key.
 *
 * @spec server/utilities/caching#cache-key
 */
function bringsInput({ params }: JSONRPCRequest): boolean {
  return params?.inputResponses !== undefined || params?.requestState !== undefined;
}

function isComplete({ resultType }: Result): boolean {
  return resultType === undefined || resultType === "complete";
}

/** True for failures of the network or the server as a whole, not for what a server says. */
function isOutage(error: unknown): boolean {
  if (!isTransportError(error)) return false;
  if (error.reason === "http") return (error.status ?? 0) >= 500;
  return error.reason === "closed" || error.reason === "timeout";
}
