import { afterEach, describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../protocol/errors.ts";
import type { Middleware } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCNotification, Result } from "../protocol/json-rpc.ts";
import { coreMethods } from "../protocol/methods.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { createJSONSchemaValidator } from "../schema/json-schema.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { createMemoryHandleStore } from "../stores/memory-handle-store.ts";
import { createMemoryReplayGuard } from "../stores/memory-replay-guard.ts";
import { createServer } from "./create-server.ts";
import { ask, contextOf, requestOf } from "./fixtures/ask.ts";
import { definePrompt } from "./prompts.ts";
import { defineResource, defineResourceTemplate } from "./resources.ts";
import { inputRequired } from "./results.ts";
import { randomKeys } from "./seal.ts";
import type { ServerOptions } from "./server-options.ts";
import { defineTool } from "./tools.ts";

const serverInfo = "io.modelcontextprotocol/serverInfo";
const complete = () => ["a"];

const everything = {
  name: "test",
  version: "1.2.3",
  tools: [
    defineTool({ name: "t", call: () => "" }),
    defineTool({ name: "fails", inputSchema: { type: "object", required: ["a"] }, call: () => "" }),
    defineTool({
      name: "asks",
      call: (_args, { state }) => (state === undefined ? inputRequired({ state: 1 }) : "done"),
    }),
  ],
  resources: [defineResource({ uri: "a:b", name: "b", read: () => "x" })],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: "a://{id}",
      name: "a",
      complete: { id: complete },
      read: () => "",
    }),
  ],
  prompts: [definePrompt({ name: "p", arguments: { a: { complete } }, get: () => "" })],
} as const;

const requests: readonly (readonly [string, JSONObject])[] = [
  ["server/discover", {}],
  ["tools/list", {}],
  ["tools/call", { name: "t" }],
  ["tools/call", { name: "fails" }],
  ["tools/call", { name: "asks" }],
  ["resources/list", {}],
  ["resources/templates/list", {}],
  ["resources/read", { uri: "a:b" }],
  ["prompts/list", {}],
  ["prompts/get", { name: "p" }],
  [
    "completion/complete",
    { ref: { type: "ref/prompt", name: "p" }, argument: { name: "a", value: "" } },
  ],
];

