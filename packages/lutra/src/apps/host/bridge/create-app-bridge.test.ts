import { describe, expect, it, vi } from "vitest";
import { createClient } from "../../../client/node.ts";
import { ProtocolError } from "../../../protocol/errors.ts";
import { createServer } from "../../../server/create-server.ts";
import { defineResource } from "../../../server/resources.ts";
import { defineTool } from "../../../server/tools.ts";
import { connectFakeView, shownTool } from "../fixtures/fake-view.ts";
import { createAppBridge } from "./create-app-bridge.ts";

const echo = defineTool({
  name: "echo",
  inputSchema: { type: "object", properties: { text: { type: "string" } } },
  call: (args, context) => JSON.stringify({ args, meta: Object.keys(context.meta).sort() }),
});
const forModel = defineTool({
  name: "for_model",
  _meta: { ui: { visibility: ["model"] } },
  call: () => "no",
});
const server = { tools: [echo, forModel] };

const input = "ui/notifications/tool-input";
const result = "ui/notifications/tool-result";

describe("the handshake", () => {
  it("declares what the host offers", async () => {
    const { initialize } = connectFakeView(server, {
      onOpenLink: () => {},
      onLog: () => {},
      context: { theme: "dark" },
      hostInfo: { name: "host", version: "2.0.0" },
      sandbox: { csp: { connectDomains: ["https://a.example"] } },
    });
    expect((await initialize()).result).toEqual({
      protocolVersion: "2026-01-26",
      hostInfo: { name: "host", version: "2.0.0" },
      hostCapabilities: {
        serverTools: { listChanged: true },
        serverResources: { listChanged: true },
        openLinks: {},
        logging: {},
        sandbox: { csp: { connectDomains: ["https://a.example"] } },
      },
      hostContext: { toolInfo: { tool: shownTool }, theme: "dark" },
    });
  });

  it("offers its own revision to a view of another one", async () => {
    const { request } = connectFakeView();
    const appInfo = { name: "view", version: "1.0.0" };
    const params = { appInfo, appCapabilities: {}, protocolVersion: "2031-01-01" };
    const { result } = await request("ui/initialize", params, 0);
    expect(result).toMatchObject({ protocolVersion: "2026-01-26" });
  });

  it("fails for malformed parameters", async () => {
    const { request } = connectFakeView();
    expect(await request("ui/initialize", {})).toMatchObject({
      error: { code: -32602, message: "params.appInfo: expected an object" },
    });
  });

  it("resolves when the view has initialized", async () => {
    const { bridge, initialize } = connectFakeView();
    await initialize({ availableDisplayModes: ["inline"] });
    await bridge.initialized;
    expect(bridge.appCapabilities()).toEqual({ availableDisplayModes: ["inline"] });
    expect(bridge.supportsDisplayMode("pip")).toBe(false);
  });

  it("rejects when the bridge is closed before", async () => {
    const { bridge } = connectFakeView();
    bridge.close();
    await expect(bridge.initialized).rejects.toMatchObject({ reason: "closed" });
  });
});

describe("the tool call of a view", () => {
  it("reaches it in order, whatever the order in which it is known", async () => {
    const { bridge, initialize, received } = connectFakeView();
    bridge.partialInput({ a: 1 });
    bridge.partialInput({ a: 2 });
    bridge.result({ content: [], resultType: "complete" });
    bridge.input({ a: 3 });
    expect(received).toEqual([]);
    await initialize();
    expect(received.slice(1).map(({ method, params }) => [method, params])).toEqual([
      [input, { arguments: { a: 3 } }],
      [result, { content: [] }],
    ]);
  });

  it("reaches a view that is ready as it becomes known", async () => {
    const { bridge, initialize, paramsOf, received } = connectFakeView();
    await initialize();
    bridge.partialInput({ a: 1 });
    bridge.partialInput({ a: 2 });
    bridge.input({ a: 3 });
    bridge.cancelled("by the user");
    expect(received.slice(1).map(({ method }) => method)).toEqual([
      "ui/notifications/tool-input-partial",
      "ui/notifications/tool-input-partial",
      input,
      "ui/notifications/tool-cancelled",
    ]);
    expect(paramsOf("ui/notifications/tool-cancelled")).toEqual([{ reason: "by the user" }]);
  });

  it("waits for the arguments", async () => {
    const { bridge, initialize, paramsOf } = connectFakeView();
    await initialize();
    bridge.result({ content: [] });
    expect(paramsOf(result)).toEqual([]);
    bridge.input({});
    expect(paramsOf(result)).toEqual([{ content: [] }]);
  });

  it("reaches a page that was loaded again", async () => {
    const { bridge, initialize, paramsOf } = connectFakeView();
    await initialize();
    bridge.input({ a: 1 });
    const again = initialize();
    bridge.result({ content: [] });
    await again;
    expect(paramsOf(input)).toHaveLength(2);
    expect(paramsOf(result)).toHaveLength(1);
  });

  it("has one input and one outcome", () => {
    const { bridge } = connectFakeView();
    bridge.input({});
    expect(() => bridge.input({})).toThrow("input: expected one call");
    expect(() => bridge.partialInput({})).toThrow("expected no call after input");
    bridge.cancelled();
    expect(() => bridge.result({ content: [] })).toThrow("the call already has an outcome");
  });
});

