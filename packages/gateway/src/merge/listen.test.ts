import { type JSONRPCNotification, ProtocolError } from "lutra/protocol";
import { createServer, defineResource, defineTool } from "lutra/server";
import { createManualClock } from "lutra/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  acknowledged,
  idKey,
  listenTo,
  playedUpstream,
  promptsChanged,
  toolsChanged,
  updated,
} from "./fixtures/listening.ts";
import { contextOf, fakeUpstream, keys, mergeOf, requestOf } from "./fixtures/upstreams.ts";
import { createSeals } from "./seals.ts";

const tools = { tools: { listChanged: true } };
const toolsAndPrompts = { ...tools, prompts: { listChanged: true } };
const subscribe = { resources: { subscribe: true } };
const tool = (name: string) => defineTool({ name, call: () => name });

describe("the acknowledgment of a merged subscription", () => {
  it("is the first message, with the client's subscription id and the agreed filter", async () => {
    const [a, b] = [playedUpstream("a", tools), playedUpstream("b", toolsAndPrompts)];
    const heard = listenTo(mergeOf([a, b]).serve, {
      promptsListChanged: true,
      toolsListChanged: true,
      resourcesListChanged: true,
    });
    const streamA = await a.streams.next();
    streamA.acknowledge();
    streamA.send(toolsChanged);
    expect(heard.notifications.all).toEqual([]);
    (await b.streams.next()).acknowledge();
    expect(await heard.next()).toEqual([
      acknowledged,
      { notifications: { promptsListChanged: true, toolsListChanged: true } },
    ]);
    expect(await heard.next()).toEqual([toolsChanged, {}]);
    for (const { params } of heard.notifications.all) {
      expect(params?._meta).toEqual({ [idKey]: 7 });
    }
    heard.leave();
  });

  it("waits only for upstreams that announce a requested change", async () => {
    const [a, b] = [playedUpstream("a", tools), playedUpstream("b", {})];
    const heard = listenTo(mergeOf([a, b]).serve, {
      toolsListChanged: true,
      promptsListChanged: true,
    });
    const stream = await a.streams.next();
    expect(stream.filter).toEqual({ toolsListChanged: true });
    stream.acknowledge();
    await heard.next();
    expect(b.asked("subscriptions/listen")).toEqual([]);
    heard.leave();
  });

  it("omits members that no upstream agreed to", async () => {
    const a = playedUpstream("a", toolsAndPrompts);
    const heard = listenTo(mergeOf([a]).serve, {
      toolsListChanged: true,
      promptsListChanged: true,
    });
    (await a.streams.next()).acknowledge({ promptsListChanged: true });
    expect((await heard.next())[1]).toEqual({ notifications: { promptsListChanged: true } });
    heard.leave();
  });

  it("is empty and sent at once if no upstream offers anything", async () => {
    const heard = listenTo(mergeOf([playedUpstream("a", {})]).serve, { toolsListChanged: true });
    expect((await heard.next())[1]).toEqual({ notifications: {} });
    heard.leave();
  });

  it("does not wait for a slow upstream, whose changes are announced later", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const [a, b] = [playedUpstream("a", tools), playedUpstream("b", tools)];
    const heard = listenTo(mergeOf([a, b], { gatherMs: 20 }).serve, { toolsListChanged: true });
    (await a.streams.next()).acknowledge();
    await vi.advanceTimersByTimeAsync(20);
    expect((await heard.next())[0]).toBe(acknowledged);
    (await b.streams.next()).acknowledge();
    expect(await heard.next()).toEqual([toolsChanged, {}]);
    heard.leave();
  });

  it("is not sent when no upstream answers", async () => {
    const a = playedUpstream("a", tools);
    a.isDown = true;
    const heard = listenTo(mergeOf([a]).serve, { toolsListChanged: true });
    await expect(heard.result).rejects.toMatchObject({ status: 502, data: { upstream: "a" } });
    expect(heard.notifications.all).toEqual([]);
  });

  it("is not sent when a required capability is missing", async () => {
    const [a, b] = [playedUpstream("a", tools), playedUpstream("b", tools)];
    const heard = listenTo(mergeOf([a, b]).serve, { toolsListChanged: true });
    (await a.streams.next()).acknowledge();
    const needed = new ProtocolError("missingRequiredClientCapability", "Missing");
    (await b.streams.next()).fail(needed);
    await expect(heard.result).rejects.toMatchObject({ code: -32021 });
  });

  it.each([
    ["a filter that is not an object", "tools"],
    ["resources that are not strings", { resourceSubscriptions: [1] }],
    ["more resources than a subscription may name", { resourceSubscriptions: ["a:1", "a:2"] }],
  ])("is not sent for %s", async (_what, filter) => {
    const merge = mergeOf([playedUpstream("a", tools)], { maxResourceSubscriptions: 1 });
    const heard = listenTo(merge.serve, filter as object);
    await expect(heard.result).rejects.toMatchObject({ code: -32602 });
  });
});

