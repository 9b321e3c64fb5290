import { StoreUnavailableError } from "lutra/stores";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createRedis, withRedis } from "./connection.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("calls that wait for a connection", () => {
  const waiting = (count: number) => {
    const redis = createRedis("redis://127.0.0.1:1", { onError: () => {} });
    const calls = Array.from({ length: count }, (_, index) => withRedis(redis, async () => index));
    return { redis, calls };
  };

  it("share one listener, and continue together", async () => {
    const { redis, calls } = waiting(100);
    expect(redis.listenerCount("ready")).toBeLessThan(10);
    redis.emit("ready");
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    redis.disconnect();
  });

  it("are refused after 2 seconds, and further ones wait again", async () => {
    vi.useFakeTimers();
    const { redis, calls } = waiting(2);
    const outcomes = Promise.allSettled(calls);
    await vi.advanceTimersByTimeAsync(2000);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ reason: expect.any(StoreUnavailableError) });
    }
    const later = withRedis(redis, async () => "done");
    redis.emit("ready");
    expect(await later).toBe("done");
    redis.disconnect();
  });
});

it.each<[string, boolean]>([
  ["OOM command not allowed when used memory > 'maxmemory'.", true],
  ["ERR Error running script: @user_script: OOM command not allowed when used memory", true],
  ["LOADING Redis is loading the dataset in memory", true],
  ["READONLY You can't write against a read only replica.", true],
  ["Connection is closed.", true],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", false],
  ["ERR syntax error", false],
])("the failure %j is that of an unavailable store: %s", async (message, isOutage) => {
  const redis = createRedis("redis://127.0.0.1:1", { onError: () => {} });
  const failed = withRedis(redis, () => Promise.reject(new Error(message)));
  redis.emit("ready");
  const error: unknown = await failed.catch((thrown: unknown) => thrown);
  expect(error instanceof StoreUnavailableError).toBe(isOutage);
  redis.disconnect();
});
