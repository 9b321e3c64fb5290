/**
 * Responses in Redis. The responses to a method with the same parameters form a hash with one field
 * for each partition. For each method, a sorted set lists these hashes by the time at which they
 * expire, so that deleting all responses to the method reads only its own hashes.
 */
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { CachedResponse, ResponseCache, ResponseCacheMatch } from "lutra/stores";
import { withRedis } from "./connection.ts";

export interface RedisResponseCacheOptions {
  readonly redis: Redis;
  readonly prefix: string;
  /**
   * Time for which the responses to a method with the same parameters are stored after the first of
   * them, in milliseconds.
   */
  readonly ttlMs: number;
}

/**
 * Stores a response: KEYS are the set of the method and the hash; ARGV the field, its value and the
 * time. A hash that is written again keeps its time, so that it does not grow indefinitely.
 */
const store = `
  local time = redis.call("TIME")
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call("HSET", KEYS[2], ARGV[1], ARGV[2])
  if redis.call("PTTL", KEYS[2]) < 0 then
    redis.call("PEXPIRE", KEYS[2], ARGV[3])
    redis.call("ZADD", KEYS[1], now + ARGV[3], KEYS[2])
    redis.call("PEXPIRE", KEYS[1], ARGV[3])
  end
  redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now)`;

/** Deletes all responses to a method. KEYS[1] is the set of its hashes. */
const forgetMethod = `
  local hashes = redis.call("ZRANGE", KEYS[1], 0, -1)
  for first = 1, #hashes, 1000 do
    redis.call("UNLINK", unpack(hashes, first, math.min(first + 999, #hashes)))
  end
  redis.call("UNLINK", KEYS[1])
  return #hashes`;

export function createRedisResponseCache(options: RedisResponseCacheOptions): ResponseCache {
  const { redis, prefix, ttlMs } = options;

  /** The keys of a method share a hash tag, so that a cluster stores them in one slot. */
  const methodKey = ({ server, method }: ResponseCacheMatch): string =>
    `${prefix}responses:{${digest([server, method])}}`;
  const hashKey = (match: ResponseCacheMatch): string =>
    `${methodKey(match)}:${digest([match.params])}`;

  return {
    get: (key) =>
      withRedis(redis, async () => {
        const found = await redis.hget(hashKey(key), key.partition);
        return found === null ? undefined : (JSON.parse(found) as CachedResponse);
      }),
    set: (key, { result, receivedAt }) =>
      withRedis(redis, async () => {
        const keys = [methodKey(key), hashKey(key)] as const;
        const value = JSON.stringify({ result, receivedAt });
        await redis.eval(store, 2, ...keys, key.partition, value, ttlMs);
      }),
    delete: (match) =>
      withRedis(redis, async () => {
        if (match.params === undefined) await redis.eval(forgetMethod, 1, methodKey(match));
        else await redis.unlink(hashKey(match));
      }),
  };
}

/** Hashes names, which may be long and contain any character. */
function digest(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