describe("notifications of a merged subscription", () => {
  it("of all upstreams arrive on one stream", async () => {
    const servers = ["a", "b"].map((name) =>
      createServer({ name, version: "1", tools: [tool("x")], prompts: [] }),
    );
    const merge = mergeOf(servers.map((server) => fakeUpstream(server.info.name, server)));
    const heard = listenTo(merge.serve, { toolsListChanged: true, promptsListChanged: true });
    await heard.next();
    servers[1]?.tools.add(tool("y"));
    expect(await heard.next()).toEqual([toolsChanged, {}]);
    servers[0]?.prompts.replace([]);
    expect(await heard.next()).toEqual([promptsChanged, {}]);
    heard.leave();
  });

  it("are processed by the gateway before the client receives them", async () => {
    const a = playedUpstream("a", subscribe);
    const order: unknown[] = [];
    const onChange = ({ method, params }: JSONRPCNotification) =>
      order.push([method, params?.uri, heard.notifications.all.length]);
    const heard = listenTo(mergeOf([a], { onChange }).serve, {
      resourceSubscriptions: ["a+memo:1"],
    });
    const stream = await a.streams.next();
    stream.acknowledge();
    await heard.next();
    stream.send(updated, { uri: "memo:1" });
    await heard.next();
    expect(order).toEqual([[updated, "a+memo:1", 1]]);
    heard.leave();
  });

  it("are not forwarded if they were not requested or not acknowledged", async () => {
    const a = playedUpstream("a", toolsAndPrompts);
    const merge = mergeOf([a]);
    const heard = listenTo(merge.serve, { toolsListChanged: true, promptsListChanged: true });
    const stream = await a.streams.next();
    stream.acknowledge({ toolsListChanged: true });
    await heard.next();
    stream.send(promptsChanged);
    stream.send(toolsChanged);
    expect(await heard.next()).toEqual([toolsChanged, {}]);
    expect(merge.warnings).toContain(`${promptsChanged}: not requested, ignored`);
    heard.leave();
  });

  it("contain the client's URIs, also for parts of a resource", async () => {
    const [a, b] = [playedUpstream("a", subscribe), playedUpstream("b", subscribe)];
    const heard = listenTo(mergeOf([a, b]).serve, {
      resourceSubscriptions: ["b+dir:1", "a+dir:1", "unknown:1"],
    });
    const [streamA, streamB] = [await a.streams.next(), await b.streams.next()];
    expect([streamA.filter, streamB.filter]).toEqual([
      { resourceSubscriptions: ["dir:1"] },
      { resourceSubscriptions: ["dir:1"] },
    ]);
    streamA.acknowledge();
    streamB.acknowledge();
    expect((await heard.next())[1]).toEqual({
      notifications: { resourceSubscriptions: ["b+dir:1", "a+dir:1"] },
    });
    streamB.send(updated, { uri: "dir:1" });
    streamA.send(updated, { uri: "dir:1/part" });
    expect(await heard.next()).toEqual([updated, { uri: "b+dir:1" }]);
    expect(await heard.next()).toEqual([updated, { uri: "a+dir:1/part" }]);
    heard.leave();
  });

  it("contain only ids of the client", async () => {
    const tasksId = "io.modelcontextprotocol/tasks";
    const declared = { extensions: { [tasksId]: {} } };
    const [a, b] = [playedUpstream("a", {}), playedUpstream("b", {})];
    const seals = createSeals(keys);
    const own = await seals.ids.seal({ upstream: "b", id: "task-1" }, contextOf("ada"));
    const foreign = await seals.ids.seal({ upstream: "b", id: "task-2" }, contextOf("bob"));
    const filter = { taskIds: [foreign, own] };
    const heard = listenTo(mergeOf([a, b]).serve, filter, declared);
    const stream = await b.streams.next();
    expect(stream.filter).toEqual({ taskIds: ["task-1"] });
    stream.acknowledge();
    expect((await heard.next())[1]).toEqual({ notifications: { taskIds: [own] } });
    stream.send("notifications/tasks", { taskId: "task-2", status: "working" });
    const content = [{ type: "resource_link", uri: "memo:1", name: "memo" }];
    stream.send("notifications/tasks", { taskId: "task-1", result: { content } });
    expect(await heard.next()).toEqual([
      "notifications/tasks",
      { taskId: own, result: { content: [{ ...content[0], uri: "b+memo:1" }] } },
    ]);
    heard.leave();
  });

  it("about ids require a declared extension before any stream is opened", async () => {
    const heard = listenTo(mergeOf([playedUpstream("a", {})]).serve, { taskIds: ["x"] });
    await expect(heard.result).rejects.toMatchObject({ code: -32021, status: 400 });
    expect(heard.notifications.all).toEqual([]);
  });
});

