/** The contracts of the stores in Redis, and its outages. */
import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import { openBus } from "@lutra/stores";
import { openRedis, type RedisStore } from "@lutra/stores/redis";
import { Redis } from "ioredis";
import type { RateDecision } from "lutra/stores";
import { eventBusContract, replayGuardContract, responseCacheContract } from "lutra/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  hasRedis,
  hasRedisBinary,
  type RedisServer,
  startRedis,
  withoutRedis,
} from "./redis-server.ts";

describe.skipIf(!hasRedis)(`Redis (${withoutRedis})`, () => {
  let server: RedisServer;
  let stores: readonly [RedisStore, RedisStore];
  const open = () => openRedis(server.url, { onError: () => {} });

  beforeAll(async () => {
    server = await startRedis();
    stores = [await open(), await open()];
  });
  afterAll(async () => {
    for (const store of stores ?? []) await store.close();
    await server.stop();
  });

  describe("events", () => {
    const contract = eventBusContract(async () => {
      const [one, other] = await Promise.all([open(), open()]);
      const close = async () => void (await Promise.all([one.close(), other.close()]));
      return { one: one.events, other: other.events, close };
    });
    for (const { name, run } of contract) it(name, run);
  });

  it("separates the events of servers by the prefix in the URL", async () => {
    const received: unknown[] = [];
    const buses = await Promise.all(
      ["", "?prefix=a", "?prefix=a", "?prefix=b"].map((query) => openBus(`${server.url}${query}`)),
    );
    onTestFinished(async () => {
      for (const { close } of buses) await close();
    });
    const [plain, sender, receiver, other] = buses.map(({ events }) => events);
    for (const events of [plain, other]) events?.subscribe("t", () => void received.push("wrong"));
    const own = new Promise((resolve) => receiver?.subscribe("t", resolve));
    await sender?.publish("t", { a: 1 });
    await other?.publish("t", { b: 1 });
    expect(await own).toEqual({ a: 1 });
    expect(received).toEqual(["wrong"]);
  });

  describe("responses", () => {
    const contract = responseCacheContract(async () => {
      const [one, other] = stores;
      return [one.responseCache, other.responseCache];
    });
    for (const { name, run } of contract) it(name, run);
  });

  describe("cached responses", () => {
    const method = { server: "a", method: "resources/read" };
    const response = { result: { resultType: "complete" }, receivedAt: 1 } as const;
    const countOf = async (redis: Redis, type: string) => {
      const keys = await redis.keys("growth:*");
      const types = await Promise.all(keys.map((key) => redis.type(key)));
      const [key] = keys.filter((_, index) => types[index] === type);
      if (key === undefined) return 0;
      return type === "hash" ? await redis.hlen(key) : await redis.zcard(key);
    };

    it("expire although responses to the same request are stored repeatedly", async () => {
      const own = await openRedis(server.url, { prefix: "growth:", responseTtlMs: 150 });
      const redis = new Redis(server.url);
      const counts = [];
      for (let partition = 0; (counts.at(-2) ?? 0) <= (counts.at(-1) ?? 0); partition += 1) {
        const key = { ...method, params: "same", partition: String(partition) };
        await own.responseCache.set(key, response);
        counts.push(await countOf(redis, "hash"));
      }
      expect(counts.at(-1)).toBeLessThan(counts.at(-2) as number);
      redis.disconnect();
      await own.close();
    });

    it("leave no names of expired requests behind", async () => {
      const own = await openRedis(server.url, { prefix: "growth:", responseTtlMs: 150 });
      const redis = new Redis(server.url);
      const counts = [];
      for (let number = 0; (counts.at(-2) ?? 0) <= (counts.at(-1) ?? 0); number += 1) {
        const key = { ...method, method: "b", params: String(number), partition: "" };
        await own.responseCache.set(key, response);
        counts.push(await countOf(redis, "zset"));
      }
      expect(counts.at(-1)).toBeLessThan(counts.at(-2) as number);
      redis.disconnect();
      await own.close();
    });
  });

  describe("claims", () => {
    const contract = replayGuardContract(async () => {
      const [one, other] = stores;
      return [one.replayGuard, other.replayGuard];
    });
    for (const { name, run } of contract) it(name, run);
  });

  describe("limits on concurrency", () => {
    it("count for all replicas until the places are free again", async () => {
      const limit = { name: "a", max: 2 };
      const [one, other] = stores.map((store) => store.concurrencyLimiter(limit));
      const leave = await one?.enter("k");
      expect(await other?.enter("k")).toBeTypeOf("function");
      expect(await one?.enter("k")).toBeUndefined();
      expect(await other?.enter("k")).toBeUndefined();
      expect(await other?.enter("another key")).toBeTypeOf("function");
      leave?.();
      leave?.();
      await vi.waitUntil(() => other?.enter("k"));
      expect(await one?.enter("k")).toBeUndefined();
    });

    it("keep a place beyond its lease while its process runs, and free it afterwards", async () => {
      const limit = { name: "b", max: 1, leaseMs: 300 };
      const dying = await open();
      await dying.concurrencyLimiter(limit).enter("k");
      const other = stores[0].concurrencyLimiter(limit);
      await delay(900); // time: three leases must pass
      expect(await other.enter("k")).toBeUndefined();
      await dying.close();
      await vi.waitUntil(() => other.enter("k"), { timeout: 5000 });
      expect(await other.enter("k")).toBeUndefined();
    });
  });

  describe("limits", () => {
    it("count for all replicas, and report when more is available", async () => {
      const limit = { name: "a", requests: 4, perMs: 3_600_000 };
      const [one, other] = stores.map((store) => store.rateLimiter(limit));
      const taken = [];
      for (let n = 0; n < 6; n += 1) taken.push(await (n % 2 === 0 ? one : other)?.take("k", 1));
      expect(taken.map((decision) => decision?.allowed)).toEqual([
        ...[true, true, true, true],
        ...[false, false],
      ]);
      expect(taken.at(-1)?.retryAfterMs).toBeGreaterThan(890_000);
      expect(taken.at(-1)?.retryAfterMs).toBeLessThanOrEqual(900_000);
      expect(await other?.take("another key", 4)).toEqual({ allowed: true, retryAfterMs: 0 });
    });

    it("restore a returned allowance", async () => {
      const limiter = stores[0].rateLimiter({ name: "b", requests: 1, perMs: 3_600_000 });
      await limiter.take("k", 1);
      await limiter.take("k", -1);
      expect(await limiter.take("k", 1)).toEqual({ allowed: true, retryAfterMs: 0 });
    });

    it("are refilled over time", async () => {
      const limiter = stores[0].rateLimiter({ name: "c", requests: 1, perMs: 20 });
      const firstThatIs = async (allowed: boolean): Promise<RateDecision> => {
        const decision = await limiter.take("k", 1);
        return decision.allowed === allowed ? decision : firstThatIs(allowed);
      };
      const { retryAfterMs } = await firstThatIs(false);
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(20);
      expect(await firstThatIs(true)).toEqual({ allowed: true, retryAfterMs: 0 });
    });

    it("refuse invalid numbers", () => {
      const limit = { name: "d", requests: 0, perMs: 1 };
      expect(() => stores[0].rateLimiter(limit)).toThrow(TypeError);
    });
  });
});

