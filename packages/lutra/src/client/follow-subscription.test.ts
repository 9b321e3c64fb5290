import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  acknowledged,
  broken,
  idKey,
  listening,
  methodOf,
  opened,
  toolsChanged,
  updated,
} from "./fixtures/listening.ts";
import { peerError } from "./fixtures/scripted-server.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the acknowledgment of a subscription", () => {
  it("opens the subscription with the filter that the server agreed to", async () => {
    const server = listening();
    const filter = { toolsListChanged: true, resourceSubscriptions: ["file:///a", "file:///b"] };
    const subscription = server.client.listen(filter);
    const stream = await server.stream(0);
    expect(stream.request.params?.notifications).toEqual(filter);
    stream.acknowledge({ resourceSubscriptions: ["file:///a"] });
    expect((await subscription).acknowledged).toEqual({ resourceSubscriptions: ["file:///a"] });
    expect(server.warnings).toEqual([
      "subscription: the server declined all or part of toolsListChanged",
      "subscription: the server declined all or part of resourceSubscriptions",
    ]);
  });

  it("may decline members of extensions without a warning", async () => {
    const server = listening();
    const subscription = server.client.listen({ taskIds: ["a", "b"], toolsListChanged: true });
    (await server.stream(0)).acknowledge({ taskIds: ["a"], toolsListChanged: true });
    expect((await subscription).acknowledged).toEqual({ taskIds: ["a"], toolsListChanged: true });
    expect(server.warnings).toEqual([]);
  });

  it("must come before any other notification of the subscription", async () => {
    const server = listening();
    const subscription = server.client.listen({ toolsListChanged: true });
    const rejected = expect(subscription).rejects.toMatchObject({ reason: "malformed" });
    (await server.stream(0)).send(toolsChanged);
    await rejected;
    expect(server.streams[0]?.context.signal.aborted).toBe(true);
  });

  it("must come before the result", async () => {
    const server = listening();
    const subscription = server.client.listen({ toolsListChanged: true });
    const rejected = expect(subscription).rejects.toMatchObject({ reason: "malformed" });
    (await server.stream(0)).end({ resultType: "complete" });
    await rejected;
  });

  it("must arrive within timeoutMs", async () => {
    const server = listening({ timeoutMs: 1000 });
    const subscription = server.client.listen({ toolsListChanged: true });
    const rejected = expect(subscription).rejects.toMatchObject({ reason: "timeout" });
    await vi.advanceTimersByTimeAsync(1000);
    await rejected;
    expect(server.streams[0]?.context.signal.aborted).toBe(true);
  });

  it("ends the time limit, so that the stream stays open", async () => {
    const server = listening();
    const { stream } = await opened(server);
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(stream.context.signal.aborted).toBe(false);
  });

  it.each([
    ["the server refuses", peerError(-32601), { reason: "methodNotFound" }],
    ["the connection breaks", broken, { reason: "closed" }],
  ])("is missing when %s, and the request is not repeated", async (_what, error, expected) => {
    const server = listening();
    const subscription = server.client.listen({ toolsListChanged: true });
    const rejected = expect(subscription).rejects.toMatchObject(expected);
    (await server.stream(0)).break(error);
    await rejected;
    expect(server.streams).toHaveLength(1);
  });
});

describe("notifications of a subscription", () => {
  it("are read in order, without repeating a change that is still waiting", async () => {
    const server = listening();
    const filter = { toolsListChanged: true, resourceSubscriptions: ["file:///a"] };
    const subscription = server.client.listen(filter);
    const stream = await server.stream(0);
    stream.acknowledge();
    const reader = (await subscription)[Symbol.asyncIterator]();
    stream.send(toolsChanged);
    stream.send(updated, { uri: "file:///a" });
    stream.send(toolsChanged);
    await vi.advanceTimersByTimeAsync(0);
    expect(methodOf(await reader.next())).toBe(toolsChanged);
    expect((await reader.next()).value).toMatchObject({ params: { uri: "file:///a" } });
    stream.send(toolsChanged);
    expect(methodOf(await reader.next())).toBe(toolsChanged);
  });

  it("are assigned to their subscription by its id", async () => {
    const server = listening();
    const [one, two] = [{ toolsListChanged: true }, { promptsListChanged: true }].map((filter) =>
      server.client.listen(filter),
    );
    const [first, second] = [await server.stream(0), await server.stream(1)];
    // Both share one channel, as on stdio.
    for (const { context } of [first, second]) {
      for (const { request } of [first, second]) {
        const { notifications } = request.params ?? {};
        const params = { _meta: { [idKey]: request.id }, notifications };
        void context.notify({ jsonrpc: "2.0", method: acknowledged, params });
      }
    }
    expect((await one)?.acknowledged).toEqual({ toolsListChanged: true });
    expect((await two)?.acknowledged).toEqual({ promptsListChanged: true });
  });

  it("are ignored when they belong to another subscription or to none", async () => {
    const server = listening();
    const { subscription, stream } = await opened(server);
    stream.send(toolsChanged, {}, 999);
    stream.send(toolsChanged, { _meta: {} });
    stream.end({ resultType: "complete" });
    expect(await subscription[Symbol.asyncIterator]().next()).toEqual({
      done: true,
      value: undefined,
    });
    expect(server.warnings).toHaveLength(2);
  });

  it("are ignored when they were not requested", async () => {
    const server = listening();
    const { subscription, stream } = await opened(server);
    stream.send("notifications/prompts/list_changed");
    stream.send(updated, { uri: "file:///a" });
    stream.send("notifications/com.example/changed");
    const reader = subscription[Symbol.asyncIterator]();
    expect(methodOf(await reader.next())).toBe("notifications/com.example/changed");
    expect(server.warnings).toHaveLength(2);
  });

  it("cause a limited number of warnings when they were not requested", async () => {
    const onWarning = vi.fn();
    const server = listening({ onWarning });
    const { stream } = await opened(server);
    for (let n = 0; n < 1000; n += 1) stream.send(updated, { uri: `file:///${n}` });
    expect(onWarning).toHaveBeenCalledTimes(101);
  });

  it("are limited in number while they wait to be read", async () => {
    const server = listening();
    const subscription = server.client.listen({ resourceSubscriptions: ["file:///"] });
    const stream = await server.stream(0);
    stream.acknowledge();
    await subscription;
    for (let i = 0; i < 1001; i += 1) stream.send(updated, { uri: `file:///${i}` });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.warnings).toHaveLength(1);
    const next = await (await subscription)[Symbol.asyncIterator]().next();
    expect(next.value?.params?.uri).toBe("file:///1");
  });
});