describe("an upstream whose stream breaks", () => {
  it("gets a new request, and changes that may have been missed are announced", async () => {
    const [a, b] = [playedUpstream("a", { ...tools, ...subscribe }), playedUpstream("b", tools)];
    const heard = listenTo(mergeOf([a, b]).serve, {
      toolsListChanged: true,
      resourceSubscriptions: ["a+memo:1"],
    });
    (await a.streams.next()).acknowledge();
    (await b.streams.next()).acknowledge();
    await heard.next();
    a.breakOff();
    (await a.streams.next()).acknowledge();
    expect(await heard.next()).toEqual([toolsChanged, {}]);
    expect(await heard.next()).toEqual([updated, { uri: "a+memo:1" }]);
    expect(heard.notifications.all.map(({ method }) => method)).toEqual([
      acknowledged,
      toolsChanged,
      updated,
    ]);
    heard.leave();
  });

  it("gets a new request even if it ended the stream, as replicas do on shutdown", async () => {
    const a = playedUpstream("a", tools);
    const heard = listenTo(mergeOf([a]).serve, { toolsListChanged: true });
    const first = await a.streams.next();
    first.acknowledge();
    await heard.next();
    first.end();
    (await a.streams.next()).acknowledge();
    expect(await heard.next()).toEqual([toolsChanged, {}]);
    heard.leave();
  });

  it("gets no new request if it refused the previous one", async () => {
    const [a, b] = [playedUpstream("a", tools), playedUpstream("b", tools)];
    const heard = listenTo(mergeOf([a, b]).serve, { toolsListChanged: true });
    (await a.streams.next()).fail(new ProtocolError("methodNotFound", "Method not found"));
    const stream = await b.streams.next();
    stream.acknowledge();
    await heard.next();
    stream.send(toolsChanged);
    expect(await heard.next()).toEqual([toolsChanged, {}]);
    expect(a.asked("subscriptions/listen")).toHaveLength(1);
    heard.leave();
  });

  it("may agree to less later, but never to more than was acknowledged", async () => {
    const a = playedUpstream("a", toolsAndPrompts);
    const heard = listenTo(mergeOf([a]).serve, {
      toolsListChanged: true,
      promptsListChanged: true,
    });
    (await a.streams.next()).acknowledge({ toolsListChanged: true });
    await heard.next();
    a.breakOff();
    const second = await a.streams.next();
    second.acknowledge({ promptsListChanged: true, toolsListChanged: true });
    second.send(promptsChanged);
    second.send(toolsChanged);
    expect(await heard.next()).toEqual([toolsChanged, {}]);
    heard.leave();
    const methods = heard.notifications.all.map(({ method }) => method);
    expect(methods).not.toContain(promptsChanged);
  });
});

