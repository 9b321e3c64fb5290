/** Claims in Redis, which are as durable as Redis itself. */
import type { Redis } from "ioredis";
import type { ReplayGuard } from "lutra/stores";
import { withRedis } from "./connection.ts";

export function createRedisReplayGuard(redis: Redis, prefix: string): ReplayGuard {
  return {
    isShared: true,
    claim: (id, ttlMs) =>
      withRedis(redis, async () => {
        const key = `${prefix}claim:${id}`;
        return (await redis.set(key, "", "PX", Math.max(1, Math.ceil(ttlMs)), "NX")) === "OK";
      }),
  };
}
