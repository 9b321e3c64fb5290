import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../protocol/errors.ts";
import type { Serve } from "../protocol/exchange.ts";
import { TransportError } from "../protocol/transport-error.ts";
import {
  acknowledged,
  broken,
  listening,
  methodOf,
  opened,
  Stream,
  toolsChanged,
} from "./fixtures/listening.ts";
import { peerError } from "./fixtures/scripted-server.ts";
import { maxWaitingBytes } from "./notification-buffer.ts";
import { openSubscription } from "./open-subscription.ts";
import type { Sender } from "./send.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the end of a subscription", () => {
  it("a subscription that ends with a result ends its reader and is not reopened", async () => {
    const server = listening();
    const { subscription, stream } = await opened(server);
    stream.send(toolsChanged);
    stream.end({ resultType: "complete" });
    const seen: string[] = [];
    for await (const { method } of subscription) seen.push(method);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).toEqual([toolsChanged]);
    expect(server.streams).toHaveLength(1);
  });

  it("a subscription whose stream breaks is reopened after a growing pause", async () => {
    const server = listening();
    const { stream } = await opened(server);
    stream.break(broken);
    for (const [index, pauseMs] of [500, 1000, 2000, 4000].entries()) {
      await vi.advanceTimersByTimeAsync(pauseMs - 1);
      expect(server.streams).toHaveLength(index + 1);
      await vi.advanceTimersByTimeAsync(1);
      (await server.stream(index + 1)).break(broken);
    }
    expect(new Set(server.streams.map(({ request }) => request.id)).size).toBe(5);
  });

  it("the pause before a subscription is reopened is partly random", async () => {
    const server = listening({ random: () => 1 });
    (await opened(server)).stream.break(broken);
    await vi.advanceTimersByTimeAsync(249);
    expect(server.streams).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.streams).toHaveLength(2);
  });

  it("the pause before a subscription is reopened is at least the server's Retry-After", async () => {
    const server = listening();
    const { stream } = await opened(server);
    stream.break(new TransportError("http", "busy", { status: 429, retryAfterMs: 20_000 }));
    await vi.advanceTimersByTimeAsync(19_999);
    expect(server.streams).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    const error = new ProtocolError("internalError", "no", {
      status: 503,
      retryAfterMs: 86_400_000,
    });
    (await server.stream(1)).break(error);
    await vi.advanceTimersByTimeAsync(299_999);
    expect(server.streams).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.streams).toHaveLength(3);
  });

  it("a subscription ends when the caller's signal aborts during a pause", async () => {
    const controller = new AbortController();
    const server = listening();
    const { subscription, stream } = await opened(server, { signal: controller.signal });
    stream.break(new TransportError("http", "busy", { status: 429, retryAfterMs: 60_000 }));
    await vi.advanceTimersByTimeAsync(0);
    const next = subscription[Symbol.asyncIterator]().next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.streams).toHaveLength(1);
  });

  it("the reader of a subscription that is reopened receives a new acknowledgment", async () => {
    const server = listening();
    const { subscription, stream } = await opened(server);
    const reader = subscription[Symbol.asyncIterator]();
    stream.break(broken);
    await vi.advanceTimersByTimeAsync(500);
    const again = await server.stream(1);
    again.acknowledge();
    again.send(toolsChanged);
    expect(methodOf(await reader.next())).toBe(acknowledged);
    expect(methodOf(await reader.next())).toBe(toolsChanged);
  });

  it("a subscription that the server refuses to reopen ends, and its reader throws the error", async () => {
    const server = listening();
    const { subscription, stream } = await opened(server);
    const next = subscription[Symbol.asyncIterator]().next();
    const rejected = expect(next).rejects.toMatchObject({ reason: "invalidParams" });
    stream.break(broken);
    await vi.advanceTimersByTimeAsync(500);
    (await server.stream(1)).break(peerError(-32602));
    await rejected;
  });

  it("a subscription with relisten never is not reopened, and one with relisten ended is", async () => {
    const server = listening();
    const never = server.client.listen({ toolsListChanged: true }, { relisten: "never" });
    const stream = await server.stream(0);
    stream.acknowledge();
    const rejected = expect((await never)[Symbol.asyncIterator]().next()).rejects.toBe(broken);
    stream.break(broken);
    await rejected;
    const always = server.client.listen({ toolsListChanged: true }, { relisten: "ended" });
    const first = await server.stream(1);
    first.acknowledge();
    await always;
    first.end({ resultType: "complete" });
    await vi.advanceTimersByTimeAsync(500);
    expect(server.streams).toHaveLength(3);
  });

  it.each([
    ["close", (subscription: { close: () => void }) => subscription.close()],
    [
      "leaving the loop",
      async (subscription: AsyncIterable<unknown>) => {
        for await (const _ of subscription) break;
      },
    ],
  ])("a subscription ends by %s, which notifies the server", async (_what, end) => {
    const server = listening();
    const { subscription, stream } = await opened(server);
    stream.send(toolsChanged);
    await end(subscription);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stream.context.signal.aborted).toBe(true);
    expect(server.streams).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("a subscription ends when the client is closed, even during a pause", async () => {
    const server = listening();
    const { subscription, stream } = await opened(server);
    stream.break(broken);
    await vi.advanceTimersByTimeAsync(100);
    await server.client.close();
    expect(await subscription[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.streams).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("listen rejects on a closed client", async () => {
    const server = listening();
    await server.client.close();
    await expect(server.client.listen({})).rejects.toMatchObject({ reason: "closed" });
    expect(server.streams).toHaveLength(0);
  });

  it("a subscription ends when the caller's signal aborts", async () => {
    const server = listening();
    const controller = new AbortController();
    const filter = { toolsListChanged: true };
    const subscription = server.client.listen(filter, { signal: controller.signal });
    const rejected = expect(subscription).rejects.toMatchObject({ reason: "aborted" });
    const stream = await server.stream(0);
    controller.abort();
    await rejected;
    expect(stream.context.signal.aborted).toBe(true);
  });
});

describe("the notifications of a subscription", () => {
  const nested = JSON.parse("[".repeat(50_000) + "]".repeat(50_000));

  it("reach its reader at any depth, and end neither the process nor the subscription", async () => {
    const server = listening();
    const { subscription, stream } = await opened(server);
    stream.send(toolsChanged, { nested });
    stream.send(toolsChanged);
    stream.end({ resultType: "complete" });
    const seen: string[] = [];
    for await (const { method } of subscription) seen.push(method);
    expect(seen).toEqual([toolsChanged, toolsChanged]);
  });

  it.each([
    ["throws", vi.fn(() => throwing())],
    ["rejects", vi.fn(() => Promise.reject(new Error("no")))],
  ])("reach its reader when onWarning %s", async (_how, onWarning) => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    const server = listening({ onWarning });
    const { subscription, stream } = await opened(server);
    stream.send("notifications/prompts/list_changed");
    stream.send(toolsChanged);
    expect(methodOf(await subscription[Symbol.asyncIterator]().next())).toBe(toolsChanged);
    expect(onWarning).toHaveBeenCalledOnce();
    expect(print).toHaveBeenCalledOnce();
    print.mockRestore();
  });

  it.each([
    ["reported", vi.fn()],
    ["not reported, because onWarning throws", vi.fn(() => throwing())],
  ])("reach its reader in order when the cache fails, which is %s", async (_how, onWarning) => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    const failing = () => Promise.reject(new Error("no"));
    const server = listening({
      cache: { get: () => undefined, set: () => {}, delete: failing },
      onWarning,
    });
    const { subscription, stream } = await opened(server);
    stream.send(toolsChanged, { n: 1 });
    stream.send(toolsChanged, { n: 2 });
    stream.break(broken);
    await vi.advanceTimersByTimeAsync(500);
    const again = await server.stream(1);
    again.acknowledge();
    again.send(toolsChanged, { n: 3 });
    again.end({ resultType: "complete" });
    const seen: unknown[] = [];
    for await (const { method, params } of subscription) seen.push(params?.n ?? method);
    expect(seen).toEqual([1, 2, acknowledged, 3]);
    const warnings = onWarning.mock.calls.map(([message]: unknown[]) => message);
    const failed = warnings.filter((message) => message === "the response cache failed");
    expect(failed).toHaveLength(4);
    print.mockRestore();
  });

  it("reach its reader when onChange and onGap reject", async () => {
    const onWarning = vi.fn();
    const sender = {
      options: { now: Date.now, random: () => 0, onWarning, timeoutMs: 1000 },
      meta: { metaOf: () => ({}) },
      nextId: () => 1,
      open: new Set(),
      isClosed: () => false,
    } as unknown as Sender;
    const streams: Stream[] = [];
    const serve: Serve = (request, context) => {
      const stream = new Stream(request, context);
      streams.push(stream);
      stream.acknowledge();
      stream.send(toolsChanged);
      return stream.done;
    };
    const fail = () => Promise.reject(new Error("no"));
    const versions = { choose: () => false, renegotiate: () => false };
    const subscriptions = { sender, serve, versions, onChange: fail, onGap: fail };
    const subscription = await openSubscription(subscriptions, { toolsListChanged: true }, {});
    const reader = subscription[Symbol.asyncIterator]();
    expect(methodOf(await reader.next())).toBe(toolsChanged);
    streams[0]?.break(broken);
    await vi.advanceTimersByTimeAsync(500);
    expect(methodOf(await reader.next())).toBe(acknowledged);
    expect(methodOf(await reader.next())).toBe(toolsChanged);
    expect(onWarning.mock.calls.map(([message]) => message)).toEqual([
      `${toolsChanged}: cached responses may be outdated`,
      "subscription: interrupted; reopening after a pause",
      `${acknowledged}: cached responses may be outdated`,
      `${toolsChanged}: cached responses may be outdated`,
    ]);
  });

  it("break the stream when they wait for a cache that does not keep up", async () => {
    const cache = {
      get: () => undefined,
      set: () => {},
      delete: () => new Promise<void>(() => {}),
    };
    const server = listening({ cache });
    const { stream } = await opened(server);
    const text = "x".repeat(maxWaitingBytes / 2);
    for (let n = 0; n < 3; n += 1) stream.send(toolsChanged, { n, text });
    await vi.advanceTimersByTimeAsync(1000);
    expect(stream.context.signal.aborted).toBe(true);
    expect(server.streams).toHaveLength(2);
    expect(server.warnings).toEqual(["subscription: interrupted; reopening after a pause"]);
  });
});

function throwing(): never {
  throw new Error("no");
}

describe("a protocol version that the server refuses", () => {
  it("a refused protocol version is renegotiated before the subscription opens", async () => {
    const server = listening();
    const subscription = server.client.listen({ toolsListChanged: true });
    (await server.stream(0)).break(peerError(-32022, { supported: ["2026-07-28"] }));
    const again = await server.stream(1);
    again.acknowledge();
    expect((await subscription).acknowledged).toEqual({ toolsListChanged: true });
    expect(again.request.id).not.toBe(server.streams[0]?.request.id);
  });
});