/** Every result of a server, the one that ends a subscription among them. */
async function results(options: Partial<ServerOptions> = {}): Promise<[string, Result][]> {
  const server = createServer({ ...everything, ...options } as ServerOptions);
  const listening = ask(server, "subscriptions/listen", { notifications: {} });
  const found: [string, Result][] = [];
  for (const [method, params] of requests) found.push([method, await ask(server, method, params)]);
  await server.close();
  found.push(["subscriptions/listen", await listening]);
  return found;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("basic/index#result-responses", () => {
  it("the result MUST include a resultType, one of those that the revision knows", async () => {
    for (const [method, result] of await results()) {
      const isAsking = "requestState" in result;
      expect([method, result.resultType]).toEqual([
        method,
        isAsking ? "input_required" : "complete",
      ]);
    }
  });
});

describe("basic/index#meta: per-response protocol fields", () => {
  it("servers SHOULD include serverInfo in every result's _meta", async () => {
    for (const [method, { _meta }] of await results()) {
      expect([method, _meta?.[serverInfo]]).toEqual([method, { name: "test", version: "1.2.3" }]);
    }
  });

  it("unless specifically configured not to do so", async () => {
    for (const [method, { _meta }] of await results({ identify: false })) {
      const own =
        method === "subscriptions/listen" ? ["io.modelcontextprotocol/subscriptionId"] : [];
      expect([method, Object.keys(_meta ?? {})]).toEqual([method, own]);
    }
  });

  it("says all that the author said of the server, and no more", async () => {
    const about = {
      title: "T",
      description: "D",
      websiteUrl: "https://example.com",
      icons: [{ src: "https://example.com/i.png" }],
    };
    const server = createServer({ name: "n", version: "1", ...about, instructions: "I" });
    const { _meta } = await ask(server, "server/discover");
    expect(_meta?.[serverInfo]).toEqual({ name: "n", version: "1", ...about });
    expect(server.info).toEqual({ name: "n", version: "1", ...about });
  });
});

describe("server/utilities/caching#cacheable-results", () => {
  const cacheable = coreMethods.filter((method) => method.cacheable).map(({ name }) => name);

  it("servers MUST include caching hints on complete results of the six, and on no other", async () => {
    for (const [method, result] of await results()) {
      const hints = ["ttlMs", "cacheScope"].filter((name) => name in result);
      expect([method, hints]).toEqual([
        method,
        cacheable.includes(method) ? ["ttlMs", "cacheScope"] : [],
      ]);
      if (hints.length === 0) continue;
      expect(result.ttlMs).toBeGreaterThanOrEqual(0);
      expect(["public", "private"]).toContain(result.cacheScope);
    }
  });

  it("lists and discover carry what the author chose", async () => {
    const cache = { ttlMs: 1234, cacheScope: "private" } as const;
    for (const [method, result] of await results({ cache })) {
      if (cacheable.includes(method) && method !== "resources/read") {
        expect([method, result]).toEqual([method, expect.objectContaining(cache)]);
      }
    }
  });
});

describe("server/discover", () => {
  it("declares the capabilities that are served, with their notifications", async () => {
    const all = createServer({ ...everything, logging: true, instructions: "Use t" });
    expect(await ask(all, "server/discover")).toEqual({
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      capabilities: {
        tools: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
      },
      instructions: "Use t",
      ttlMs: 300_000,
      cacheScope: "public",
      _meta: { [serverInfo]: { name: "test", version: "1.2.3" } },
    });
  });

  it.each<[string, Partial<ServerOptions>, JSONObject]>([
    ["nothing", {}, {}],
    [
      "empty categories",
      { tools: [], prompts: [] },
      { tools: expect.anything(), prompts: expect.anything() },
    ],
    ["templates alone", { resourceTemplates: [] }, { resources: expect.anything() }],
    ["resources alone", { resources: [] }, { resources: expect.anything() }],
    [
      "completion of a template",
      { resourceTemplates: everything.resourceTemplates },
      { resources: expect.anything(), completions: {} },
    ],
    [
      "arguments without completion",
      { prompts: [definePrompt({ name: "p", arguments: { a: {} }, get: () => "" })] },
      { prompts: expect.anything() },
    ],
  ])("declares no more than is served: %s", async (_what, options, capabilities) => {
    const server = createServer({ name: "test", version: "1", ...options });
    const result = await ask(server, "server/discover");
    expect(result.capabilities).toEqual(capabilities);
    expect(result).not.toHaveProperty("instructions");
  });
});

describe("basic/index#statelessness", () => {
  it("servers MUST NOT rely on prior requests: each has its own capabilities and caller", async () => {
    const seen: unknown[] = [];
    const tool = defineTool({
      name: "t",
      call: (_args, { capabilities, clientInfo, principal, meta }) => {
        seen.push([capabilities, clientInfo?.name, principal?.id, meta.trace]);
        return "";
      },
    });
    const server = createServer({ name: "test", version: "1", tools: [tool] });
    const info = { "io.modelcontextprotocol/clientInfo": { name: "c", version: "1" }, trace: "x" };
    const first = { capabilities: { sampling: {} }, meta: info, principal: { id: "a" } };
    await ask(server, "tools/call", { name: "t" }, first);
    await ask(server, "tools/call", { name: "t" });
    expect(seen).toEqual([
      [{ sampling: {} }, "c", "a", "x"],
      [{}, undefined, undefined, undefined],
    ]);
  });
});

describe("what goes wrong inside", () => {
  const failing = (thrown: unknown) =>
    defineTool({ name: "t", call: () => Promise.reject(thrown) });

  it("is written to console.error unless the author listens", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const thrown = new Error("why");
    const server = createServer({ name: "test", version: "1", tools: [failing(thrown)] });
    expect(await ask(server, "tools/call", { name: "t" })).toMatchObject({ isError: true });
    expect(log).toHaveBeenCalledWith("lutra: %s:", "tools/call t", thrown);
  });

  it("is not reported when the peer receives it unmasked", async () => {
    const onError = vi.fn();
    const server = createServer({ ...everything, onError });
    await expect(ask(server, "tools/call", { name: "none" })).rejects.toMatchObject({
      code: -32602,
    });
    await expect(ask(server, "none")).rejects.toMatchObject({ code: -32601 });
    expect(onError).not.toHaveBeenCalled();
  });

  it.each<[string, (signal: AbortSignal) => unknown]>([
    ["the reason of the signal", (signal) => signal.reason],
    ["an AbortError", () => new DOMException("gone", "AbortError")],
    ["the abort of a request of its own", () => new TransportError("aborted", "gone")],
  ])(
    "basic/patterns/cancellation: an error of a cancelled request is not reported: %s",
    async (_w, make) => {
      const onError = vi.fn();
      const controller = new AbortController();
      const tool = defineTool({
        name: "t",
        call: (_args, { signal }) => {
          controller.abort();
          throw make(signal);
        },
      });
      const server = createServer({ name: "test", version: "1", tools: [tool], onError });
      const answer = ask(server, "tools/call", { name: "t" }, { signal: controller.signal });
      await expect(answer).rejects.toMatchObject({ name: "TransportError", reason: "aborted" });
      expect(onError).not.toHaveBeenCalled();
    },
  );

  it.each<[string, unknown]>([
    ["a TransportError of a request of its own", new TransportError("aborted", "gone")],
    ["an AbortError", new DOMException("gone", "AbortError")],
    ["a timeout", new TransportError("timeout", "too slow")],
  ])("of a request that is still waited for is answered: %s", async (_what, thrown) => {
    const onError = vi.fn();
    const server = createServer({ name: "test", version: "1", tools: [failing(thrown)], onError });
    expect(await ask(server, "tools/call", { name: "t" })).toMatchObject({ isError: true });
    expect(onError).toHaveBeenCalledWith(thrown, "tools/call t");
  });
});