describe("a request of a view to its server", () => {
  it("is sent with the protocol fields of the client, and without those of the view", async () => {
    const { initialize, request } = connectFakeView(server);
    await initialize();
    const _meta = { "io.modelcontextprotocol/clientInfo": { name: "forged" }, "example/key": 1 };
    const params = { name: "echo", arguments: { text: "hi" }, _meta };
    const { result } = await request("tools/call", params);
    const [{ text }] = (result as { content: [{ text: string }] }).content;
    expect(JSON.parse(text)).toEqual({
      args: { text: "hi" },
      meta: [
        "example/key",
        "io.modelcontextprotocol/clientCapabilities",
        "io.modelcontextprotocol/clientInfo",
        "io.modelcontextprotocol/protocolVersion",
      ],
    });
    expect(result).not.toHaveProperty("resultType");
  });

  it.each([
    ["a tool for the model", "for_model", 4003, "Tool for_model: expected one that apps may call"],
    ["a tool that is not listed", "other", -32602, "Unknown tool: other"],
  ])("is refused for %s", async (_, name, code, message) => {
    const { initialize, request } = connectFakeView(server);
    await initialize();
    expect(await request("tools/call", { name })).toMatchObject({ error: { code, message } });
  });

  it("is refused for a tool of another server behind the same gateway", async () => {
    const of = (name: string, upstream: string) =>
      defineTool({ name, _meta: { "dev.lutra/upstream": upstream }, call: () => name });
    const tools = [of("own", "maps"), of("other", "mail")];
    const tool = { ...shownTool, _meta: { "dev.lutra/upstream": "maps" } };
    const { initialize, request } = connectFakeView({ tools }, { tool });
    await initialize();
    expect(await request("tools/call", { name: "own" })).toHaveProperty("result");
    expect(await request("tools/call", { name: "other" })).toMatchObject({ error: { code: 4003 } });
    expect((await request("tools/list")).result).toMatchObject({ tools: [{ name: "own" }] });
  });

  it("is refused when the host does not allow it", async () => {
    const confirm = vi.fn(() => false);
    const { initialize, request } = connectFakeView(server, { confirm });
    await initialize();
    expect(await request("tools/call", { name: "echo" })).toMatchObject({
      error: { code: 4003, message: "callTool: the host did not allow it" },
    });
    expect(confirm).toHaveBeenCalledWith({
      kind: "callTool",
      tool: expect.objectContaining({ name: "echo" }),
      arguments: {},
    });
  });

  it("receives the error of the server, but no local one", async () => {
    const fails = defineTool({
      name: "fails",
      call: () => {
        throw new ProtocolError("invalidParams", "not today", { data: { until: 1 } });
      },
    });
    const confirm = async (): Promise<boolean> => {
      throw new Error("secret");
    };
    const first = connectFakeView({ tools: [fails] });
    await first.initialize();
    expect(await first.request("tools/call", { name: "fails" })).toMatchObject({
      error: { code: -32602, message: "not today", data: { until: 1 } },
    });
    const second = connectFakeView({ tools: [fails] }, { confirm });
    await second.initialize();
    expect(await second.request("tools/call", { name: "fails" })).toMatchObject({
      error: { code: -32603, message: "Internal error" },
    });
  });

  it("is cancelled by the view without a response", async () => {
    let onStart: (signal: AbortSignal) => void = () => {};
    const started = new Promise<AbortSignal>((resolve) => {
      onStart = resolve;
    });
    const slow = defineTool({
      name: "slow",
      call: (_, { signal }) => {
        onStart(signal);
        return new Promise<string>(() => {});
      },
    });
    const { initialize, notify, request, received } = connectFakeView({ tools: [slow] });
    await initialize();
    void request("tools/call", { name: "slow" }, "slow");
    const signal = await started;
    notify("notifications/cancelled", { requestId: "slow" });
    await vi.waitFor(() => expect(signal.aborted).toBe(true), { timeout: 15_000 });
    await request("ping");
    expect(received.some(({ id }) => id === "slow")).toBe(false);
  });

  it("reads resources and lists", async () => {
    const note = defineResource({ uri: "note://one", name: "note", read: () => "text" });
    const { initialize, request } = connectFakeView({ ...server, resources: [note] });
    await initialize();
    expect((await request("resources/read", { uri: "note://one" })).result).toMatchObject({
      contents: [{ uri: "note://one", text: "text" }],
    });
    expect((await request("resources/list")).result).toMatchObject({
      resources: [{ name: "note" }],
    });
    expect((await request("tools/list")).result).toMatchObject({ tools: [{ name: "echo" }] });
  });
});

