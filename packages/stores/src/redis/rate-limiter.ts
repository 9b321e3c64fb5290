/** Limits in Redis: what one process takes, all others see. */
import type { Redis } from "ioredis";
import { withRedis } from "./connection.ts";

export interface RedisRateLimiterOptions {
  /** Keeps the limits of one use apart from those of another. */
  readonly name: string;
  /** How much may be used in `perMs`; a burst may use all of it at once. */
  readonly requests: number;
  /** The time in which all of it comes back, evenly, in milliseconds. */
  readonly perMs: number;
}

export interface RedisRateDecision {
  readonly allowed: boolean;
  /** How long until the same is allowed, in milliseconds; 0 where it is. */
  readonly retryAfterMs: number;
}

/** One limit, for many keys. */
export interface RedisRateLimiter {
  /** Takes `cost` from what `key` may use, or nothing where that is too much. */
  readonly take: (key: string, cost: number) => Promise<RedisRateDecision>;
}

/**
 * A token bucket of which only the time is kept at which it is full again, by the clock of the
 * server. ARGV: what the cost takes of that time, the time of a whole bucket, both in milliseconds.
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