describe("the end of a merged subscription", () => {
  const graceful = {
    resultType: "complete",
    _meta: {
      "io.modelcontextprotocol/serverInfo": { name: "merged", version: "1.0.0" },
      [idKey]: 7,
    },
  };

  it("is graceful when the gateway closes, even for later subscriptions", async () => {
    const a = playedUpstream("a", tools);
    const merge = mergeOf([a]);
    const heard = listenTo(merge.serve, { toolsListChanged: true });
    const stream = await a.streams.next();
    stream.acknowledge();
    await heard.next();
    await merge.close();
    expect(await heard.result).toEqual(graceful);
    expect(stream.signal.aborted).toBe(true);
    const late = listenTo(merge.serve, { toolsListChanged: true });
    expect(await late.result).toEqual(graceful);
    expect(await late.next()).toEqual([acknowledged, { notifications: {} }]);
  });

  it("is graceful when the gateway closes before upstreams have answered", async () => {
    const a = playedUpstream("a", tools);
    const merge = mergeOf([a]);
    const heard = listenTo(merge.serve, { toolsListChanged: true });
    await a.streams.next();
    await merge.close();
    expect(await heard.result).toEqual(graceful);
    expect(await heard.next()).toEqual([acknowledged, { notifications: {} }]);
  });

  it("ends the subscriptions to upstreams when the client disconnects", async () => {
    const [a, b] = [playedUpstream("a", tools), playedUpstream("b", tools)];
    const heard = listenTo(mergeOf([a, b]).serve, { toolsListChanged: true });
    const streams = [await a.streams.next(), await b.streams.next()];
    for (const stream of streams) stream.acknowledge();
    await heard.next();
    heard.leave();
    await expect(heard.result).rejects.toMatchObject({ reason: "aborted" });
    expect(streams.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  it("ends the subscriptions to upstreams when the client disconnects before they have answered", async () => {
    const a = playedUpstream("a", tools);
    const heard = listenTo(mergeOf([a]).serve, { toolsListChanged: true });
    const { signal } = await a.streams.next();
    heard.leave();
    await expect(heard.result).rejects.toMatchObject({ reason: "aborted" });
    expect(signal.aborted).toBe(true);
    expect(heard.notifications.all).toEqual([]);
  });

  it("is graceful if all upstreams ended their subscriptions and refuse new ones", async () => {
    const clock = createManualClock();
    const [a, b] = [playedUpstream("a", tools), playedUpstream("b", tools)];
    const merge = mergeOf([a, b], { now: clock.now });
    const heard = listenTo(merge.serve, { toolsListChanged: true });
    const streams = [await a.streams.next(), await b.streams.next()];
    for (const stream of streams) stream.acknowledge();
    await heard.next();
    streams[0]?.end();
    streams[1]?.end();
    await Promise.all([a.streams.next(), b.streams.next()]);
    clock.advance(10_000);
    a.isDown = true;
    b.isDown = true;
    a.breakOff();
    b.breakOff();
    expect(await heard.result).toEqual(graceful);
  });
});

it("a merged subscription ends gracefully when its upstreams refuse it after an interruption", async () => {
  const a = playedUpstream("a", tools);
  const heard = listenTo(mergeOf([a]).serve, { toolsListChanged: true });
  (await a.streams.next()).acknowledge();
  await heard.next();
  a.breakOff();
  (await a.streams.next()).fail(new ProtocolError("methodNotFound", "Method not found"));
  expect((await heard.result).resultType).toBe("complete");
});

describe("a slow client", () => {
  it("gets each change once, even if the change happens several times in the meantime", async () => {
    const a = playedUpstream("a", toolsAndPrompts);
    const taken: string[] = [];
    let take: () => void = () => {};
    const serve = mergeOf([a]).serve;
    const controller = new AbortController();
    const filter = { toolsListChanged: true, promptsListChanged: true };
    const result = serve(requestOf("subscriptions/listen", { notifications: filter }), {
      signal: controller.signal,
      notify: ({ method }) => {
        taken.push(method);
        return new Promise<void>((resolve) => {
          take = resolve;
        });
      },
    });
    result.catch(() => {});
    const stream = await a.streams.next();
    stream.acknowledge();
    for (let count = 0; count < 100; count += 1) {
      stream.send(toolsChanged);
      stream.send(promptsChanged);
    }
    for (let count = 0; count < 4; count += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      take();
    }
    expect(taken).toEqual([acknowledged, toolsChanged, promptsChanged]);
    controller.abort();
  });
});

it("a subscription to a listed resource uses the URI of the resource", async () => {
  const server = createServer({
    name: "a",
    version: "1",
    resources: [defineResource({ uri: "file:///x", name: "x", read: () => "x" })],
  });
  const merge = mergeOf([fakeUpstream("a", server), playedUpstream("b", subscribe)]);
  const heard = listenTo(merge.serve, { resourceSubscriptions: ["file:///x"] });
  expect((await heard.next())[1]).toEqual({
    notifications: { resourceSubscriptions: ["file:///x"] },
  });
  server.resourceUpdated("file:///x");
  expect(await heard.next()).toEqual([updated, { uri: "file:///x" }]);
  heard.leave();
});
