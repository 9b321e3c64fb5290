/** Servers of earlier revisions behind the gateway, for clients of the current one. */
import { type ConfigInput, type Gateway, startGateway } from "@lutra/gateway";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { type Client, type ClientOptions, createClient } from "lutra/client";
import { serveHttp } from "lutra/node";
import { type ElicitContent, type ElicitParams, legacyVersions } from "lutra/protocol";
import { createServer, defineTool } from "lutra/server";
import { createMemoryEventBus, type EventBus } from "lutra/stores";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { compiled } from "../compiled.ts";
import { textOf } from "../e2e/scenario.ts";
import { haiku, roots } from "../e2e/user.ts";
import {
  type Everything,
  everythingCommand,
  startEverything,
} from "../interop/fixtures/legacy-everything.ts";
import { serveOfficial } from "../interop/fixtures/official-http.ts";
import { type LegacyEndpoint, serveLegacy } from "./fixtures/legacy-server.ts";

const memo = "demo://resource/static/document/architecture.md";
const quiet = { listen: { port: 0 }, admin: false, log: false, drainMs: 200 } as const;
const program = compiled(new URL("fixtures/legacy-server.ts", import.meta.url));
const command = [process.execPath, program, "--stdio"];

/** Fills in the required fields of a form. */
function fillIn(params: ElicitParams): ElicitContent {
  if (params.mode === "url") return {};
  return Object.fromEntries((params.requestedSchema.required ?? []).map((name) => [name, "Zoë"]));
}

const user: ClientOptions = {
  onElicit: (params) => ({ action: "accept", content: fillIn(params) }),
  onSample: () => haiku,
  onRoots: () => roots,
};

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(
  config: ConfigInput,
  notice: (line: string) => void = () => {},
  events?: EventBus,
) {
  const gateway = await startGateway({ ...quiet, ...config }, { notice, events });
  await gateway.ready();
  return gateway;
}

/** Starts a gateway that ends with the test. */
async function gatewayOf(
  config: ConfigInput,
  notice?: (line: string) => void,
  events?: EventBus,
): Promise<Gateway> {
  const gateway = await start(config, notice, events);
  ends.push(gateway.close);
  return gateway;
}

function clientOf(gateway: Gateway, options: ClientOptions = {}): Client {
  const client = createClient(gateway.url, { era: "modern", ...options });
  ends.push(client.close);
  return client;
}

const upstreamOf = ({ target }: Everything) =>
  typeof target === "string" ? { url: target } : { command: [target.command, ...target.args] };

