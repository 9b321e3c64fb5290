/** The contracts of the stores in Redis, and its outages. */
import { inspect } from "node:util";
import { openRedis, type RedisStore } from "@lutra/stores/redis";
import { Redis } from "ioredis";
import type { RateDecision } from "lutra/stores";
import { eventBusContract, replayGuardContract, responseCacheContract } from "lutra/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
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

  describe("responses", () => {
    const contract = responseCacheContract(async () => {
      const [one, other] = stores;
      return [one.responseCache, other.responseCache];
    });
    for (const { name, run } of contract) it(name, run);
  });

  describe("claims", () => {
    const contract = replayGuardContract(async () => {
      const [one, other] = stores;
      return [one.replayGuard, other.replayGuard];
    });
    for (const { name, run } of contract) it(name, run);
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

describe("openRedis", () => {
  it("reports an unreachable server", async () => {
    await expect(openRedis("redis://:secret@127.0.0.1:1")).rejects.toThrow(
      /^redis at 127.0.0.1:1 is unreachable: connection refused$/,
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
