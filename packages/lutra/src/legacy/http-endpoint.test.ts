import { describe, expect, it, vi } from "vitest";
import type { Serve } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import { createServer } from "../server/create-server.ts";
import { createSealer, randomKeys } from "../server/seal.ts";
import type { SessionState } from "../server/session-state.ts";
import { defineTool } from "../server/tools.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { createMemoryHandleStore } from "../stores/memory-handle-store.ts";
import type { LegacyExchange, LegacyResponse } from "../transport/http/legacy-hook.ts";
import { LegacyHttpEndpoint } from "./http-endpoint.ts";

const versions = ["2025-11-25"];
const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: { elicitation: {} }, clientInfo: {} },
};
const ping = { jsonrpc: "2.0", id: 2, method: "ping" };

/** One HTTP request, whose response the test reads. */
function createExchange(headers: { readonly [name: string]: string } = {}) {
  const responses: LegacyResponse[] = [];
  const texts: string[] = [];
  const onGone: (() => void)[] = [];
  const exchange: LegacyExchange = {
    target: "/mcp",
    header: (name) => headers[name],
    principal: undefined,
    address: undefined,
    respond: (response) => void responses.push(response),
    stream: (onClose) => {
      const end = () => {
        texts.push("end");
        onClose(true);
      };
      onGone.push(() => onClose(false));
      return { write: (text) => void texts.push(text), end };
    },
    isGone: () => false,
    onGone: (callback) => void onGone.push(callback),
  };
  const leave = () => {
    for (const callback of onGone) callback();
  };
  return { exchange, responses, texts, leave, isWatched: () => onGone.length > 0 };
}

function create(serve: Serve, { handles = createMemoryHandleStore({}), ttlMs = 1000 } = {}) {
  const sealer = createSealer(randomKeys());
  const errors: unknown[] = [];
  const clock = { now: 0 };
  const sessions: SessionState = { sealer: () => sealer, events: createMemoryEventBus(), handles };
  const endpoint = new LegacyHttpEndpoint(
    { serve, sessions },
    {
      versions,
      sessionTtlMs: ttlMs,
      now: () => clock.now,
      onError: (error) => errors.push(error),
    },
  );
  const open = async () => {
    const { exchange, responses } = createExchange();
    await endpoint.post(initialize, exchange);
    return { "mcp-session-id": responses[0]?.headers?.["mcp-session-id"] ?? "" };
  };
  return { endpoint, errors, clock, open };
}

const wait = vi.fn();
const { serve } = createServer({
  name: "test",
  version: "1",
  onError: () => {},
  tools: [
    defineTool({
      name: "wait",
      call: async (_args, { signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        wait();
        return "aborted";
      },
    }),
  ],
});

describe("2025-11-25/basic/transports#session-management", () => {
  it("a session that has expired MUST get 404", async () => {
    const { endpoint, clock, open } = create(serve);
    const headers = await open();
    clock.now = 1000;
    const { exchange, responses } = createExchange(headers);
    await endpoint.post(ping, exchange);
    expect(responses[0]).toMatchObject({ status: 404 });
  });

  it("a session of a version that is no longer served MUST get 404", async () => {
    const { endpoint, open } = create(serve);
    const headers = await open();
    versions.splice(0, 1, "2025-06-18");
    const { exchange, responses } = createExchange(headers);
    await endpoint.post(ping, exchange);
    versions.splice(0, 1, "2025-11-25");
    expect(responses[0]).toMatchObject({ status: 404 });
  });
});

describe("LegacyHttpEndpoint", () => {
  it("aborts the call of a client that leaves before the first event", async () => {
    wait.mockClear();
    const { endpoint, open } = create(serve);
    const { exchange, leave, isWatched } = createExchange(await open());
    const call = { ...ping, method: "tools/call", params: { name: "wait", arguments: {} } };
    const posted = endpoint.post(call, exchange);
    await vi.waitFor(() => expect(isWatched()).toBe(true));
    leave();
    await posted;
    expect(wait).toHaveBeenCalledTimes(1);
  });

  it("responds to a failing server with a masked error, and reports it", async () => {
    const failure = new Error("the secret");
    const { endpoint, errors, open } = create((request, context) =>
      request.method === "server/discover" ? serve(request, context) : Promise.reject(failure),
    );
    const { exchange, responses } = createExchange(await open());
    await endpoint.post({ ...ping, method: "tools/list" }, exchange);
    expect(responses[0]?.status).toBe(200);
    expect(JSON.parse(responses[0]?.json ?? "")).toMatchObject({ error: { code: -32603 } });
    expect(responses[0]?.json).not.toContain("secret");
    expect(errors).toEqual([failure]);
  });

  it("does not open a session at a server that fails", async () => {
    const { endpoint, errors } = create(() => Promise.reject(new Error("the secret")));
    const { exchange, responses } = createExchange();
    await endpoint.post(initialize, exchange);
    expect(responses[0]?.headers).toBeUndefined();
    expect(responses[0]?.json).not.toContain("secret");
    expect(errors).toHaveLength(1);
  });

  it("reports a store that fails, once with a status and once with the end of the stream", async () => {
    let failures = 0;
    const store = createMemoryHandleStore({});
    const handles: HandleStore = {
      ...store,
      isShared: true,
      get: async (scope, id) => {
        failures -= 1;
        if (failures === 0) throw new Error("the store is down");
        return store.get(scope, id);
      },
    };
    const { endpoint, errors, open } = create(serve, { handles });
    const headers = await open();
    failures = 1;
    const first = createExchange(headers);
    await endpoint.get(first.exchange);
    expect(first.responses).toMatchObject([
      { status: 200, json: expect.stringContaining("-32603") },
    ]);
    expect(errors).toHaveLength(1);
    failures = 0;
    const second = createExchange(headers);
    await endpoint.get(second.exchange);
    expect([second.responses, second.texts.length]).toEqual([[], 1]);
  });

  it.each([
    [{ id: "x", result: {} }, 400],
    [{ method: "notifications/unknown" }, 400],
    [{ jsonrpc: "2.0", method: "notifications/unknown" }, 202],
    [{ jsonrpc: "2.0", method: "initialize" }, 202],
    [{}, 400],
    ["x", 400],
  ])("responds to %j with %i", async (message, status) => {
    const { endpoint, open } = create(serve);
    const { exchange, responses } = createExchange(await open());
    await endpoint.post(message, exchange);
    expect(responses.map((response) => response.status)).toEqual([status]);
  });

  it("responds once, whatever the request is", async () => {
    const { endpoint, open } = create(serve);
    const headers = await open();
    const odd: unknown[] = [
      null,
      undefined,
      [],
      [[]],
      { jsonrpc: "2.0", id: {}, method: "ping" },
      { jsonrpc: "2.0", id: 1, method: "ping", params: [] },
      { jsonrpc: "2.0", id: 1, method: 1 },
      JSON.parse('{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"__proto__":{"x":1}}}'),
      {
        jsonrpc: "2.0",
        id: 1,
        method: "tools/list",
        params: { _meta: 1 } as unknown as JSONObject,
      },
    ];
    for (const message of odd) {
      const { exchange, responses } = createExchange(headers);
      await endpoint.post(message, exchange);
      expect(responses).toHaveLength(1);
    }
  });
});