describe.each([
  ["stdio", async () => everythingCommand()],
  ["Streamable HTTP", () => startEverything("streamableHttp")],
  ["HTTP+SSE", () => startEverything("sse")],
] as const)("server-everything behind a gateway over %s", (_place, startServer) => {
  let server: Everything;
  let gateway: Gateway;
  let client: Client;

  beforeAll(async () => {
    server = await startServer();
    gateway = await start({ upstreams: { old: upstreamOf(server) } });
    client = createClient(gateway.url, { era: "modern", ...user });
  });

  afterAll(async () => {
    await client?.close();
    await gateway?.close();
    await server?.close();
  });

  it("is discovered as a server of the current revision, with hints about caching", async () => {
    const discovered = await client.discover();
    expect(discovered).toMatchObject({
      supportedVersions: ["2026-07-28", ...legacyVersions],
      capabilities: { tools: {}, resources: { subscribe: true } },
      ttlMs: 0,
      cacheScope: "private",
    });
    expect(discovered.capabilities).not.toHaveProperty("tasks");
    expect(gateway.upstreams()[0]?.replicas[0]?.speaks).toBe("2025-11-25");
  });

  it("lists, calls, reads, prompts and completes", async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["echo", "get-sum"]));
    expect(textOf(await client.callTool("echo", { message: "hä 🦦" }))).toBe("Echo: hä 🦦");
    expect((await client.readResource(memo)).contents).toMatchObject([{ uri: memo }]);
    const { messages } = await client.getPrompt("args-prompt", { city: "Graz" });
    expect(messages).toHaveLength(1);
    const { completion } = await client.complete({
      ref: { type: "ref/prompt", name: "completable-prompt" },
      argument: { name: "department", value: "E" },
    });
    expect(completion.values).toContain("Engineering");
  });

  it("reports progress", async () => {
    const seen: number[] = [];
    const args = { duration: 0.3, steps: 3 };
    await client.callTool("trigger-long-running-operation", args, {
      onProgress: ({ progress }) => void seen.push(progress),
    });
    expect(seen).toEqual([1, 2, 3]);
  });

  it("cancels a call", async () => {
    const controller = new AbortController();
    const call = client.callTool(
      "trigger-long-running-operation",
      { duration: 60, steps: 600 },
      { signal: controller.signal, onProgress: () => controller.abort() },
    );
    await expect(call).rejects.toMatchObject({ reason: "aborted" });
    expect(textOf(await client.callTool("echo", { message: "after" }))).toBe("Echo: after");
  });

  it("asks the user, the model and for roots", async () => {
    const asked = await client.callTool("trigger-elicitation-request");
    expect(JSON.stringify(asked.content)).toContain("Name: Zoë");
    const sampled = await client.callTool("trigger-sampling-request", {
      prompt: "A haiku",
      maxTokens: 10,
    });
    expect(JSON.stringify(sampled.content)).toContain("an otter jumps in");
    const listed = await client.callTool("get-roots-list");
    expect(JSON.stringify(listed.content)).toContain("file:///home/zoe");
  });

  it("announces updates of a resource", async () => {
    const subscription = await client.listen({ resourceSubscriptions: [memo] });
    expect(subscription.acknowledged).toEqual({ resourceSubscriptions: [memo] });
    await client.callTool("toggle-subscriber-updates");
    const { value } = await subscription[Symbol.asyncIterator]().next();
    expect(value?.params).toMatchObject({ uri: memo });
    subscription.close();
    await client.callTool("toggle-subscriber-updates");
  });
});

/** Returns the HTTP request of a call. */
function callOf(name: string, token: string): RequestInit {
  return requestOf("tools/call", { name, token });
}

/** Sends a request to a gateway as it is. Resolves to the decoded response. */
async function post(
  gateway: Gateway,
  method: string,
  params: { readonly [name: string]: unknown },
) {
  const response = await fetch(gateway.url, requestOf(method, params));
  return (await response.json()) as {
    readonly result?: { readonly [name: string]: unknown };
    readonly error?: { readonly code: number; readonly message: string };
  };
}

function requestOf(
  method: string,
  { token, ...params }: { readonly [name: string]: unknown },
): RequestInit {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
  };
  return {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof params.name === "string" && { "mcp-name": params.name }),
      ...(typeof token === "string" && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  };
}

const callers = [
  { id: "ana", token: "a".repeat(20) },
  { id: "bob", token: "b".repeat(20) },
] as const;
const [ana, bob] = callers;
const inputResponses = { "input-1": { action: "accept", content: { name: "Ana" } } };
const textIn = (result: { readonly [name: string]: unknown } | undefined) =>
  (result?.content as readonly { readonly text: string }[] | undefined)?.[0]?.text;

