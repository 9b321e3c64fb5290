import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Serve } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { createServer } from "../server/create-server.ts";
import type { HandlerContext } from "../server/handler/handler-context.ts";
import { inputRequired } from "../server/results.ts";
import { defineTool } from "../server/tools.ts";
import { type LegacyCall, serveLegacy } from "./serve-legacy.ts";
import { createSession } from "./session.ts";

const session = createSession(
  {
    version: "2025-06-18",
    capabilities: { roots: {}, elicitation: {} },
    clientInfo: { name: "n", version: "1" },
  },
  Number.POSITIVE_INFINITY,
);
const request = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "x" } } as const;
const roots = { method: "roots/list" };
const asking = (inputRequests?: JSONObject, requestState?: string): Result => ({
  resultType: "input_required",
  ...(inputRequests && { inputRequests }),
  ...(requestState && { requestState }),
});

/** Serves a request with these results, one for each execution. */
function run(results: readonly Result[], options: Partial<LegacyCall> & { params?: object } = {}) {
  const received: JSONRPCRequest[] = [];
  const serve: Serve = async (one) => {
    received.push(one);
    return results[received.length - 1] ?? { resultType: "complete", content: [] };
  };
  const { params, ...call } = options;
  const result = serveLegacy(
    serve,
    { ...request, ...(params && { params: params as never }) },
    {
      session,
      level: "warning",
      notify: () => {},
      contextFor: (notify) => ({ signal: new AbortController().signal, notify }),
      ask: async () => ({ roots: [] }),
      ...call,
    },
  );
  return { received, result };
}

describe("serveLegacy", () => {
  it("sends what the current revision requires, and initialize has said once", async () => {
    const params = {
      name: "x",
      _meta: { progressToken: 1, "io.modelcontextprotocol/logLevel": "x" },
    };
    const { received, result } = run([], { params });
    expect(await result).toEqual({ content: [] });
    expect(received).toEqual([
      {
        ...request,
        params: {
          name: "x",
          _meta: {
            progressToken: 1,
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": { roots: {}, elicitation: {} },
            "io.modelcontextprotocol/clientInfo": { name: "n", version: "1" },
            "io.modelcontextprotocol/logLevel": "warning",
          },
        },
      },
    ]);
  });

  it("asks for all inputs at once, and retries with the answers and the state", async () => {
    const asked: unknown[] = [];
    const ask = vi.fn(async (live: unknown) => {
      asked.push(live);
      return { roots: [] };
    });
    const { received, result } = run([asking({ a: roots, b: roots }, "s1"), asking({ c: roots })], {
      ask,
    });
    await result;
    expect(asked).toHaveLength(3);
    expect(received.map(({ params }) => [params?.inputResponses, params?.requestState])).toEqual([
      [undefined, undefined],
      [{ a: { roots: [] }, b: { roots: [] } }, "s1"],
      [{ c: { roots: [] } }, undefined],
    ]);
  });

  it("does not pass on answers and states that the client makes up", async () => {
    const params = { name: "x", inputResponses: { a: { roots: [] } }, requestState: "forged" };
    const { received, result } = run([], { params });
    await result;
    expect(received[0]?.params).not.toHaveProperty("inputResponses");
    expect(received[0]?.params).not.toHaveProperty("requestState");
  });

  it("fails when an answer has another shape", async () => {
    const { result } = run([asking({ a: roots })], { ask: async () => ({ action: "accept" }) });
    await expect(result).rejects.toThrow("The client answered roots/list with no valid result");
  });

  it("fails after 100 executions", async () => {
    const { received, result } = run(Array(200).fill(asking({ a: roots })));
    await expect(result).rejects.toThrow("needs input after 100 rounds");
    expect(received).toHaveLength(101);
  });

  it.each(["initialize", "server/discover", "subscriptions/listen", "tasks/get", "__proto__"])(
    "refuses %s, and names the revision",
    async (method) => {
      const serve = vi.fn<Serve>();
      const call = { session, level: "info", ask: vi.fn() } as unknown as LegacyCall;
      await expect(serveLegacy(serve, { ...request, method }, call)).rejects.toMatchObject({
        code: -32601,
        message: `Method not found in MCP 2025-06-18: ${method}`,
      });
      expect(serve).not.toHaveBeenCalled();
    },
  );
});

describe("equal log messages before and after a question", () => {
  const elicit = { message: "?", requestedSchema: { type: "object", properties: {} } } as const;
  const say = (context: HandlerContext) => context.log("info", "x");

  it.each<[string, (context: HandlerContext) => unknown]>([
    [
      "of a handler",
      async (context) => {
        await say(context);
        await context.elicit("q", elicit);
        await say(context);
      },
    ],
    [
      "of a step, and of its handler",
      async (context) => {
        await context.step("s", () => say(context));
        await context.elicit("q", elicit);
        await say(context);
      },
    ],
    [
      "of a handler that has asked already",
      async (context) => {
        const answer = context.elicit("q", elicit);
        await say(context);
        await answer;
        await say(context);
      },
    ],
    [
      "of a handler that continues from a state",
      async (context) => {
        await say(context);
        const inputRequests = { q: { method: "elicitation/create", params: elicit } } as const;
        if (context.state === undefined) return inputRequired({ inputRequests, state: "asked" });
      },
    ],
  ])("are sent once each: %s", async (_what, handler) => {
    const call = async (_args: unknown, context: HandlerContext) =>
      (await handler(context)) ?? "ok";
    const tools = [defineTool({ name: "x", call: call as never })];
    const server = createServer({ name: "s", version: "1", logging: true, tools });
    const notify = vi.fn();
    const result = await serveLegacy(server.serve, request, {
      session,
      level: "info",
      notify,
      contextFor: (own) => ({ signal: new AbortController().signal, notify: own }),
      ask: async () => ({ action: "accept", content: {} }),
    });
    expect(result).toEqual({ content: [{ type: "text", text: "ok" }] });
    expect(notify).toHaveBeenCalledTimes(2);
  });
});

describe("a server that only wants its state returned", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is asked again after a pause", async () => {
    const { received, result } = run([asking(undefined, "s1"), asking(undefined, "s2")]);
    await vi.advanceTimersByTimeAsync(0);
    expect(received).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(received.map(({ params }) => params?.requestState)).toEqual([undefined, "s1", "s2"]);
    await result;
  });

  it("is not asked again when the request is aborted", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const contextFor: LegacyCall["contextFor"] = (notify) => ({ signal, notify });
    const { received, result } = run([asking(undefined, "s1")], { contextFor });
    await vi.advanceTimersByTimeAsync(0);
    controller.abort();
    await expect(result).rejects.toThrow();
    expect([received.length, vi.getTimerCount()]).toEqual([1, 0]);
  });
});