describe("a request of a view to its host", () => {
  it.each([
    ["ui/message", { role: "user", content: [] }],
    ["ui/open-link", { url: "https://a.example" }],
    ["ui/update-model-context", {}],
    ["sampling/createMessage", {}],
  ])("is unknown without a function for %s", async (method, params) => {
    const { initialize, request } = connectFakeView();
    await initialize();
    expect(await request(method, params)).toMatchObject({ error: { code: -32601 } });
  });

  it.each([
    ["a single block", { type: "text", text: "hi" }],
    ["a list", [{ type: "text", text: "hi" }]],
  ])("adds a message with %s", async (_, content) => {
    const onMessage = vi.fn();
    const { initialize, request } = connectFakeView({}, { onMessage });
    await initialize();
    expect((await request("ui/message", { role: "user", content })).result).toEqual({});
    expect(onMessage).toHaveBeenCalledWith([{ type: "text", text: "hi" }]);
  });

  it("is refused for malformed parameters", async () => {
    const { initialize, request } = connectFakeView({}, { onMessage: () => {} });
    await initialize();
    const { error } = await request("ui/message", { role: "assistant", content: [] });
    expect(error).toMatchObject({ code: -32602, message: 'params.role: expected "user"' });
  });

  it("opens links of allowed domains, and others only if the host allows them", async () => {
    const onOpenLink = vi.fn();
    const allowedLinks = ["https://*.example.com"];
    const { initialize, request } = connectFakeView({}, { onOpenLink, allowedLinks });
    await initialize();
    await request("ui/open-link", { url: "https://docs.example.com/a b" });
    expect(onOpenLink.mock.calls).toEqual([["https://docs.example.com/a%20b"]]);
    expect(await request("ui/open-link", { url: "https://example.org" })).toMatchObject({
      error: { code: 4003 },
    });
  });

  it("changes to a display mode that both sides have", async () => {
    const onDisplayMode = vi.fn((mode: string) => mode as "fullscreen");
    const context = {
      displayMode: "inline",
      availableDisplayModes: ["inline", "fullscreen", "pip"],
    } as const;
    const { initialize, request, paramsOf } = connectFakeView({}, { onDisplayMode, context });
    await initialize({ availableDisplayModes: ["inline", "fullscreen"] });
    const modeOf = async (mode: string) =>
      (await request("ui/request-display-mode", { mode })).result;
    expect(await modeOf("pip")).toEqual({ mode: "inline" });
    expect(await modeOf("fullscreen")).toEqual({ mode: "fullscreen" });
    expect(await modeOf("fullscreen")).toEqual({ mode: "fullscreen" });
    expect(onDisplayMode).toHaveBeenCalledTimes(1);
    expect(paramsOf("ui/notifications/host-context-changed")).toEqual([
      { displayMode: "fullscreen" },
    ]);
  });
});