describe.each(["http", "stdio"] as const)("sessions with a legacy server over %s", (place) => {
  let endpoint: LegacyEndpoint | undefined;

  async function gatewayOver(config: Partial<ConfigInput> = {}, settings = {}): Promise<Gateway> {
    endpoint = place === "http" ? await serveLegacy() : undefined;
    if (endpoint) ends.push(endpoint.close);
    const old = endpoint ? { url: endpoint.url } : { command };
    return gatewayOf({
      auth: { tokens: callers },
      upstreams: { old: { ...old, ...settings } },
      ...config,
    } as ConfigInput);
  }

  const sessionOf = async (gateway: Gateway, token: string) =>
    textIn((await post(gateway, "tools/call", { name: "session", token })).result);
  const ask = (gateway: Gateway, more: { readonly [name: string]: unknown }) =>
    post(gateway, "tools/call", { name: "ask", arguments: {}, ...more });

  it("are never shared by two principals, and kept for one", async () => {
    const gateway = await gatewayOver();
    const [first, again] = [
      await sessionOf(gateway, ana.token),
      await sessionOf(gateway, ana.token),
    ];
    expect(first).toMatch(/\S/);
    expect(again).toBe(first);
    expect(await sessionOf(gateway, bob.token)).not.toBe(first);
  });

  it("continue a parked call for its caller alone", async () => {
    const gateway = await gatewayOver();
    const { result } = await ask(gateway, { token: ana.token });
    expect(result).toMatchObject({
      resultType: "input_required",
      inputRequests: { "input-1": { method: "elicitation/create" } },
    });
    const { requestState } = result ?? {};
    const retry = { requestState, inputResponses };
    const refused = { code: -32602, message: "params.requestState: not valid for this request" };
    for (const [_what, attempt] of [
      ["another caller", { ...retry, token: bob.token }],
      ["other arguments", { ...retry, token: ana.token, arguments: { other: true } }],
      ["another tool", { ...retry, token: ana.token, name: "session" }],
      ["forged state", { ...retry, token: ana.token, requestState: `${requestState}A` }],
    ] as const) {
      expect((await ask(gateway, attempt)).error).toMatchObject(refused);
    }
    const done = await ask(gateway, { ...retry, token: ana.token });
    expect(textIn(done.result)).toBe(`accept Ana in ${await sessionOf(gateway, ana.token)}`);
    const replayed = await ask(gateway, { ...retry, token: ana.token });
    expect(replayed.error).toMatchObject({
      code: -32602,
      message: expect.stringContaining("It may have been executed"),
    });
  });

  it("refuse a caller beyond the maximum, and never end a call that waits", async () => {
    const gateway = await gatewayOver({}, { sessions: { max: 1 } });
    // The gateway's own session takes no place.
    const { result } = await ask(gateway, { token: ana.token });
    const other = await post(gateway, "tools/call", { name: "session", token: bob.token });
    expect(other.error).toMatchObject({ message: "All sessions with the upstream are in use" });
    const { requestState } = result ?? {};
    const done = await ask(gateway, { token: ana.token, requestState, inputResponses });
    expect(textIn(done.result)).toMatch(/^accept Ana/);
    expect(await sessionOf(gateway, bob.token)).toMatch(/\S/);
  });

  it("deliver the progress of a call that waits for input in between, before its result", async () => {
    const gateway = await gatewayOver();
    const headers = { authorization: `Bearer ${ana.token}` };
    const onElicit = () => ({ action: "accept", content: { name: "Ana" } }) as const;
    const client = clientOf(gateway, { headers, onElicit });
    const seen: number[] = [];
    const done = await client.callTool("work", undefined, {
      onProgress: ({ progress }) => void seen.push(progress),
    });
    expect([textOf(done), ...seen]).toEqual(["worked for Ana", 1, 2, 3]);
  });

  it("end a parked call with the server, and say that it may have run", async () => {
    const gateway = await gatewayOver();
    const { result } = await ask(gateway, { token: ana.token });
    if (endpoint === undefined)
      await post(gateway, "tools/call", { name: "die", token: ana.token });
    else endpoint.forget();
    const { requestState } = result ?? {};
    const { error } = await ask(gateway, { token: ana.token, requestState, inputResponses });
    expect(error?.message).toMatch(/may have been executed/);
    expect(await sessionOf(gateway, ana.token)).toMatch(/\S/);
  });
});

it("keeps the processes of callers while that of the gateway itself has ended", async () => {
  const gateway = await gatewayOf({ upstreams: { old: { command } } });
  const client = clientOf(gateway, user);
  const session = textOf(await client.callTool("session"));
  const pid = gateway.upstreams()[0]?.replicas[0]?.pid;
  expect(session).not.toBe(String(pid));
  process.kill(Number(pid), "SIGKILL");
  await vi.waitFor(() => expect(gateway.upstreams()[0]?.replicas[0]?.pid).not.toBe(pid));
  expect(textOf(await client.callTool("session"))).toBe(session);
  await gateway.close();
  expect(() => process.kill(Number(session), 0)).toThrow("ESRCH");
});

