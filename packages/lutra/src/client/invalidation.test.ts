import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Result } from "../protocol/json-rpc.ts";
import { broken, listening, opened, toolsChanged, updated } from "./fixtures/listening.ts";
import { cacheStatusOf } from "./index.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("cached responses", () => {
  const hints = { ttlMs: 3_600_000, cacheScope: "public" };
  const list = { resultType: "complete", tools: [], contents: [], prompts: [], ...hints };

  it("are stale once a notification reports their change", async () => {
    const server = listening({}, () => list);
    const { stream } = await opened(server);
    await server.client.listTools();
    await server.client.listPrompts();
    expect(cacheStatusOf(await server.client.listTools())).toBe("fresh");
    stream.send(toolsChanged);
    await vi.advanceTimersByTimeAsync(0);
    expect(cacheStatusOf(await server.client.listTools())).toBeUndefined();
    expect(cacheStatusOf(await server.client.listPrompts())).toBe("fresh");
  });

  it("of an updated resource and of its containers are stale", async () => {
    const server = listening({}, () => list);
    const subscription = server.client.listen({ resourceSubscriptions: ["file:///dir"] });
    const stream = await server.stream(0);
    stream.acknowledge();
    await subscription;
    const uris = ["file:///dir", "file:///dir/a", "file:///other"];
    for (const uri of uris) await server.client.readResource(uri);
    stream.send(updated, { uri: "file:///dir/a" });
    await vi.advanceTimersByTimeAsync(0);
    const statuses: unknown[] = [];
    for (const uri of uris) statuses.push(cacheStatusOf(await server.client.readResource(uri)));
    expect(statuses).toEqual([undefined, undefined, "fresh"]);
  });

  it("are stale after an interruption that may have lost notifications", async () => {
    const server = listening({}, () => list);
    const { stream } = await opened(server);
    await server.client.listTools();
    stream.break(broken);
    await vi.advanceTimersByTimeAsync(500);
    (await server.stream(1)).acknowledge();
    await vi.advanceTimersByTimeAsync(0);
    expect(cacheStatusOf(await server.client.listTools())).toBeUndefined();
  });

  it("are not stored when a change arrives while they are in flight", async () => {
    const answers: ((result: Result) => void)[] = [];
    const server = listening({}, () => new Promise((resolve) => answers.push(resolve)));
    const { stream } = await opened(server);
    const first = server.client.listTools();
    await vi.advanceTimersByTimeAsync(0);
    stream.send(toolsChanged);
    await vi.advanceTimersByTimeAsync(0);
    answers[0]?.(list);
    await first;
    const second = server.client.listTools();
    await vi.advanceTimersByTimeAsync(0);
    answers[1]?.(list);
    expect(cacheStatusOf(await second)).toBeUndefined();
  });
});
