/**
 * Responses in Redis. The responses to a method with the same parameters form a hash, whose fields are
 * partitions. A set lists the hashes of each method, so that deleting a method reads only its own.
 */
import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { CachedResponse, ResponseCache, ResponseCacheMatch } from "lutra/stores";
import { withRedis } from "./connection.ts";

export interface RedisResponseCacheOptions {
  readonly redis: Redis;
  readonly prefix: string;
  /** Maximum time for which a response is stored, in milliseconds. */
  readonly ttlMs: number;
}

/** Deletes all responses to a method. KEYS[1] is the set of its hashes. */
const forgetMethod = `
  local hashes = redis.call("SMEMBERS", KEYS[1])
  for first = 1, #hashes, 1000 do
    redis.call("UNLINK", unpack(hashes, first, math.min(first + 999, #hashes)))
  end
  redis.call("UNLINK", KEYS[1])
  return #hashes`;

export function createRedisResponseCache(options: RedisResponseCacheOptions): ResponseCache {
  const { redis, prefix, ttlMs } = options;

  /** The keys of a method share a hash tag, so that a cluster stores them in one slot. */
  const methodKey = ({ server, method }: ResponseCacheMatch): string =>
    `${prefix}cache:{${digest([server, method])}}`;
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
        const [method, hash] = [methodKey(key), hashKey(key)];
        const value = JSON.stringify({ result, receivedAt });
        await redis
          .multi()
          .hset(hash, key.partition, value)
          .pexpire(hash, ttlMs)
          .sadd(method, hash)
          .pexpire(method, ttlMs)
          .exec();
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