describe("two gateways that share keys", () => {
  const keys = [{ id: "k", secret: Buffer.alloc(32, 7).toString("base64") }];

  it.each([
    ["and a bus", createMemoryEventBus(), "accept Ana"],
    ["and no bus", undefined, "may have been executed"],
  ])(
    "%s: a call that waits at one of them is continued at the other",
    async (_what, events, end) => {
      const legacy = await serveLegacy();
      ends.push(legacy.close);
      const config = {
        keys,
        auth: { tokens: [...callers] },
        upstreams: { old: { url: legacy.url } },
      };
      const [one, other] = [
        await gatewayOf(config, undefined, events),
        await gatewayOf(config, undefined, events),
      ];
      const { token } = ana;
      const { result } = await post(one, "tools/call", { name: "ask", arguments: {}, token });
      const { requestState } = result ?? {};
      const retry = { name: "ask", arguments: {}, requestState, inputResponses };
      const stolen = await post(other, "tools/call", { ...retry, token: bob.token });
      expect(stolen.error).toMatchObject({ code: -32602 });
      const continued = await post(other, "tools/call", { ...retry, token });
      expect(JSON.stringify(continued)).toContain(end);
    },
  );
});

it("two gateways have a session each, in which the server announces its own changes alone", async () => {
  const legacy = await serveLegacy();
  ends.push(legacy.close);
  const config = { upstreams: { old: { url: legacy.url } } };
  const events = createMemoryEventBus();
  const gateways = [
    await gatewayOf(config, undefined, events),
    await gatewayOf(config, undefined, events),
  ];
  const [one, other] = await Promise.all(
    gateways.map(async (gateway) => {
      const client = clientOf(gateway);
      const subscription = await client.listen({ toolsListChanged: true });
      return { client, changed: subscription[Symbol.asyncIterator]().next() };
    }),
  );
  if (one === undefined || other === undefined) throw new Error("expected two clients");
  const sessions = [one, other].map(async ({ client }) => textOf(await client.callTool("session")));
  expect(new Set(await Promise.all(sessions)).size).toBe(2);
  await other.client.callTool("change");
  expect((await other.changed).value).toMatchObject({
    method: "notifications/tools/list_changed",
  });
  expect(await Promise.race([one.changed, "nothing"])).toBe("nothing");
  await one.client.callTool("change");
  expect((await one.changed).value).toMatchObject({ method: "notifications/tools/list_changed" });
});