describe("middleware", () => {
  const mark =
    (order: string[], name: string): Middleware =>
    (next) =>
    async (request, context) => {
      order.push(name);
      return next(request, context);
    };

  it("wraps every admitted request, the first the outermost", async () => {
    const order: string[] = [];
    const server = createServer({
      ...everything,
      middleware: [mark(order, "a"), mark(order, "b")],
    });
    await ask(server, "tools/list");
    expect(order).toEqual(["a", "b"]);
  });

  it("sees no request that is refused", async () => {
    const order: string[] = [];
    const server = createServer({ ...everything, middleware: [mark(order, "a")] });
    await ask(server, "none").catch(() => {});
    await server
      .serve({ jsonrpc: "2.0", id: 1, method: "tools/list" }, contextOf())
      .catch(() => {});
    expect(order).toEqual([]);
  });

  it("may refuse, answer by itself, or change what a handler sees", async () => {
    const refusing: Middleware = () => () =>
      Promise.reject(new ProtocolError("invalidParams", "no"));
    await expect(
      ask(createServer({ ...everything, middleware: [refusing] }), "tools/list"),
    ).rejects.toMatchObject({ code: -32602, message: "no" });
    const answering: Middleware = () => async () => ({ resultType: "complete", tools: ["mine"] });
    expect(
      await ask(createServer({ ...everything, middleware: [answering] }), "tools/list"),
    ).toEqual({
      resultType: "complete",
      tools: ["mine"],
    });
    const renaming: Middleware = (next) => (request, context) =>
      next({ ...request, params: { ...request.params, name: "t" } }, { ...context });
    const renamed = createServer({ ...everything, middleware: [renaming] });
    expect(await ask(renamed, "tools/call", { name: "x" })).toMatchObject({
      content: [{ text: "" }],
    });
  });

  it("has its failures masked like those of handlers", async () => {
    const onError = vi.fn();
    const broken: Middleware = () => () => Promise.reject(new Error("password"));
    const server = createServer({ ...everything, middleware: [broken], onError });
    const error = await ask(server, "tools/list").catch((thrown) => thrown);
    expect(error.toWire()).toEqual({ code: -32603, message: "Internal error" });
    expect(onError).toHaveBeenCalledOnce();
  });
});

