import { describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../protocol/errors.ts";
import type { Middleware } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { defineMethod } from "../protocol/method.ts";
import { createServer } from "./create-server.ts";
import { serveMethod } from "./dispatch.ts";
import { defineExtension, type Extension, isDeclared } from "./extension.ts";
import type { FilterMember } from "./filter-member.ts";
import { ask, contextOf } from "./fixtures/ask.ts";
import { defineTool } from "./tools.ts";

const id = "com.example/counter";
const declared = { capabilities: { extensions: { [id]: {} } } };

const count = defineMethod({
  name: "counter/count",
  params: (params: JSONObject) => params,
  result: (result) => result,
  nameField: "counterId",
});
const counter = defineExtension({
  id,
  settings: { max: 10 },
  methods: [serveMethod(count, ({ counterId }) => ({ counted: counterId }))],
});

const base = {
  name: "test",
  version: "1",
  tools: [defineTool({ name: "t", call: () => "plain" })],
};
const serverOf = (...extensions: readonly Extension[]) => createServer({ ...base, extensions });

describe("basic/versioning#extension-negotiation", () => {
  it("an extension is off until it is listed", async () => {
    const server = serverOf();
    await expect(ask(server, "counter/count", {}, declared)).rejects.toMatchObject({
      code: -32601,
    });
    const { capabilities } = await ask(server, "server/discover");
    expect(capabilities).not.toHaveProperty("extensions");
  });

  it("is advertised in the extensions field of capabilities, with its settings", async () => {
    const plain = defineExtension({ id: "com.example/plain" });
    const { capabilities } = await ask(serverOf(counter, plain), "server/discover");
    expect(capabilities).toMatchObject({
      extensions: { [id]: { max: 10 }, "com.example/plain": {} },
    });
  });

  it("its methods are answered for clients that declared it", async () => {
    const result = await ask(serverOf(counter), "counter/count", { counterId: "c" }, declared);
    expect(result).toMatchObject({ counted: "c" });
  });

  it("its results have a resultType and serverInfo like all others", async () => {
    const result = await ask(serverOf(counter), "counter/count", {}, declared);
    expect(result).toMatchObject({
      resultType: "complete",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "test", version: "1" } },
    });
    const own = defineExtension({
      id,
      methods: [serveMethod(count, () => ({ resultType: "counting", _meta: { "a.b/c": 1 } }))],
    });
    expect(await ask(serverOf(own), "counter/count", {}, declared)).toMatchObject({
      resultType: "counting",
      _meta: { "a.b/c": 1, "io.modelcontextprotocol/serverInfo": { name: "test" } },
    });
  });

  it.each<[string, JSONObject]>([
    ["nothing", {}],
    ["another extension", { extensions: { "com.example/other": {} } }],
  ])(
    "the request is rejected with -32021 where the client declared %s",
    async (_what, capabilities) => {
      const answer = ask(serverOf(counter), "counter/count", {}, { capabilities });
      await expect(answer).rejects.toMatchObject({
        code: -32021,
        status: 400,
        data: { requiredCapabilities: { extensions: { [id]: {} } } },
      });
    },
  );

  it("its nameField is checked against Mcp-Name, without a line about it elsewhere", async () => {
    const headers = (name?: string) => ({
      ...declared,
      header: (header: string) =>
        ({
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "counter/count",
          "mcp-name": name,
        })[header],
    });
    const server = serverOf(counter);
    const params = { counterId: "c" };
    await expect(ask(server, "counter/count", params, headers("c"))).resolves.toBeDefined();
    for (const name of [undefined, "d"]) {
      const answer = ask(server, "counter/count", params, headers(name));
      await expect(answer).rejects.toMatchObject({ code: -32020 });
    }
  });

  it("reverts to core behaviour where only the server has it", async () => {
    const middleware: Middleware = (next) => async (request, context) =>
      isDeclared(context, id) ? { resultType: "task" } : next(request, context);
    const server = serverOf(defineExtension({ id, middleware }));
    expect(await ask(server, "tools/call", { name: "t" }, declared)).toEqual({
      resultType: "task",
    });
    expect(await ask(server, "tools/call", { name: "t" })).toMatchObject({
      resultType: "complete",
    });
  });

  it("is declared by its own name only", () => {
    const meta = { version: "2026-07-28", capabilities: { extensions: { [id]: {} } } };
    const context = { ...contextOf(), meta };
    expect(isDeclared(context, id)).toBe(true);
    expect(isDeclared(context, "com.example/other")).toBe(false);
    expect(isDeclared(context, "constructor")).toBe(false);
    expect(isDeclared(contextOf(), id)).toBe(false);
  });
});

describe("an extension that makes no sense is a TypeError at once", () => {
  it.each(["counter", "", "com.example/", "com example/x", "/x", "-a.b/x"])("the id %j", (bad) => {
    expect(() => defineExtension({ id: bad })).toThrow(TypeError);
    expect(() => serverOf({ id: bad })).toThrow(TypeError);
  });

  it.each(["tools/list", "tools/call", "server/discover", "subscriptions/listen"])(
    "a method of the core protocol: %s",
    (name) => {
      const method = { ...count, name };
      const clash = { id, methods: [serveMethod(method, () => ({}))] };
      expect(() => serverOf(clash)).toThrow(/served twice/);
    },
  );

  it("a method of another extension", () => {
    const other = { ...counter, id: "com.example/other" };
    expect(() => serverOf(counter, other)).toThrow(/served twice/);
  });
});

