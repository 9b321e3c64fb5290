/**
 * Reuses responses as far as their servers allow: while they are fresh, by the callers they are
 * meant for, until a notification says that they changed.
 *
 * @spec server/utilities/caching
 */
import { isCacheable, readCacheHints } from "../protocol/caching.ts";
import type { Middleware, RequestContext } from "../protocol/exchange.ts";
import { inputRequired } from "../protocol/input-required.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import type {
  CachedResponse,
  ResponseCache,
  ResponseCacheMatch,
} from "../stores/response-cache.ts";
import { nameOf } from "../stores/response-lru.ts";
import { type CacheKeys, createCacheKeys, hasNotifications } from "./cache-keys.ts";
import { type CacheStatus, setCacheStatus } from "./cache-status.ts";
import { isOutage } from "./outage.ts";
import type { Revalidation } from "./revalidation.ts";
import type { Sending } from "./sending.ts";
import { type Join, SharedRequests } from "./shared-requests.ts";

export interface CachingOptions {
  readonly cache: ResponseCache;
  /** Names the server in keys. */
  readonly server: string;
  /** The authorization context of private responses; without one they are not kept. */
  readonly partition: (context: RequestContext) => string | undefined;
  /** How long past its freshness a response may stand in for a server that is down, in milliseconds. */
  readonly maxStaleMs: number;
  readonly methods: readonly Method[];
  readonly now: () => number;
  readonly onWarning: (message: string, cause?: unknown) => void;
  /** Uses what is stale while something newer is fetched. @default each caller waits for it */
  readonly revalidation?: Revalidation;
  /** Chooses whose answer a request waits for. @default that to an equal one of the same caller */
  readonly join?: Join;
  /**
   * What a caller gets of a kept response. `freshMs` is how long it stays fresh; negative when it
   * no longer is. @default the result as it is, with its `cacheStatusOf`
   */
  readonly present?: (result: Result, status: CacheStatus, freshMs: number) => Result;
  /** What those get who waited for the answer to an equal request. @default a copy */
  readonly copy?: (result: Result) => Result;
  /** Hears where an answer comes from; `undefined` is the server. */
  readonly onAnswer?: (context: RequestContext, status: CacheStatus | undefined) => void;
}

export interface Caching {
  /** Answers from the cache, or keeps what `next` answers. */
  readonly middleware: Middleware;
  /** Forgets responses, also those on their way. */
  readonly forget: (match: Omit<ResponseCacheMatch, "server">) => Promise<void>;
}

/** @spec server/utilities/caching#cacheable-model */
export function createCaching(options: CachingOptions): Caching {
  const { server, now, onWarning, revalidation, onAnswer } = options;
  const { present = setCacheStatus, copy = (result) => structuredClone(result) } = options;
  const { join = (requests, own) => requests.join(own) } = options;
  const cacheable = new Set(options.methods.filter((m) => m.cacheable).map(({ name }) => name));
  const cache = guarded(options.cache, onWarning);
  const requests = new SharedRequests();
  const keysOf = createCacheKeys(server);

  function send({ keys, request, context, next, found }: Sending): Promise<Result> {
    return join(requests, {
      name: sharedNameOf(request, keys),
      keys,
      request,
      context,
      next,
      onResult: async (result) => {
        const { ttlMs, cacheScope } = readCacheHints(result);
        const key = keys[cacheScope];
        // What is stale at once is kept only in place of something older.
        if (key === undefined || !isCacheable(result) || (ttlMs === 0 && !found)) return;
        await cache.set(key, { result, receivedAt: now() });
      },
      // What it asks for, and its state, are for the request that was answered and for no other.
      share: (result) => (result.resultType === inputRequired ? undefined : copy(result)),
      sharesFailure: () => true,
      sendAlone: () => next(request, context),
    });
  }

  function answer(sending: Sending): Promise<Result> {
    const { context, found } = sending;
    if (!found) return sent(sending);
    const { result, receivedAt } = found;
    const { ttlMs } = readCacheHints(result);
    const freshMs = receivedAt + ttlMs - now();
    const give = (status: CacheStatus) => {
      onAnswer?.(context, status);
      return present(result, status, freshMs);
    };
    if (freshMs > 0) return Promise.resolve(give("fresh"));
    // What was stale at once is asked for each time.
    if (ttlMs > 0 && revalidation && -freshMs < revalidation.maxMs) {
      revalidation.start(sending, send);
      return Promise.resolve(give("stale"));
    }
    return sentOrStale(sending, -freshMs, () => give("stale"));
  }

  async function sentOrStale(
    sending: Sending,
    staleMs: number,
    stale: () => Result,
  ): Promise<Result> {
    try {
      return await sent(sending);
    } catch (error) {
      if (staleMs >= options.maxStaleMs || !isOutage(error)) throw error;
      onWarning(`${sending.request.method}: answered with a stale response`, error);
      return stale();
    }
  }

  async function sent(sending: Sending): Promise<Result> {
    const result = await send(sending);
    onAnswer?.(sending.context, undefined);
    return result;
  }

  return {
    middleware: (next) => (request, context) => {
      if (!cacheable.has(request.method) || bringsInput(request)) return next(request, context);
      const keys = keysOf(request, options.partition(context));
      const found = lookUp(cache, keys);
      const go = (found?: CachedResponse) => answer({ keys, request, context, next, found });
      return isPromise(found) ? found.then(go) : go(found);
    },
    forget: async (match) => {
      requests.invalidate(match);
      await cache.delete({ server, ...match });
    },
  };
}

/** Where the authorization context is unknown, each request is like no other. */
function sharedNameOf(request: JSONRPCRequest, { private: own }: CacheKeys): string | symbol {
  return own === undefined || hasNotifications(request) ? Symbol() : nameOf(own);
}

type Maybe<T> = T | Promise<T>;

/** The latest of the responses that this caller may see; at once where the cache is in memory. */
function lookUp(cache: ResponseCache, keys: CacheKeys): Maybe<CachedResponse | undefined> {
  const shared = cache.get(keys.public);
  if (keys.private === undefined) return shared;
  const own = cache.get(keys.private);
  if (!isPromise(own) && !isPromise(shared)) return latest(own, shared);
  return Promise.all([own, shared]).then(([own, shared]) => latest(own, shared));
}

function latest(own?: CachedResponse, shared?: CachedResponse): CachedResponse | undefined {
  return own && shared && shared.receivedAt > own.receivedAt ? shared : (own ?? shared);
}

/** A cache that fails must not fail the request. */
function guarded(cache: ResponseCache, onWarning: CachingOptions["onWarning"]): ResponseCache {
  const failed = (error: unknown) => void onWarning("the response cache failed", error);
  function guard<T>(work: () => Maybe<T>): Maybe<T | undefined> {
    try {
      const outcome = work();
      return isPromise(outcome) ? outcome.catch(failed) : outcome;
    } catch (error) {
      return failed(error);
    }
  }
  return {
    get: (key) => guard(() => cache.get(key)),
    set: (key, response) => guard(() => cache.set(key, response)),
    delete: (match) => guard(() => cache.delete(match)),
  };
}

function isPromise<T>(value: Maybe<T>): value is Promise<T> {
  return value instanceof Promise;
}

/**
 * Results of retries depend on what is not part of the key.
 *
 * @spec server/utilities/caching#cache-key
 */
function bringsInput({ params }: JSONRPCRequest): boolean {
  return params?.inputResponses !== undefined || params?.requestState !== undefined;
}
