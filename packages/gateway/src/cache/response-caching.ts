/**
 * The response cache of the gateway: the rule is the client's, with callers kept apart.
 *
 * @spec server/utilities/caching
 */
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
  type MemoryResponseCache,
  type ResponseCacheSize,
} from "lutra/stores";
import type { CacheConfig } from "../config/schema.ts";
import { recordIn, recordOf } from "../exchange-record.ts";
import { missingKey } from "../merge/merged-result.ts";
import { authorizationContext } from "./authorization-context.ts";
import { guardHints } from "./guard-hints.ts";
import { present } from "./present.ts";

export interface ResponseCachingOptions {
  /** The methods whose columns are known. @default those of the core */
  readonly methods?: readonly Method[];
  /** How long fetching in place of a stale response may take, in milliseconds. @default 60000 */
  readonly refreshTimeoutMs?: number;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Hears of stale answers and of what could not be renewed. @default nobody */
  readonly onWarning?: (message: string, cause?: unknown) => void;
}

/** Whose responses are kept. */
export interface CachedServer {
  /**
   * Names an upstream, or a route that merges several or rewrites requests. What has the same name
   * must give the same answers.
   */
  readonly name: string;
  /** As in the upstream's configuration; of several, what holds for all. */
  readonly trustPublic?: boolean | undefined;
}

export interface CacheStats extends ResponseCacheSize {
  readonly hits: number;
  readonly stale: number;
  readonly misses: number;
}

export interface ResponseCaching {
  /** Answers from the cache, or keeps what the upstream answers. */
  readonly middleware: (server: CachedServer) => Middleware;
  /** Forgets responses of all callers, also those on their way. */
  readonly forget: (
    name: string,
    match: { readonly method: string; readonly uri?: string },
  ) => Promise<void>;
  /**
   * Forgets what a change notification makes stale. `filter` is that of the subscription on which
   * it came, so that an update of a part is one of what contains it.
   */
  readonly changed: (
    name: string,
    notification: Pick<JSONRPCNotification, "method" | "params">,
    filter?: SubscriptionFilter,
  ) => Promise<void>;
  /** Forgets all of a name that is used no more, or now stands for something else. */
  readonly drop: (name: string) => Promise<void>;
  readonly stats: () => CacheStats;
  /** Gives up what is fetched for no caller. */
  readonly close: () => void;
}

const outcomes = { fresh: "hit", stale: "stale", none: "miss" } as const;

export function createResponseCaching(
  config: CacheConfig,
  options: ResponseCachingOptions = {},
): ResponseCaching {
  const { methods = coreMethods, now = Date.now, onWarning = () => {} } = options;
  const { refreshTimeoutMs: timeoutMs = 60_000 } = options;
  const cacheable = new Set(methods.filter((method) => method.cacheable).map(({ name }) => name));
  const cache = withoutPartial(createEncodedResponseCache({ maxBytes: config.maxBytes }));
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

  /** One for each name, so that what is on its way is forgotten with what is kept. */
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
      for (const stale of staleAfter(notification, filter)) await forget(name, stale);
    },
    drop: async (name) => {
      await Promise.all([...cacheable].map((method) => forget(name, { method })));
      cachings.delete(name);
    },
    stats: () => {
      const { hit: hits, stale, miss: misses } = counts;
      return { ...cache.size(), hits, stale, misses };
    },
    close: () => revalidation.close(),
  };
}

/** What is fetched for no caller must not be noted as part of an exchange that is over. */
function ownContext(context: RequestContext): RequestContext {
  const own = { ...context };
  const record = recordOf(context);
  if (record !== undefined) recordIn(own, { ...record });
  return own;
}

/** A result that lacks the part of an upstream takes the place of no complete one. */
function withoutPartial(cache: MemoryResponseCache): MemoryResponseCache {
  return {
    ...cache,
    set: (key, response) =>
      response.result._meta?.[missingKey] === undefined ? cache.set(key, response) : undefined,
  };
}
