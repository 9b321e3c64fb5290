import { createServer, defineTool } from "lutra/server";
import { describe, expect, it } from "vitest";
import {
  acknowledged,
  idKey,
  listenTo,
  playedUpstream,
  toolsChanged,
} from "./fixtures/listening.ts";
import { contextOf, fakeUpstream, requestOf } from "./fixtures/upstreams.ts";
import { createRelay } from "./relay.ts";

const options = { pace: { baseMs: 1, maxMs: 1 }, random: () => 0, onWarning: () => {} };
const tools = { tools: { listChanged: true } };

describe("a relay", () => {
  it("forwards requests, contexts and results unchanged", async () => {
    const server = createServer({
      name: "a",
      version: "1",
      tools: [defineTool({ name: "x", call: () => "x" })],
    });
    const upstream = fakeUpstream("a", server);
    const request = requestOf("tools/list");
    const context = contextOf("ada");
    const result = await createRelay(upstream).serve(request, context);
    expect(upstream.requests[0]).toBe(request);
    expect(upstream.contexts[0]).toBe(context);
    expect(result).toBe(await server.serve(request, context));
  });

  it("forwards filters, URIs and notifications unchanged, with the client's subscription id", async () => {
    const a = playedUpstream("a", tools);
    const filter = { toolsListChanged: true, "com.example/x": { y: 1 }, taskIds: ["t"] };
    const heard = listenTo(createRelay(a, options).serve, filter);
    const stream = await a.streams.next();
    expect(stream.filter).toEqual(filter);
    stream.acknowledge();
    expect(await heard.next()).toEqual([acknowledged, { notifications: filter }]);
    stream.send("notifications/tasks", { taskId: "t" });
    expect(await heard.next()).toEqual(["notifications/tasks", { taskId: "t" }]);
    expect(heard.notifications.all[1]?.params?._meta).toEqual({ [idKey]: 7 });
    heard.leave();
  });

  it("opens a subscription again when a replica dies", async () => {
    const a = playedUpstream("a", tools);
    const heard = listenTo(createRelay(a, options).serve, { toolsListChanged: true });
    (await a.streams.next()).acknowledge();
    await heard.next();
    a.breakOff();
    (await a.streams.next()).acknowledge();
    expect(await heard.next()).toEqual([toolsChanged, {}]);
    heard.leave();
  });

  it("ends subscriptions gracefully when it closes, without the gateway's metadata", async () => {
    const a = playedUpstream("a", tools);
    const relay = createRelay(a, options);
    const heard = listenTo(relay.serve, { toolsListChanged: true });
    (await a.streams.next()).acknowledge();
    await heard.next();
    await relay.close();
    expect(await heard.result).toEqual({ resultType: "complete", _meta: { [idKey]: 7 } });
  });

  it("forwards the error of an upstream that refuses a subscription", async () => {
    const server = createServer({ name: "a", version: "1" });
    const relay = createRelay(fakeUpstream("a", server), options);
    await expect(listenTo(relay.serve, "none" as never).result).rejects.toMatchObject({
      code: -32602,
    });
  });

  it.each([
    ["an acknowledgment too late", 504, 20, () => {}],
    [
      "a notification before it",
      502,
      60_000,
      (stream: { send: (m: string) => void }) => stream.send(toolsChanged),
    ],
    ["an end without one", 502, 60_000, (stream: { end: () => void }) => stream.end()],
  ])("treats %s as a broken stream", async (_what, status, acknowledgeMs, play) => {
    const a = playedUpstream("a", tools);
    const relay = createRelay(a, { ...options, acknowledgeMs });
    const heard = listenTo(relay.serve, { toolsListChanged: true });
    play((await a.streams.next()) as never);
    await expect(heard.result).rejects.toMatchObject({ code: -32603, status });
  });
});
