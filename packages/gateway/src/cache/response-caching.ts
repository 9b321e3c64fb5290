/**
 * The response cache of the gateway. It follows the caching rules for clients, and never shares a
 * private response between callers.
 *
 * @spec server/utilities/caching
 */
import { steadyNow } from "lutra/internal";
import {
  type CacheStatus,
  type Caching,
  createCaching,
  createRevalidation,
  joinCallers,
  staleAfter,
} from "lutra/middleware";
import {
  canonicalJSON,
  coreMethods,
  type JSONRPCNotification,
  type Method,
  type Middleware,
  type RequestContext,
  type SubscriptionFilter,
} from "lutra/protocol";
import {
  createEncodedResponseCache,
  type ListedResponse,
  type MemoryResponseCache,
  type ResponseCacheSize,
} from "lutra/stores";
import type { CacheConfig } from "../config/schema.ts";
import { copyRecord, recordOf } from "../exchange-record.ts";
import { missingKey } from "../result-meta.ts";
import { authorizationContext } from "./authorization-context.ts";
import { guardHints } from "./guard-hints.ts";
import { present } from "./present.ts";

export interface ResponseCachingOptions {
  /** The method definitions, which state whether results are cacheable. @default coreMethods */
  readonly methods?: readonly Method[];
  /** Maximum time for revalidating a stale response, in milliseconds. @default 60000 */
  readonly refreshTimeoutMs?: number;
  /** The clock, in milliseconds since 1970. @default the system's time, but never set back */
  readonly now?: () => number;
  /** Puts a cache that gateways share behind the one in memory. @default the one in memory alone */
  readonly share?: ((local: MemoryResponseCache) => MemoryResponseCache) | undefined;
  /** Called when a stale response is sent or a revalidation fails. @default no callback */
  readonly onWarning?: (message: string, cause?: unknown) => void;
}

/** A server whose responses are cached. */
export interface CachedServer {
  /**
   * The name of an upstream, or of a route that merges several upstreams or rewrites requests.
   * Servers with the same name must give the same responses.
   */
  readonly name: string;
  /** The `trustPublic` of the upstream, or the combined value of merged upstreams. */
  readonly trustPublic?: boolean | undefined;
}

interface CacheStats extends ResponseCacheSize {
  readonly hits: number;
  readonly stale: number;
  readonly misses: number;
}

export interface ResponseCaching {
  /** Creates middleware that answers from the cache, and stores the responses of the upstream. */
  readonly middleware: (server: CachedServer) => Middleware;
  /** Drops the responses for all callers, including responses in flight. */
  readonly forget: (
    name: string,
    match: { readonly method: string; readonly uri?: string },
  ) => Promise<void>;
  /**
   * Drops the responses that a change notification makes stale.
   *
   * @param filter The filter of the subscription that delivered the notification. It names the
   *   containers of updated resources
   */
  readonly changed: (
    name: string,
    notification: Pick<JSONRPCNotification, "method" | "params">,
    filter?: SubscriptionFilter,
  ) => Promise<void>;
  /** Drops all responses of a server that was removed or replaced. */
  readonly drop: (name: string) => Promise<void>;
  readonly stats: () => CacheStats;
  /** Returns up to `max` responses without their content, the most recently used first. */
  readonly list: (max: number) => readonly ListedResponse[];
  /**
   * Drops the responses of a server to a method with these parameters for all callers, or all
   * responses of all servers.
   */
  readonly evict: (match?: EvictMatch) => Promise<void>;
  /** Cancels background revalidations. */
  readonly close: () => void;
}

/** The responses to a method with parameters, which are canonical JSON. */
interface EvictMatch {
  /** The name of the server, as in the key of the response. */
  readonly server: string;
  readonly method: string;
  readonly params: string;
}

const outcomes = { fresh: "hit", stale: "stale", none: "miss" } as const;

export function createResponseCaching(
  config: CacheConfig,
  options: ResponseCachingOptions = {},
): ResponseCaching {
  const { methods = coreMethods, now = steadyNow, onWarning = () => {} } = options;
  const { refreshTimeoutMs: timeoutMs = 60_000, share = (local) => local } = options;
  const cacheable = new Set(methods.filter((method) => method.cacheable).map(({ name }) => name));
  const cache = withoutPartial(share(createEncodedResponseCache({ maxBytes: config.maxBytes })));
  const maxMs = config.staleMs;
  const revalidation = createRevalidation({ maxMs, timeoutMs, contextOf: ownContext, onWarning });
  const counts = { hit: 0, stale: 0, miss: 0 };
  const cachings = new Map<string, Caching>();

  function onAnswer(context: RequestContext, status: CacheStatus | undefined): void {
    const outcome = outcomes[status ?? "none"];
    counts[outcome] += 1;
    const record = recordOf(context);
    if (record !== undefined) record.cache = outcome;
  }

  /** Returns the only cache of a name, so that dropping responses includes responses in flight. */
  function cachingOf(name: string): Caching {
    const known = cachings.get(name);
    if (known !== undefined) return known;
    const caching = createCaching({
      cache,
      server: name,
      partition: authorizationContext,
      methods,
      maxStaleMs: config.staleOnErrorMs,
      revalidation,
      join: joinCallers(),
      present,
      copy: (result) => result,
      onAnswer,
      onWarning: (message, cause) => onWarning(`${name}: ${message}`, cause),
      now,
    });
    cachings.set(name, caching);
    return caching;
  }

  const forget = async (name: string, match: Parameters<Caching["forget"]>[0]) =>
    cachings.get(name)?.forget(match);

  return {
    middleware: ({ name, trustPublic }) => {
      const { middleware } = cachingOf(name);
      const guard = guardHints({ methods: cacheable, trustPublic });
      return (next) => middleware(guard(next));
    },
    forget: (name, { method, uri }) =>
      forget(name, { method, ...(uri !== undefined && { params: canonicalJSON({ uri }) }) }),
    changed: async (name, notification, filter) => {
      for (const stale of staleAfter(notification, filter, methods)) await forget(name, stale);
    },
    drop: async (name) => {
      await Promise.all([...cacheable].map((method) => forget(name, { method })));
      cachings.delete(name);
    },
    stats: () => {
      const { hit: hits, stale, miss: misses } = counts;
      return { ...cache.size(), hits, stale, misses };
    },
    list: (max) => cache.list(max),
    evict: async (match) => {
      if (match !== undefined) {
        const { server, method, params } = match;
        await forget(server, { method, params });
        return;
      }
      const methods = [...cacheable];
      const all = [...cachings.keys()].flatMap((name) =>
        methods.map((method) => forget(name, { method })),
      );
      await Promise.all(all);
    },
    close: () => revalidation.close(),
  };
}

/** Returns a revalidation's context. It has its own record, because the exchange may have ended. */
function ownContext(context: RequestContext): RequestContext {
  const own = { ...context };
  copyRecord(context, own);
  return own;
}

/** Wraps a cache so that it does not store a merged result without the part of an upstream. */
function withoutPartial(cache: MemoryResponseCache): MemoryResponseCache {
  return {
    ...cache,
    set: (key, response) =>
      response.result._meta?.[missingKey] === undefined ? cache.set(key, response) : undefined,
  };
}
