/**
 * Reuses responses as servers allow: while they are fresh, for the callers they are meant for, and
 * until a notification invalidates them.
 *
 * @spec server/utilities/caching
 */
import { isCacheable, readCacheHints } from "../protocol/caching.ts";
import type { Middleware, RequestContext } from "../protocol/exchange.ts";
import { inputRequired } from "../protocol/input-required.ts";
import { isolate } from "../protocol/isolate.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import type { CachedResponse, ResponseCache } from "../stores/response-cache.ts";
import type { ResponseCacheMatch } from "../stores/response-cache-key.ts";
import { nameOf } from "../stores/response-lru.ts";
import { type CacheKeys, createCacheKeys, hasNotifications } from "./cache-keys.ts";
import { type CacheStatus, setCacheStatus } from "./cache-status.ts";
import { isOutage } from "./outage.ts";
import type { Revalidation } from "./revalidation.ts";
import type { Sending } from "./sending.ts";
import { type Join, SharedRequests } from "./shared-requests.ts";

export interface CachingOptions {
  readonly cache: ResponseCache;
  /** The name of the server in keys. Read when it is first needed. */
  readonly server: string;
  /** Returns the caller's authorization context. Without one, private responses are not stored. */
  readonly partition: (context: RequestContext) => string | undefined;
  /**
   * Maximum time for which a stale response is used if the server is unavailable, in milliseconds.
   */
  readonly maxStaleMs: number;
  readonly methods: readonly Method[];
  readonly now: () => number;
  readonly onWarning: (message: string, cause?: unknown) => void;
  /** Uses stale responses while new ones are fetched. @default callers wait for the new response */
  readonly revalidation?: Revalidation;
  /**
   * Chooses the pending request whose answer a request shares. @default an equal request of the
   * same caller
   */
  readonly join?: Join;
  /**
   * Returns the result for a caller from a stored response. `freshMs` is the remaining freshness;
   * it is negative for a stale response. @default the result with its `cacheStatusOf`
   */
  readonly present?: (result: Result, status: CacheStatus, freshMs: number) => Result;
  /** Returns the result for a caller that shares the answer to another request. @default a copy */
  readonly copy?: (result: Result) => Result;
  /** Called with the source of each answer: a cache status, or `undefined` for the server. */
  readonly onAnswer?: (context: RequestContext, status: CacheStatus | undefined) => void;
}

export interface Caching {
  /** Answers from the cache, or stores the answer of `next`. */
  readonly middleware: Middleware;
  /** Removes matching responses from the cache. Those in flight are not stored. */
  readonly forget: (match: Omit<ResponseCacheMatch, "server">) => Promise<void>;
}

/** @spec server/utilities/caching#cacheable-model */
export function createCaching(options: CachingOptions): Caching {
  const { now, revalidation, onAnswer } = options;
  const onWarning = isolate(options.onWarning);
  const { present = setCacheStatus, copy = structuredClone<Result>, join = joinEqual } = options;
  const cacheable = new Set(options.methods.filter((m) => m.cacheable).map(({ name }) => name));
  const cache = guarded(options.cache, onWarning);
  const requests = new SharedRequests();
  const keysOf = createCacheKeys(() => options.server);

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
        // A result that is immediately stale is stored only to replace an older one.
        if (key === undefined || !isCacheable(result) || (ttlMs === 0 && !found)) return;
        await cache.set(key, { result, receivedAt: now() });
      },
      // Input requests and request state are valid only for the request that was sent.
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
    const freshMs = ttlMs - ageOf(receivedAt, now());
    const answerFrom = (status: CacheStatus) => {
      onAnswer?.(context, status);
      return present(result, status, freshMs);
    };
    if (freshMs > 0) return Promise.resolve(answerFrom("fresh"));
    // Results without freshness are requested each time.
    if (ttlMs > 0 && revalidation && -freshMs < revalidation.maxMs) {
      revalidation.start(sending, send);
      return Promise.resolve(answerFrom("stale"));
    }
    return sentOrStale(sending, -freshMs, () => answerFrom("stale"));
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
      await cache.delete({ server: options.server, ...match });
    },
  };
}

const joinEqual: Join = (requests, own) => requests.join(own);

/**
 * Returns the name under which equal requests share an answer. It is unique if the authorization
 * context is unknown or the request asks for notifications, so that nothing is shared.
 */
function sharedNameOf(request: JSONRPCRequest, { private: own }: CacheKeys): string | symbol {
  return own === undefined || hasNotifications(request) ? Symbol() : nameOf(own);
}

/** Maximum difference between the clocks of processes that share a cache, in milliseconds. */
const maxSkewMs = 60_000;

/**
 * Returns the age of a response, in milliseconds. The age is infinite if the clock of the process that
 * stored the response was so far ahead that the age is unknown.
 */
function ageOf(receivedAt: number, now: number): number {
  const ageMs = now - receivedAt;
  return ageMs < -maxSkewMs ? Number.POSITIVE_INFINITY : Math.max(0, ageMs);
}

type Maybe<T> = T | Promise<T>;

/**
 * Returns the latest response that the caller may see, synchronously if the cache is synchronous.
 */
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

/** Wraps a cache so that its errors do not fail requests. */
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
 * Returns true for requests with input responses or request state. Their results depend on these
 * members, which are not part of the key.
 *
 * @spec server/utilities/caching#cache-key
 */
function bringsInput({ params }: JSONRPCRequest): boolean {
  return params?.inputResponses !== undefined || params?.requestState !== undefined;
}