describe("share", () => {
  const once = {
    ...everything,
    tools: [defineTool({ name: "t", singleUse: true, call: () => "" })],
  };
  const shared = { claim: () => true, isShared: true };

  it("refuses replicas whose keys are in one process only", () => {
    expect(() => createServer(everything).share({ replicas: 3 })).toThrow(TypeError);
    expect(() => createServer(everything).share({ replicas: 3 })).toThrow(/keys/);
  });

  it.each<[string, Partial<ServerOptions>, object]>([
    ["one process", {}, {}],
    ["one replica", {}, { replicas: 1 }],
    ["keys of the supervisor", {}, { replicas: 3, keys: randomKeys() }],
    ["keys of the author", { keys: randomKeys() }, { replicas: 3 }],
  ])("accepts %s", (_what, options, sharing) => {
    const server = createServer({ ...everything, ...options } as ServerOptions);
    expect(() => server.share(sharing)).not.toThrow();
  });

  it("refuses singleUse with a replay guard that replicas do not share", () => {
    const keys = randomKeys();
    expect(() => createServer(once).share({ replicas: 2, keys })).toThrow(/replayGuard/);
    const local = { claim: () => true, isShared: false };
    expect(() => createServer(once).share({ replicas: 2, keys, replayGuard: local })).toThrow();
    expect(() =>
      createServer(once).share({ replicas: 2, keys, replayGuard: shared }),
    ).not.toThrow();
    const own = createServer({ ...once, replayGuard: shared });
    expect(() => own.share({ replicas: 2, keys })).not.toThrow();
  });

  it("the options of createServer take precedence over shared state", async () => {
    const events = createMemoryEventBus();
    const server = createServer({ ...everything, events });
    server.share({ events: createMemoryEventBus() });
    const heard: unknown[] = [];
    events.subscribe("notifications/tools/list_changed", (event) => heard.push(event));
    server.tools.remove("t");
    expect(heard).toHaveLength(1);
  });

  it("moves events to the shared bus, those of open subscriptions too", async () => {
    const server = createServer(everything);
    const notifications: JSONRPCNotification[] = [];
    const listening = ask(
      server,
      "subscriptions/listen",
      { notifications: { toolsListChanged: true } },
      { notifications },
    );
    const events = createMemoryEventBus();
    server.share({ events });
    await events.publish("notifications/tools/list_changed", {});
    await server.close();
    await listening;
    expect(notifications.map(({ method }) => method)).toEqual([
      "notifications/subscriptions/acknowledged",
      "notifications/tools/list_changed",
    ]);
  });

  it("seals cursors by the shared keys, also those of pages that were encoded before", async () => {
    const keys = randomKeys();
    const paged = (options: Partial<ServerOptions> = {}) =>
      createServer({ ...everything, pageSize: 1, ...options } as ServerOptions);
    const early = paged();
    const before = await ask(early, "tools/list");
    early.share({ keys });
    const { nextCursor: cursor } = await ask(early, "tools/list");
    expect(cursor).not.toBe(before.nextCursor);
    const page = await ask(paged({ keys }), "tools/list", { cursor });
    expect(page.tools).toMatchObject([{ name: "fails" }]);
  });
});