describe("a bridge", () => {
  it("sends no notification to a view that has not initialized", async () => {
    const { bridge, initialize, received } = connectFakeView();
    bridge.setContext({ theme: "dark" });
    bridge.listChanged("tools");
    expect(received).toEqual([]);
    expect((await initialize()).result).toMatchObject({ hostContext: { theme: "dark" } });
  });

  it("does not switch the view to a display mode that it lacks", async () => {
    const { bridge, initialize } = connectFakeView();
    await initialize({ availableDisplayModes: ["inline"] });
    expect(() => bridge.setContext({ displayMode: "pip" })).toThrow(
      "expected one that the view supports",
    );
  });

  it("limits the rate of messages", async () => {
    const { initialize, request, records } = connectFakeView({}, { maxMessagesPerSecond: 5 });
    await initialize();
    const answers = await Promise.all(Array.from({ length: 8 }, () => request("ping")));
    const refused = answers.filter(({ error }) => error !== undefined);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ error: { code: -32600, message: "too many messages" } });
    expect(records.some((record) => record.refused === "too many messages")).toBe(true);
  });

  it("limits the size of messages and the number of pending requests", async () => {
    const slow = defineTool({ name: "slow", call: () => new Promise<string>(() => {}) });
    const limits = { maxMessageBytes: 5000, maxPendingRequests: 2 };
    const { initialize, request } = connectFakeView({ tools: [slow] }, limits);
    await initialize();
    expect(await request("ping", { text: "x".repeat(6000) })).toMatchObject({
      error: { code: -32600, message: "too large" },
    });
    for (let sent = 0; sent < 2; sent += 1) void request("tools/call", { name: "slow" });
    expect(await request("ping")).toMatchObject({ error: { message: "too many requests" } });
  });

  it("records every message", async () => {
    const { initialize, notify, post, records } = connectFakeView();
    await initialize();
    notify("ui/notifications/unknown");
    notify("ui/notifications/size-changed", { width: "wide" });
    post({ jsonrpc: "2.0", id: 99, result: {} });
    post("text");
    expect(records.map(({ from, method, refused }) => [from, method, refused])).toEqual([
      ["view", "ui/initialize", undefined],
      ["host", undefined, undefined],
      ["view", "ui/notifications/initialized", undefined],
      ["view", "ui/notifications/unknown", "unknown notification"],
      ["view", "ui/notifications/size-changed", "params.width: expected a number"],
      ["view", undefined, "not the response to a request"],
      ["view", undefined, "not a JSON-RPC message"],
    ]);
  });

  it("passes on only sizes that are lengths", async () => {
    const onSize = vi.fn();
    const { initialize, notify } = connectFakeView({}, { onSize });
    await initialize();
    for (const height of [Number.NaN, -1, Number.POSITIVE_INFINITY, 12]) {
      notify("ui/notifications/size-changed", { height });
    }
    expect(onSize.mock.calls).toEqual([[{ height: 12 }]]);
  });

  it("closes and tells the host when the proxy has removed a view that floods it", async () => {
    const onCloseRequest = vi.fn();
    const options = { onCloseRequest, maxMessagesPerSecond: 2 };
    const { bridge, initialize, notify, received } = connectFakeView({}, options);
    await initialize();
    for (let sent = 0; sent < 5; sent += 1) notify("ui/notifications/size-changed");
    notify("ui/notifications/sandbox-refused", { reason: "flood" });
    expect(onCloseRequest).toHaveBeenCalledWith("flood");
    bridge.input({});
    expect(received).toHaveLength(1);
  });

  it("calls the tools of the view", async () => {
    const { bridge, initialize, post, received } = connectFakeView();
    await initialize({ tools: {} });
    const listed = bridge.listViewTools();
    const tools = Array.from({ length: 60 }, (_, index) => ({
      name: `t${index}`,
      inputSchema: {},
    }));
    post({ jsonrpc: "2.0", id: received.at(-1)?.id, result: { tools } });
    expect(await listed).toHaveLength(50);
    const called = bridge.callViewTool("t1", { a: 1 });
    expect(received.at(-1)).toMatchObject({
      method: "tools/call",
      params: { name: "t1", arguments: { a: 1 } },
    });
    post({ jsonrpc: "2.0", id: received.at(-1)?.id, result: { content: "text" } });
    await expect(called).rejects.toThrow("tools/call: result.content: expected an array");
  });

  it("fails a call of a view without tools, without an answer, or closed", async () => {
    const first = connectFakeView();
    await expect(first.bridge.listViewTools()).rejects.toMatchObject({ reason: "refused" });
    const { bridge, initialize } = connectFakeView({}, { viewTimeoutMs: 10 });
    await initialize({ tools: {} });
    await expect(bridge.callViewTool("x")).rejects.toMatchObject({ reason: "timeout" });
    const pending = bridge.callViewTool("x", {}, { timeoutMs: 30_000 });
    bridge.close();
    await expect(pending).rejects.toMatchObject({ reason: "closed" });
    await expect(bridge.callViewTool("x")).rejects.toMatchObject({ reason: "closed" });
  });

  it("waits for the view before it closes, for a limited time", async () => {
    const { bridge, initialize, post, received, paramsOf } = connectFakeView();
    await initialize();
    const ending = bridge.teardown("done");
    expect(paramsOf("ui/resource-teardown")).toEqual([{ reason: "done" }]);
    post({ jsonrpc: "2.0", id: received.at(-1)?.id, result: {} });
    await ending;
    const silent = connectFakeView();
    await silent.initialize();
    await silent.bridge.teardown(undefined, { timeoutMs: 10 });
    await expect(silent.bridge.listViewTools()).rejects.toThrow();
  });

  it.each([
    [{ tool: "show" }, "tool: expected an entry of tools/list"],
    [{ maxPendingRequests: 0 }, "maxPendingRequests: expected a positive number"],
    [{ allowedLinks: ["example.com"] }, "allowedLinks: expected domains"],
    [{ onMessage: true }, "onMessage: expected a function"],
    [{ onOpenlink: () => {} }, "onOpenlink: unknown option"],
  ])("refuses the options %j", (wrong, message) => {
    const client = createClient(createServer({ name: "fake", version: "1.0.0" }));
    const port = { post: () => {}, listen: () => () => {} };
    const options = { client, port, tool: shownTool, ...wrong };
    expect(() => createAppBridge(options as never)).toThrow(message);
  });
});
