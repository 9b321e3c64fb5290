import type { EventBus, ReplayGuard, ResponseCache } from "lutra/stores";
import { reportOutages } from "../report-outages.ts";
import {
  createRedisConcurrencyLimiter,
  type RedisConcurrencyLimiter,
  type RedisConcurrencyLimiterOptions,
} from "./concurrency-limiter.ts";
import { createRedis, openRedis as openConnection } from "./connection.ts";
import { createRedisEventBus } from "./event-bus.ts";
import {
  createRedisRateLimiter,
  type RedisRateLimiter,
  type RedisRateLimiterOptions,
} from "./rate-limiter.ts";
import { createRedisReplayGuard } from "./replay-guard.ts";
import { createRedisResponseCache } from "./response-cache.ts";

export interface RedisStoreOptions {
  /** Prefix of all keys and of the channel, so that fleets can share a server. @default "lutra:" */
  readonly prefix?: string;
  /**
   * Time for which the responses to a method with the same parameters are cached after the first of
   * them, in milliseconds. @default 86400000 (a day)
   */
  readonly responseTtlMs?: number;
  /** Called with errors in the background. @default console.error */
  readonly onError?: (error: unknown) => void;
}

/** The stores in one Redis or Valkey server. */
export interface RedisStore {
  readonly events: EventBus;
  readonly responseCache: ResponseCache;
  readonly replayGuard: ReplayGuard;
  readonly rateLimiter: (options: RedisRateLimiterOptions) => RedisRateLimiter;
  readonly concurrencyLimiter: (options: RedisConcurrencyLimiterOptions) => RedisConcurrencyLimiter;
  /** Closes both connections. */
  readonly close: () => Promise<void>;
}

/**
 * Connects to Redis 6 or newer, or Valkey, with two connections, of which one listens.
 *
 * @throws {Error} when the server refuses the connection or is unreachable
 * @example
 * ```ts
 * const { events } = await openRedis("redis://localhost:6379");
 * server.share({ replicas: 3, keys, events });
 * ```
 */
export async function openRedis(url: string, options: RedisStoreOptions = {}): Promise<RedisStore> {
  const { prefix = "lutra:", responseTtlMs = 86_400_000 } = options;
  const onError = reportOutages(options.onError ?? reportError);
  let isOpen = false;
  // While opening, errors are thrown to the caller.
  const report = (error: unknown): void => {
    if (isOpen) onError(error);
  };
  const redis = createRedis(url, { onError: report });
  const subscriber = createRedis(url, { onError: report });
  try {
    await openConnection(redis, url);
    await openConnection(subscriber, url);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  isOpen = true;
  const channel = `${prefix}events`;
  return {
    events: await createRedisEventBus({ publisher: redis, subscriber, channel, onError }),
    responseCache: createRedisResponseCache({ redis, prefix, ttlMs: responseTtlMs }),
    replayGuard: createRedisReplayGuard(redis, prefix),
    rateLimiter: (limit) => createRedisRateLimiter(redis, prefix, limit),
    concurrencyLimiter: (limit) => createRedisConcurrencyLimiter(redis, prefix, limit),
    close: async () => {
      subscriber.disconnect();
      redis.disconnect();
    },
  };
}

function reportError(error: unknown): void {
  console.error("lutra: the store in Redis:", error);
}