describe("a gateway over servers of several revisions", () => {
  it("keeps each caller at the replica of its session", async () => {
    const all = [await serveLegacy(), await serveLegacy()];
    for (const { close } of all) ends.push(close);
    const gateway = await gatewayOf({
      auth: { tokens: [...callers] },
      upstreams: { old: { url: all.map(({ url }) => url) } },
    });
    for (const { token } of callers) {
      const client = clientOf(gateway, { headers: { authorization: `Bearer ${token}` } });
      const sessions = [];
      for (let call = 0; call < 4; call += 1)
        sessions.push(textOf(await client.callTool("session")));
      expect(new Set(sessions).size).toBe(1);
    }
  });

  it("passes credentials on, and the refusal of a server that requires others", async () => {
    const legacy = await serveLegacy({ token: "secret" });
    ends.push(legacy.close);
    const gateway = await gatewayOf({ upstreams: { old: { url: legacy.url } } });
    const refused = await fetch(gateway.url, callOf("session", "wrong"));
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe('Bearer realm="old"');
    const answered = await fetch(gateway.url, callOf("session", "secret"));
    expect(textIn((await answered.json()).result)).toBe(legacy.opened.at(-1));
    const again = await fetch(gateway.url, callOf("session", "wrong"));
    expect(again.status).toBe(401);
    expect(again.headers.get("www-authenticate")).toBe('Bearer realm="old"');
  });

  const greeting = defineTool({ name: "greeting", call: () => "hello" });

  async function startModern(port = 0) {
    const server = createServer({ name: "new", version: "1.0.0", tools: [greeting] });
    const endpoint = await serveHttp(server, { port, versions: ["2026-07-28"] });
    ends.push(endpoint.close);
    return endpoint;
  }

  it("opens a session again that the server has forgotten, and sends the call once", async () => {
    const legacy = await serveLegacy();
    ends.push(legacy.close);
    const client = clientOf(await gatewayOf({ upstreams: { old: { url: legacy.url } } }));
    const before = textOf(await client.callTool("session"));
    legacy.forget();
    const after = textOf(await client.callTool("session"));
    expect(after).not.toBe(before);
    expect(legacy.opened).toContain(after);
  });

  it("merges them, names one that is out of reach, and includes it once it is back", async () => {
    const legacy = await serveLegacy();
    const modern = await startModern();
    const gateway = await gatewayOf({
      upstreams: {
        http: { url: legacy.url, health: { intervalMs: 100 } },
        stdio: { command, tools: { include: "session" } },
        modern: { url: modern.url },
      },
      routes: [{ merge: "all", prefix: "always" }],
    });
    const client = clientOf(gateway, user);
    const namesOf = async () => (await client.listTools()).tools.map(({ name }) => name);
    expect(await namesOf()).toEqual([
      ...["session", "ask", "work", "change", "die"].map((name) => `http.${name}`),
      ...["stdio.session", "modern.greeting"],
    ]);
    const { supportedVersions } = await client.discover();
    expect(supportedVersions).toEqual(["2026-07-28", ...legacyVersions]);
    expect(textOf(await client.callTool("http.ask"))).toMatch(/^accept undefined in/);
    await legacy.close();
    const { tools, _meta } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["stdio.session", "modern.greeting"]);
    expect(_meta).toMatchObject({ "dev.lutra/missing": ["http"] });
    const { port } = new URL(legacy.url);
    const again = await serveLegacy({ port: Number(port) });
    ends.push(again.close);
    await vi.waitFor(async () => expect(await namesOf()).toContain("http.session"), 10_000);
    expect(textOf(await client.callTool("http.session"))).toBe(again.opened.at(-1));
  });

  it("detects when a server is replaced by one of another revision", async () => {
    const legacy = await serveLegacy();
    const lines: string[] = [];
    const health = { intervalMs: 100 };
    const settings = { url: legacy.url, verify: "upstream", health } as const;
    const gateway = await gatewayOf({ upstreams: { one: settings } }, (line) => lines.push(line));
    const client = clientOf(gateway);
    const speaks = () => gateway.upstreams()[0]?.replicas[0]?.speaks;
    expect(textOf(await client.callTool("session"))).toBe(legacy.opened.at(-1));
    expect(speaks()).toBe("2025-11-25");
    await legacy.close();
    const { port } = new URL(legacy.url);
    const modern = await startModern(Number(port));
    await vi.waitFor(() => expect(speaks()).toBe("2026-07-28"), 10_000);
    expect(textOf(await client.callTool("greeting"))).toBe("hello");
    await modern.close();
    const again = await serveLegacy({ port: Number(port) });
    ends.push(again.close);
    await vi.waitFor(async () => {
      expect(textOf(await client.callTool("session"))).toBe(again.opened.at(-1));
    }, 10_000);
    expect(lines).toEqual(
      expect.arrayContaining([
        'upstream "one" speaks MCP 2025-11-25; the gateway translates',
        'upstream "one" speaks MCP 2026-07-28',
      ]),
    );
  });

  it("feeds subscriptions from the notifications of the server", async () => {
    const legacy = await serveLegacy();
    ends.push(legacy.close);
    const client = clientOf(await gatewayOf({ upstreams: { old: { url: legacy.url } } }));
    const subscription = await client.listen({ toolsListChanged: true });
    expect(subscription.acknowledged).toEqual({ toolsListChanged: true });
    const changed = subscription[Symbol.asyncIterator]().next();
    await client.callTool("change");
    expect((await changed).value).toMatchObject({ method: "notifications/tools/list_changed" });
  });

  it("opens subscriptions again when the server has forgotten the session", async () => {
    const legacy = await serveLegacy();
    const port = Number(new URL(legacy.url).port);
    const health = { intervalMs: 100 };
    const client = clientOf(await gatewayOf({ upstreams: { old: { url: legacy.url, health } } }));
    const subscription = await client.listen({ toolsListChanged: true });
    const changed = subscription[Symbol.asyncIterator]().next();
    await legacy.close();
    const again = await serveLegacy({ port });
    ends.push(again.close);
    // The gateway reports what may have changed in the meantime.
    expect((await changed).value).toMatchObject({ method: "notifications/tools/list_changed" });
  });

  it("tells callers apart by the headers that reach the server", async () => {
    const legacy = await serveLegacy();
    ends.push(legacy.close);
    const gateway = await gatewayOf({ upstreams: { old: { url: legacy.url } } });
    const sessionOf = async (tenant: string) =>
      textOf(await clientOf(gateway, { headers: { "x-tenant": tenant } }).callTool("session"));
    const first = await sessionOf("a");
    expect(await sessionOf("a")).toBe(first);
    expect(await sessionOf("b")).not.toBe(first);
  });

  it.each([
    ["http", "2025-11-25"],
    ["http", "2025-06-18"],
    ["http", "2025-03-26"],
    ["stdio", "2025-11-25"],
    ["stdio", "2025-06-18"],
    ["stdio", "2025-03-26"],
    ["stdio", "2024-11-05"],
  ] as const)("speaks the version that is configured, over %s: %s", async (place, era) => {
    const legacy = place === "http" ? await serveLegacy() : undefined;
    if (legacy) ends.push(legacy.close);
    const old = legacy ? { url: legacy.url, era } : { command, era };
    const gateway = await gatewayOf({ upstreams: { old } });
    expect(textOf(await clientOf(gateway).callTool("session"))).toMatch(/\S/);
    expect(gateway.upstreams()[0]?.replicas[0]?.speaks).toBe(era);
  });
});

