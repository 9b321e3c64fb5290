/** Limits on concurrency in Redis, shared by all processes. */
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { withRedis } from "./connection.ts";

export interface RedisConcurrencyLimiterOptions {
  /** Separates the limits of different uses. */
  readonly name: string;
  /** Maximum number of places of each key that are taken at once. */
  readonly max: number;
  /**
   * Time after which the places of a process that has died are free again, in milliseconds.
   *
   * @default 15000
   */
  readonly leaseMs?: number;
}

/** A limit on the concurrency of each of many keys. */
export interface RedisConcurrencyLimiter {
  /** Takes a place of `key`. Resolves to a function that frees it, or undefined if none is free. */
  readonly enter: (key: string) => Promise<(() => void) | undefined>;
}

/** Takes a place until its lease ends. KEYS[1] is the set of places; ARGV the id, max and lease. */
const enterScript = `
  local time = redis.call("TIME")
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now)
  if redis.call("ZCARD", KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
  redis.call("ZADD", KEYS[1], now + ARGV[3], ARGV[1])
  redis.call("PEXPIRE", KEYS[1], ARGV[3])
  return 1`;

/** Prolongs the lease of a place, also after Redis has lost it. ARGV are the id and the lease. */
const renewScript = `
  local time = redis.call("TIME")
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call("ZADD", KEYS[1], now + ARGV[2], ARGV[1])
  redis.call("PEXPIRE", KEYS[1], ARGV[2])`;

const defaultLeaseMs = 15_000;

/** Number of renewals within a lease, so that one that fails does not end it. */
const renewalsPerLease = 3;

export function createRedisConcurrencyLimiter(
  redis: Redis,
  prefix: string,
  { name, max, leaseMs = defaultLeaseMs }: RedisConcurrencyLimiterOptions,
): RedisConcurrencyLimiter {
  for (const [what, value] of Object.entries({ max, leaseMs })) {
    if (!(value > 0)) throw new TypeError(`${what}: expected more than 0`);
  }
  /** The keys of the places that this process has taken, by id. */
  const taken = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;

  function renew(): void {
    for (const [id, place] of taken) {
      // A later renewal repeats it, and an outage ends the leases of all processes.
      withRedis(redis, () => redis.eval(renewScript, 1, place, id, leaseMs)).catch(() => {});
    }
  }

  function hold(id: string, place: string): () => void {
    taken.set(id, place);
    timer ??= setInterval(renew, leaseMs / renewalsPerLease).unref();
    return () => {
      if (!taken.delete(id)) return;
      if (taken.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
      // Otherwise the place is free when its lease ends.
      withRedis(redis, () => redis.zrem(place, id)).catch(() => {});
    };
  }

  return {
    enter: (key) =>
      withRedis(redis, async () => {
        const place = `${prefix}places:${name}:${key}`;
        const id = randomUUID();
        const isTaken = Number(await redis.eval(enterScript, 1, place, id, max, leaseMs)) === 1;
        return isTaken ? hold(id, place) : undefined;
      }),
  };
}
