/** Rate limits in Redis, shared by all processes. */
import type { Redis } from "ioredis";
import { withRedis } from "./connection.ts";

export interface RedisRateLimiterOptions {
  /** Separates the limits of different uses. */
  readonly name: string;
  /** Allowance of each key within `perMs`. A burst may use all of it at once. */
  readonly requests: number;
  /** Time in which an empty allowance is refilled, evenly, in milliseconds. */
  readonly perMs: number;
}

export interface RedisRateDecision {
  readonly allowed: boolean;
  /** Time until the same request is allowed, in milliseconds; 0 when it is allowed now. */
  readonly retryAfterMs: number;
}

/** A limit for each of many keys. */
export interface RedisRateLimiter {
  /** Takes `cost` from the remaining allowance of `key`, or nothing if that is too little. */
  readonly take: (key: string, cost: number) => Promise<RedisRateDecision>;
}

/**
 * A token bucket, stored as the time at which it will be full, by the clock of the server. ARGV: the
 * time to refill the cost, and the time to refill an empty bucket, in milliseconds.
 */
const takeScript = `
  local now = redis.call("TIME")
  local time = now[1] * 1000 + now[2] / 1000
  local cost, whole = tonumber(ARGV[1]), tonumber(ARGV[2])
  local full = math.max(tonumber(redis.call("GET", KEYS[1]) or "0"), time) + cost
  local wait = full - time - whole
  if cost > 0 and wait > 0.001 then return math.ceil(wait) end
  if full > time then
    redis.call("SET", KEYS[1], string.format("%.3f", full), "PX", math.ceil(full - time))
  else
    redis.call("DEL", KEYS[1])
  end
  return 0`;

export function createRedisRateLimiter(
  redis: Redis,
  prefix: string,
  { name, requests, perMs }: RedisRateLimiterOptions,
): RedisRateLimiter {
  for (const [what, value] of Object.entries({ requests, perMs })) {
    if (!(value > 0)) throw new TypeError(`${what}: expected more than 0`);
  }
  return {
    take: (key, cost) =>
      withRedis(redis, async () => {
        const place = `${prefix}limit:${name}:${key}`;
        const costMs = (cost * perMs) / requests;
        const waitMs = Number(await redis.eval(takeScript, 1, place, costMs, perMs));
        return { allowed: waitMs === 0, retryAfterMs: waitMs };
      }),
  };
}
