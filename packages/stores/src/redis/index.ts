/** `@lutra/stores/redis`: events, cached responses, claims and limits for many machines. */
export type {
  RedisConcurrencyLimiter,
  RedisConcurrencyLimiterOptions,
} from "./concurrency-limiter.ts";
export type { RedisStore, RedisStoreOptions } from "./open-redis.ts";
export { openRedis } from "./open-redis.ts";
export type {
  RedisRateDecision,
  RedisRateLimiter,
  RedisRateLimiterOptions,
} from "./rate-limiter.ts";