describe.each(["http", "stdio"] as const)("the official SDK 2 with sessions over %s", (place) => {
  it("answers calls, and asks the client", async () => {
    const endpoint = place === "http" ? await serveOfficial() : undefined;
    if (endpoint) ends.push(endpoint.close);
    const official = compiled(new URL("../interop/fixtures/official-stdio.ts", import.meta.url));
    const old = endpoint ? { url: endpoint.url } : { command: [process.execPath, official] };
    const gateway = await gatewayOf({ upstreams: { old: { ...old, era: "legacy" } } });
    const client = clientOf(gateway, user);
    expect((await client.callTool("add", { a: 1, b: 2 })).structuredContent).toEqual({ sum: 3 });
    expect((await client.readResource("memo://readme")).contents).toMatchObject([
      { text: "Otters play." },
    ]);
    await expect(client.readResource("memo://nothing")).rejects.toMatchObject({ code: -32602 });
  });
});

describe.each([
  ["stdio", async () => everythingCommand()],
  ["Streamable HTTP", () => startEverything("streamableHttp")],
] as const)("the official client 1.32 and server-everything over %s", (_place, startServer) => {
  it("work through a gateway, which adapts both", async () => {
    const server = await startServer();
    ends.push(server.close);
    const gateway = await gatewayOf({ upstreams: { old: upstreamOf(server) } });
    const capabilities = { elicitation: {}, sampling: {}, roots: {} };
    const client = new LegacyClient({ name: "official", version: "0" }, { capabilities });
    client.setRequestHandler(ElicitRequestSchema, async () => ({
      action: "accept",
      content: { name: "Zoë" },
    }));
    client.setRequestHandler(CreateMessageRequestSchema, async () => ({ ...haiku }));
    client.setRequestHandler(ListRootsRequestSchema, async () => ({ roots: [...roots] }));
    ends.push(() => client.close());
    await client.connect(new LegacyTransport(new URL(gateway.url)) as never);
    const call = async (name: string, args = {}, options = {}) =>
      JSON.stringify(await client.callTool({ name, arguments: args }, undefined, options));
    expect(await call("echo", { message: "hä" })).toContain("Echo: hä");
    expect(await call("trigger-elicitation-request")).toContain("Name: Zoë");
    const sampling = { prompt: "A haiku", maxTokens: 10 };
    expect(await call("trigger-sampling-request", sampling)).toContain("an otter jumps in");
    expect(await call("get-roots-list")).toContain("file:///home/zoe");
    const progress: number[] = [];
    await call(
      "trigger-long-running-operation",
      { duration: 0.3, steps: 3 },
      {
        onprogress: (value: { readonly progress: number }) => void progress.push(value.progress),
      },
    );
    expect(progress).toEqual([1, 2, 3]);
    expect((await client.readResource({ uri: memo })).contents).toMatchObject([{ uri: memo }]);
  });
});
