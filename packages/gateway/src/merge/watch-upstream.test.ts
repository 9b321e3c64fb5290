import { type ListChanged, ProtocolError } from "lutra/protocol";
import { createServer, defineTool } from "lutra/server";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Arrivals, playedUpstream, promptsChanged } from "./fixtures/listening.ts";
import { fakeUpstream } from "./fixtures/upstreams.ts";
import { type Watch, watchUpstream } from "./watch-upstream.ts";

const watches: Watch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
});

function watch(upstream: Parameters<typeof watchUpstream>[0]): Arrivals<ListChanged> {
  const changes = new Arrivals<ListChanged>();
  const options = {
    clientInfo: { name: "gateway", version: "1" },
    pace: { baseMs: 1, maxMs: 1 },
    random: () => 0,
  };
  watches.push(watchUpstream(upstream, (change) => changes.add(change), options));
  return changes;
}

describe("the watch of an upstream", () => {
  it("reports its changes", async () => {
    const server = createServer({ name: "a", version: "1", tools: [] });
    const upstream = fakeUpstream("a", server);
    const listening = new Promise<void>((resolve) => {
      const { serve } = server;
      Object.assign(server, {
        serve: (...[request, context]: Parameters<typeof serve>) => {
          if (request.method === "subscriptions/listen") setImmediate(resolve);
          return serve(request, context);
        },
      });
    });
    const changes = watch(upstream);
    await listening;
    server.tools.add(defineTool({ name: "x", call: () => "x" }));
    expect(await changes.next()).toBe("toolsListChanged");
  });

  it("identifies the gateway, and requests the announced changes", async () => {
    const a = playedUpstream("a", { tools: { listChanged: true }, prompts: {} });
    watch(a);
    const { request } = await a.streams.next();
    expect(request.params).toEqual({
      notifications: { toolsListChanged: true },
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "gateway", version: "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    });
  });

  it("sends no subscription to an upstream that announces nothing", async () => {
    const a = playedUpstream("a", { tools: {} });
    watch(a);
    await new Promise((resolve) => setImmediate(resolve));
    expect(a.requests.map(({ method }) => method)).toEqual(["server/discover"]);
  });

  it("starts once the upstream is reachable", async () => {
    const a = playedUpstream("a", { tools: { listChanged: true } });
    a.isDown = true;
    watch(a);
    await new Promise((resolve) => setImmediate(resolve));
    a.isDown = false;
    expect((await a.streams.next()).filter).toEqual({ toolsListChanged: true });
  });

  it.each(["server/discover", "subscriptions/listen"])(
    "lets an upstream that is busy have the time that it asks for: %s",
    async (busy) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      onTestFinished(() => void vi.useRealTimers());
      const server = createServer({ name: "a", version: "1", tools: [] });
      let refusals = 0;
      const upstream = fakeUpstream("a", {
        serve: (request, context) => {
          if (request.method !== busy) return server.serve(request, context);
          refusals += 1;
          const options = { status: 503, retryAfterMs: 20_000 };
          throw new ProtocolError("internalError", "busy", options);
        },
      });
      watch(upstream);
      await vi.advanceTimersByTimeAsync(19_000);
      expect(refusals).toBe(1);
      await vi.advanceTimersByTimeAsync(2000);
      expect(refusals).toBe(2);
    },
  );

  it("reports every list as changed after an interruption", async () => {
    const a = playedUpstream("a", {
      tools: { listChanged: true },
      prompts: { listChanged: true },
    });
    const changes = watch(a);
    const first = await a.streams.next();
    first.acknowledge();
    first.send(promptsChanged);
    expect(await changes.next()).toBe("promptsListChanged");
    a.breakOff();
    (await a.streams.next()).acknowledge();
    expect([await changes.next(), await changes.next()]).toEqual([
      "toolsListChanged",
      "promptsListChanged",
    ]);
  });

  it("ends when it is closed", async () => {
    const a = playedUpstream("a", { tools: { listChanged: true } });
    watch(a);
    const { signal } = await a.streams.next();
    watches[0]?.close();
    expect(signal.aborted).toBe(true);
  });
});