it.skipIf(!hasRedisBinary)(
  `Redis (${withoutRedis}) without free memory is unavailable`,
  async () => {
    const own = await startRedis(true);
    const store = await openRedis(own.url, { onError: () => {} });
    const admin = new Redis(own.url);
    onTestFinished(async () => {
      admin.disconnect();
      await store.close();
      await own.stop();
    });
    await admin.config("SET", "maxmemory-policy", "noeviction");
    await admin.config("SET", "maxmemory", "1");
    const limiter = store.rateLimiter({ name: "a", requests: 1, perMs: 1000 });
    const key = { server: "a", method: "resources/read", params: "", partition: "" };
    const calls = [
      store.replayGuard.claim("a", 1000),
      limiter.take("k", 1),
      store.responseCache.set(key, { result: { resultType: "complete" }, receivedAt: 1 }),
    ];
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({ name: "StoreUnavailableError", status: 503 });
    }
    await admin.config("SET", "maxmemory", "0");
    expect(await store.replayGuard.claim("a", 1000)).toBe(true);
  },
);

describe("openRedis", () => {
  it("reports an unreachable server", async () => {
    await expect(openRedis("redis://:secret@127.0.0.1:1")).rejects.toThrow(
      /^redis at 127.0.0.1:1 is unreachable: connection refused$/,
    );
  });

  it.skipIf(!hasRedisBinary)("refuses a node of a cluster, with the remedy", async () => {
    const node = await startRedis(true, { isCluster: true });
    onTestFinished(node.stop);
    await expect(openRedis(node.url)).rejects.toThrow(
      /is a node of a cluster, which refuses the keys of other nodes; use a Redis server/,
    );
  });

  it.skipIf(!hasRedisBinary)(
    "shows no password when it is wrong, nor when it becomes so",
    async () => {
      const own = await startRedis(true, { password: "heron" });
      onTestFinished(own.stop);
      const wrong = own.url.replace("heron", "bittern");
      const refused = await openRedis(wrong).catch((error: unknown) => error);
      expect(refused).toMatchObject({ message: expect.stringMatching(/ refused the password$/) });
      expect(inspect(refused, { depth: null })).not.toContain("bittern");

      let hear: (error: unknown) => void = () => {};
      const heard = new Promise<unknown>((resolve) => {
        hear = resolve;
      });
      const onError = (error: unknown) => {
        if (inspect(error, { depth: null }).includes("WRONGPASS")) hear(error);
      };
      const store = await openRedis(own.url, { onError });
      const admin = new Redis(own.url);
      await admin.config("SET", "requirepass", "egret");
      await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
      expect(inspect(await heard, { depth: null })).not.toContain("heron");
      admin.disconnect();
      await store.close();
      await own.stop();
    },
  );
});
