import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../../protocol/json.ts";
import { createView } from "./create-view.ts";
import { connectedView, type FakeHost, fakeHost, initializeResult } from "./fixtures/fake-host.ts";
import { viewTool } from "./view-tools.ts";

let host: FakeHost;
beforeEach(() => {
  host = fakeHost();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const text = (value: string) => ({ content: [{ type: "text", text: value }] });

/** Answers the last request of the view. */
const answer = (method: string, result: JSONObject) => {
  const { id } = host.last(method) ?? {};
  host.post({ id, result });
};
const requested = (method: string) => vi.waitUntil(() => host.last(method), { timeout: 15_000 });

describe("the handshake", () => {
  it("declares the capabilities of the app, with all display modes", async () => {
    await connectedView(host, { displayModes: ["inline", "fullscreen"] });
    expect(host.posted).toEqual([
      {
        jsonrpc: "2.0",
        id: 1,
        method: "ui/initialize",
        params: {
          protocolVersion: "2026-01-26",
          appInfo: { name: "test", version: "1.0.0" },
          appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
        },
      },
      { jsonrpc: "2.0", method: "ui/notifications/initialized", params: {} },
    ]);
  });

  it("declares tools only when the page has a list of them", async () => {
    await connectedView(host, { tools: [] });
    expect(host.posted[0]?.params).toMatchObject({ appCapabilities: { tools: {} } });
  });

  it("shows the host, its capabilities and its context in the state", async () => {
    const view = await connectedView(host);
    expect(view.state).toMatchObject({
      status: "connected",
      host: { name: "fake" },
      capabilities: { openLinks: {} },
      context: { locale: "de-CH" },
    });
  });

  it("requests wait for the handshake", async () => {
    const view = createView({ name: "a", version: "1", appliesTheme: false, reportsSize: false });
    const result = view.callTool("t");
    view.log("info", "early");
    expect(host.posted).toHaveLength(1);
    host.post({ id: 1, result: initializeResult });
    await requested("tools/call");
    expect(host.last("notifications/message")?.params).toMatchObject({ data: "early" });
    answer("tools/call", text("done"));
    expect(await result).toMatchObject(text("done"));
  });

  it("throws for a page without a host", () => {
    const page: { parent?: unknown } = {};
    page.parent = page;
    vi.stubGlobal("window", page);
    expect(() => createView({ name: "a", version: "1" })).toThrow(
      new TypeError("createView: expected a page in the frame of a host"),
    );
  });

  it("fails when the host answers with another shape, and reports it once", async () => {
    const onError = vi.fn();
    const view = createView({ name: "a", version: "1", onError });
    host.post({ id: 1, result: { protocolVersion: 1 } });
    await expect(view.ready).rejects.toThrow("ui/initialize: result.protocolVersion");
    expect(view.state).toMatchObject({ status: "closed", error: expect.any(Error) });
    expect(host.listening()).toBe(false);
    expect(onError).toHaveBeenCalledOnce();
    await expect(view.callTool("t")).rejects.toThrow("ui/initialize");
  });

  it("fails when the host does not answer in time", async () => {
    const view = createView({ name: "a", version: "1", connectTimeoutMs: 1, onError: () => {} });
    await expect(view.ready).rejects.toMatchObject({ reason: "timeout" });
  });
});

describe("messages of the host", () => {
  it("arrive in order: partial input, input, result", async () => {
    const seen: unknown[] = [];
    const view = await connectedView(host, {
      onPartialInput: (input) => seen.push(["partial", input]),
      onInput: (input) => seen.push(["input", input]),
      onResult: ({ content }) => seen.push(["result", content]),
    });
    host.post({ method: "ui/notifications/tool-input-partial", params: { arguments: { q: "B" } } });
    host.post({ method: "ui/notifications/tool-input", params: { arguments: { q: "Bern" } } });
    host.post({ method: "ui/notifications/tool-input-partial", params: { arguments: { q: "B" } } });
    host.post({ method: "ui/notifications/tool-result", params: text("ok") });
    expect(seen).toEqual([
      ["partial", { q: "B" }],
      ["input", { q: "Bern" }],
      ["result", text("ok").content],
    ]);
    expect(view.state).toMatchObject({ input: { q: "Bern" }, result: text("ok") });
  });

  it("of another window are ignored", async () => {
    const onInput = vi.fn();
    await connectedView(host, { onInput });
    host.post({ method: "ui/notifications/tool-input", params: { arguments: {} } }, {});
    expect(onInput).not.toHaveBeenCalled();
  });

  it("a malformed one is reported and dropped", async () => {
    const onError = vi.fn();
    const onResult = vi.fn();
    await connectedView(host, { onError, onResult });
    host.post({ method: "ui/notifications/tool-result", params: { content: "text" } });
    expect(onResult).not.toHaveBeenCalled();
    expect(onError.mock.lastCall?.[0]).toMatchObject({
      reason: "malformed",
      message: "ui/notifications/tool-result: params.content: expected an array",
    });
  });

  it("a partial context is merged with the current one", async () => {
    const onContext = vi.fn();
    const view = await connectedView(host, { onContext });
    host.post({ method: "ui/notifications/host-context-changed", params: { theme: "dark" } });
    expect(view.state.context).toMatchObject({ theme: "dark", locale: "de-CH" });
    expect(onContext).toHaveBeenLastCalledWith(view.state.context, { theme: "dark" });
  });

  it("a cancelled call has a reason at most", async () => {
    const view = await connectedView(host);
    host.post({ method: "ui/notifications/tool-cancelled" });
    expect(view.state.cancelled).toEqual({});
    host.post({ method: "ui/notifications/tool-cancelled", params: { reason: "user" } });
    expect(view.state.cancelled).toEqual({ reason: "user" });
  });

  it("subscribers are called for each change until they stop", async () => {
    const view = await connectedView(host);
    const listener = vi.fn();
    const stop = view.subscribe(listener);
    host.post({ method: "ui/notifications/tool-input", params: {} });
    stop();
    host.post({ method: "ui/notifications/tool-cancelled" });
    expect(listener).toHaveBeenCalledOnce();
  });

  it("`ping` is answered, an unknown method is refused", async () => {
    await connectedView(host);
    host.post({ id: "p", method: "ping" });
    host.post({ id: 0, method: "toString" });
    await vi.waitUntil(() => host.posted.length === 4, { timeout: 15_000 });
    const responseTo = (id: unknown) => host.posted.slice(2).find((message) => message.id === id);
    expect(responseTo("p")).toEqual({ jsonrpc: "2.0", id: "p", result: {} });
    expect(responseTo(0)).toMatchObject({
      error: { code: -32601, message: "Method not found: toString" },
    });
  });
});

describe("requests of the view", () => {
  it("`callTool` reports progress under its own token", async () => {
    const view = await connectedView(host);
    const onProgress = vi.fn();
    const result = view.callTool("slow", { n: 1 }, { onProgress });
    const { params } = await requested("tools/call");
    expect(params).toMatchObject({
      name: "slow",
      arguments: { n: 1 },
      _meta: { progressToken: 2 },
    });
    host.post({ method: "notifications/progress", params: { progressToken: 9, progress: 1 } });
    host.post({ method: "notifications/progress", params: { progressToken: 2, progress: 2 } });
    expect(onProgress).toHaveBeenCalledExactlyOnceWith({ progressToken: 2, progress: 2 });
    answer("tools/call", text("done"));
    expect(await result).toMatchObject(text("done"));
  });

  it("an aborted request tells the host", async () => {
    const view = await connectedView(host);
    const controller = new AbortController();
    const result = view.callTool("slow", {}, { signal: controller.signal });
    const { id } = await requested("tools/call");
    controller.abort();
    await expect(result).rejects.toMatchObject({ reason: "aborted" });
    expect(host.last("notifications/cancelled")?.params).toEqual({ requestId: id });
  });

  it("reject with the error of the host, whatever its code", async () => {
    const view = await connectedView(host);
    const opened = view.openLink("https://a.example");
    const { id } = await requested("ui/open-link");
    host.post({ id, error: { code: -32000, message: "Link opening denied by user" } });
    await expect(opened).rejects.toMatchObject({
      code: -32000,
      message: "Link opening denied by user",
    });
  });

  it("reject when the host refuses in the result", async () => {
    const view = await connectedView(host);
    const sent = view.message("hello");
    const { params } = await requested("ui/message");
    expect(params).toEqual({ role: "user", content: text("hello").content });
    answer("ui/message", { isError: true });
    await expect(sent).rejects.toThrow("The host refused ui/message");
  });

  it("`updateModelContext` and `readResource` send their parameters", async () => {
    const view = await connectedView(host);
    const updated = view.updateModelContext({ structuredContent: { zoom: 3 } });
    await requested("ui/update-model-context");
    answer("ui/update-model-context", {});
    await updated;
    const read = view.readResource("place://1");
    expect((await requested("resources/read")).params).toEqual({ uri: "place://1" });
    answer("resources/read", { contents: [{ uri: "place://1", text: "Bern" }] });
    expect((await read).contents).toHaveLength(1);
  });

  it("`downloadFile` sends resources", async () => {
    const view = await connectedView(host);
    const resource = { uri: "file:///trip.gpx", text: "<gpx/>" };
    const saved = view.downloadFile([{ type: "resource", resource }]);
    const { params } = await requested("ui/download-file");
    expect(params).toEqual({ contents: [{ type: "resource", resource }] });
    answer("ui/download-file", {});
    await saved;
  });

  it("a result of another shape rejects", async () => {
    const view = await connectedView(host);
    const result = view.callTool("t");
    await requested("tools/call");
    answer("tools/call", { content: "text" });
    await expect(result).rejects.toMatchObject({ reason: "malformed" });
  });

  it("reject once the view is closed", async () => {
    const view = await connectedView(host);
    const result = view.callTool("t");
    await requested("tools/call");
    view.close();
    await expect(result).rejects.toMatchObject({ reason: "closed" });
    await expect(view.callTool("t")).rejects.toMatchObject({ reason: "closed" });
    expect(view.state.status).toBe("closed");
  });
});

describe("display modes", () => {
  it("a mode that the view did not declare is a mistake of the page", async () => {
    const view = await connectedView(host);
    await expect(view.requestDisplayMode("fullscreen")).rejects.toThrow(TypeError);
  });

  it("the host is not asked for a mode that it does not offer", async () => {
    const view = await connectedView(host, { displayModes: ["inline", "pip"] });
    expect(await view.requestDisplayMode("pip")).toBe("inline");
    expect(host.last("ui/request-display-mode")).toBeUndefined();
  });

  it("the mode of the result is the current one, even if it is another", async () => {
    const view = await connectedView(host, { displayModes: ["inline", "fullscreen"] });
    const mode = view.requestDisplayMode("fullscreen");
    await requested("ui/request-display-mode");
    answer("ui/request-display-mode", { mode: "pip" });
    expect(await mode).toBe("pip");
    expect(view.state.context.displayMode).toBe("pip");
  });
});

describe("teardown", () => {
  it("answers after the handler has ended, and closes then", async () => {
    let end = () => {};
    const view = await connectedView(host, {
      onTeardown: () => new Promise((resolve) => (end = resolve)),
    });
    host.post({ id: 7, method: "ui/resource-teardown", params: { reason: "moved" } });
    expect(host.posted).toHaveLength(2);
    end();
    await vi.waitUntil(() => view.state.status === "closed", { timeout: 15_000 });
    expect(host.posted[2]).toEqual({ jsonrpc: "2.0", id: 7, result: {} });
    expect(host.listening()).toBe(false);
  });

  it("a handler that fails is an error for the host, without its message", async () => {
    const onError = vi.fn();
    const view = await connectedView(host, {
      onError,
      onTeardown: () => Promise.reject(new Error("unsaved: secret")),
    });
    host.post({ id: 7, method: "ui/resource-teardown" });
    await vi.waitUntil(() => view.state.status === "closed", { timeout: 15_000 });
    expect(host.posted[2]).toMatchObject({ id: 7, error: { message: "Internal error" } });
    expect(onError.mock.lastCall?.[0]).toMatchObject({ message: "unsaved: secret" });
  });
});

describe("tools of the page", () => {
  const zoom = viewTool({
    name: "zoom",
    inputSchema: { type: "object", properties: { level: { type: "number" } } },
    parse: ({ level }) => {
      if (typeof level !== "number") throw new TypeError("level: expected a number");
      return { level };
    },
    call: ({ level }) => ({ structuredContent: { level } }),
  });
  const call = async (params: JSONObject) => {
    host.post({ id: "c", method: "tools/call", params });
    return await vi.waitUntil(() => host.posted.find(({ id }) => (id as unknown) === "c"), {
      timeout: 15_000,
    });
  };

  it("are listed without their functions", async () => {
    await connectedView(host, { tools: [zoom, { name: "reset", call: () => "ok" }] });
    host.post({ id: "c", method: "tools/list" });
    const listed = await vi.waitUntil(() => host.posted[2], { timeout: 15_000 });
    expect(listed.result).toEqual({
      tools: [
        { name: "zoom", inputSchema: zoom.inputSchema },
        { name: "reset", inputSchema: { type: "object" } },
      ],
    });
  });

  it("answer calls with a result that has content", async () => {
    await connectedView(host, { tools: [zoom] });
    expect(await call({ name: "zoom", arguments: { level: 2 } })).toMatchObject({
      result: { structuredContent: { level: 2 }, ...text('{"level":2}') },
    });
  });

  it("report arguments that they refuse to the model", async () => {
    await connectedView(host, { tools: [zoom] });
    expect(await call({ name: "zoom", arguments: { level: "2" } })).toMatchObject({
      result: { isError: true, ...text("level: expected a number") },
    });
  });

  it("an unknown tool is an error, and so is any call without tools", async () => {
    await connectedView(host, { tools: [zoom] });
    expect(await call({ name: "pan" })).toMatchObject({
      error: { code: -32602, message: "Unknown tool: pan" },
    });
  });

  it("a cancelled call aborts the signal of the tool", async () => {
    let aborted = false;
    const wait = viewTool({
      name: "wait",
      call: (_args, signal) =>
        new Promise<string>((resolve) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            resolve("stopped");
          });
          queueMicrotask(() =>
            host.post({ method: "notifications/cancelled", params: { requestId: "c" } }),
          );
        }),
    });
    await connectedView(host, { tools: [wait] });
    await call({ name: "wait" });
    expect(aborted).toBe(true);
  });

  it("may be replaced, which the host is told", async () => {
    const view = await connectedView(host, { tools: [] });
    view.setTools([zoom]);
    expect(host.last("notifications/tools/list_changed")).toBeDefined();
    expect(await call({ name: "zoom", arguments: { level: 1 } })).toHaveProperty("result");
  });
});