describe("options that make no sense are a TypeError at once", () => {
  it.each<[string, JSONObject, string]>([
    ["no name", { name: "" }, "createServer: name: expected a string of at least 1 character"],
    ["no version", { version: undefined }, "createServer: version: expected a string"],
    ["a version that is a number", { version: 1 }, "createServer: version: expected a string"],
    ["a page of nothing", { pageSize: 0 }, "pageSize"],
    ["an unsafe icon", { icons: [{ src: "http://example.com/i.png" }] }, "icons"],
    ["a page and a half", { pageSize: 1.5 }, "pageSize"],
    ["a negative ttlMs", { cache: { ttlMs: -1, cacheScope: "public" } }, "cache.ttlMs"],
    ["an unknown scope", { cache: { ttlMs: 1, cacheScope: "shared" } }, "cache.cacheScope"],
    ["no time to answer", { inputTtlMs: 0 }, "inputTtlMs"],
    ["state of no size", { maxStateBytes: 0 }, "maxStateBytes"],
    ["state above the longest seal", { maxStateBytes: 1_048_577 }, "maxStateBytes"],
    ["a negative number of subscriptions", { maxResourceSubscriptions: -1 }, "maxResource"],
    ["an empty key ring", { keys: [] }, "keys"],
    ["a short key", { keys: [{ id: "a", secret: "short" }] }, "keys"],
    ["an extension without a prefix", { extensions: [{ id: "tasks" }] }, "extension tasks"],
    [
      "an extension twice",
      { extensions: [{ id: "com.example/a" }, { id: "com.example/a" }] },
      "listed twice",
    ],
    [
      "a misspelt option",
      { tool: [] },
      'createServer: tool: unknown option; did you mean "tools"?',
    ],
    [
      "an option that does not exist",
      { capabilities: {} },
      "createServer: capabilities: unknown option, expected one of name, version, ",
    ],
    ["tools that are not a list", { tools: {} }, "tools: expected an array"],
    [
      "a tool that is undefined",
      { tools: [defineTool({ name: "t", call: () => "" }), undefined] },
      "tools[1]: expected a definition, got undefined",
    ],
  ])("%s", (_what, options, message) => {
    const create = () => createServer({ name: "test", version: "1", ...options } as ServerOptions);
    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
  });

  it("accepts every option of its type", () => {
    const all: Required<ServerOptions> = {
      ...{ name: "test", version: "1", title: "", description: "", websiteUrl: "", icons: [] },
      ...{ instructions: "", tools: [], resources: [], resourceTemplates: [], prompts: [] },
      ...{ extensions: [], middleware: [], keys: randomKeys(), events: createMemoryEventBus() },
      ...{ replayGuard: createMemoryReplayGuard(), handles: createMemoryHandleStore() },
      ...{ validator: createJSONSchemaValidator(), pageSize: 1, inputTtlMs: 1, maxStateBytes: 1 },
      ...{ cache: { ttlMs: 1, cacheScope: "public" }, replayGraceMs: 1, callerShare: 1 },
      listsByScope: true,
      ...{ maxResourceSubscriptions: 1, maxSubscriptions: 1, maxSubscriptionBytes: 1 },
      ...{ identify: true, logging: true, exposeErrors: true, now: Date.now },
      ...{ onError: () => {}, onWarning: () => {}, observer: {} },
    };
    expect(() => createServer(all)).not.toThrow();
  });

  it("refuses options that are not an object", () => {
    expect(() => createServer(undefined as never)).toThrow("createServer: expected an object");
  });

  it("an option that is undefined leaves the default", async () => {
    const options = { pageSize: undefined, cache: undefined, onError: undefined, tools: undefined };
    const server = createServer({
      name: "test",
      version: "1",
      ...options,
    } as unknown as ServerOptions);
    expect(await ask(server, "server/discover")).toMatchObject({
      ttlMs: 300_000,
      capabilities: {},
    });
  });

  it("leaves what it was given as it was", () => {
    const frozen = Object.freeze({
      ...everything,
      cache: Object.freeze({ ttlMs: 1, cacheScope: "public" }),
    });
    expect(() => createServer(frozen as ServerOptions)).not.toThrow();
  });
});

describe("requests that are made to hurt", () => {
  it("keys named __proto__ pollute nothing", async () => {
    const server = createServer(everything);
    const request = requestOf("tools/call", { name: "t" });
    const hostile = JSON.parse(
      JSON.stringify(request).replace('"params":{', '"params":{"__proto__":{"polluted":1},'),
    );
    hostile.params._meta = JSON.parse(
      JSON.stringify(request.params?._meta).replace(
        "{",
        '{"__proto__":{"polluted":1},"constructor":{},',
      ),
    );
    const text = { type: "text", text: "" };
    await expect(server.serve(hostile, contextOf())).resolves.toMatchObject({ content: [text] });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("params nested without end are answered", async () => {
    const server = createServer(everything);
    const depth = 100_000;
    const deep = JSON.parse("[".repeat(depth) + "]".repeat(depth));
    await expect(
      ask(server, "tools/call", { name: "t", arguments: { deep } }),
    ).resolves.toBeDefined();
    await expect(ask(server, "tools/call", { name: deep })).rejects.toMatchObject({ code: -32602 });
    await expect(
      ask(server, "tools/call", { name: "t", inputResponses: { deep } }),
    ).resolves.toBeDefined();
  });
});