describe("the order of middleware", () => {
  it("is that of the server, then of the extensions in their order", async () => {
    const order: string[] = [];
    const mark =
      (name: string): Middleware =>
      (next) =>
      (request, context) => {
        order.push(name);
        return next(request, context);
      };
    const server = createServer({
      ...base,
      middleware: [mark("server")],
      extensions: [
        { id: "com.example/a", middleware: mark("a") },
        { id: "com.example/none" },
        { id: "com.example/b", middleware: mark("b") },
      ],
    });
    await ask(server, "tools/list");
    expect(order).toEqual(["server", "a", "b"]);
  });
});

describe("what an extension may add to its server", () => {
  const wrapping = (name: string): Extension => ({
    id: `com.example/${name}`,
    install: ({ info, tool }) => ({
      answerToolCall: (next) => async (call) => {
        const result = await next(call);
        const known = tool(call.definition.name)?.definition === call.definition;
        return { ...result, [name]: [info.name, known] };
      },
    }),
  });

  it("answerToolCall wraps a call that has passed its checks, the first extension outermost", async () => {
    const server = serverOf(wrapping("a"), wrapping("b"));
    const params = { name: "t", arguments: {} };
    const result = await ask(server, "tools/call", params);
    expect(Object.keys(result).slice(-2)).toEqual(["b", "a"]);
    expect(result).toMatchObject({ content: [{ text: "plain" }], a: ["test", true] });
    const refused = await ask(server, "tools/call", { ...params, arguments: { x: 1 } });
    expect(refused).toMatchObject({ isError: true });
    expect(refused).not.toHaveProperty("a");
  });

  it("checks the capabilities that settings require before the arguments", async () => {
    const requiring: Extension = {
      id,
      toolRequirements: ({ name }) => (name === "t" ? { extensions: { [id]: {} } } : undefined),
    };
    const params = { name: "t", arguments: { x: 1 } };
    await expect(ask(serverOf(requiring), "tools/call", params)).rejects.toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { [id]: {} } } },
    });
    const bad: Extension = {
      id,
      toolRequirements: () => {
        throw new TypeError("counter: expected a number");
      },
    };
    expect(() => serverOf(bad)).toThrow("tool t: counter: expected a number");
  });

  it("settings of tools that extensions read are not shown", async () => {
    const tool = { name: "t", description: "d", call: () => "", counter: { secret: 1 } };
    const extensions = [{ id, toolSettings: ["counter"] }];
    const server = createServer({ ...base, tools: [tool], extensions });
    const { tools } = await ask(server, "tools/list");
    expect(tools).toEqual([
      { name: "t", description: "d", inputSchema: { type: "object", additionalProperties: false } },
    ]);
  });

  it("share and close reach it", async () => {
    const heard: unknown[] = [];
    const sharing: Extension = {
      id,
      share: ({ replicas }) => void heard.push(replicas),
      close: () => void heard.push("closed"),
    };
    const server = serverOf(sharing);
    server.share({ replicas: 1 });
    await server.close();
    expect(heard).toEqual([1, "closed"]);
  });

  it("a member of the filter is acknowledged first, then started, and stopped at the end", async () => {
    const events: string[] = [];
    const member = (name: string, fails = false): FilterMember => ({
      name,
      accept: async (wanted, _context, send) => {
        if (fails) throw new ProtocolError("invalidParams", `${name}: no`);
        if (wanted === "nothing") return undefined;
        return {
          value: wanted,
          start: () => {
            events.push(`start ${name}`);
            send("notifications/counter", { n: 1 });
          },
          stop: () => void events.push(`stop ${name}`),
        };
      },
    });
    const server = serverOf({ id, filters: [member("a"), member("b"), member("c", true)] });
    const controller = new AbortController();
    const notifications: JSONRPCNotification[] = [];
    const options = { ...declared, id: 7, signal: controller.signal, notifications };
    const wanted = { a: [1], b: "nothing", unknown: true };
    const result = ask(server, "subscriptions/listen", { notifications: wanted }, options);
    result.catch(() => {});
    await vi.waitUntil(() => notifications.length === 2);
    const _meta = { "io.modelcontextprotocol/subscriptionId": 7 };
    expect(notifications.map(({ params }) => params)).toEqual([
      { notifications: { a: [1] }, _meta },
      { n: 1, _meta },
    ]);
    controller.abort();
    await expect(result).rejects.toMatchObject({ reason: "aborted" });
    expect(events).toEqual(["start a", "stop a"]);

    const refused = ask(
      server,
      "subscriptions/listen",
      { notifications: { a: 1, c: 1 } },
      declared,
    );
    await expect(refused).rejects.toMatchObject({ code: -32602 });
    expect(events).toEqual(["start a", "stop a", "stop a"]);
    const undeclared = ask(server, "subscriptions/listen", { notifications: { a: 1 } });
    await expect(undeclared).rejects.toMatchObject({ code: -32021 });
  });
});
