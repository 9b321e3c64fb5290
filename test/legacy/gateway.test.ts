/** Clients of earlier revisions at the gateway: the routes and rules are those of other clients. */
import { type ConfigInput, type Gateway, startGateway } from "@lutra/gateway";
import { serveHttp } from "lutra/node";
import { createServer, defineResource, defineTool, type Server } from "lutra/server";
import { createMemoryEventBus } from "lutra/stores";
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { eventsOf, HttpSession, jsonHeaders } from "./wire.ts";

const search = defineTool({
  name: "search",
  inputSchema: {
    type: "object",
    properties: { country: { type: "string", "x-mcp-header": "Country" } },
  },
  call: ({ country }) => `in ${country}`,
});

const greet = defineTool({
  name: "greet",
  call: async (_args, context) => {
    await context.progress({ progress: 1 });
    const answer = await context.elicit("name", {
      message: "Who?",
      requestedSchema: z.object({ name: z.string() }),
    });
    return `Hello, ${answer.action === "accept" ? answer.content.name : "stranger"}`;
  },
});

const drop = defineTool({ name: "drop_all", call: () => "dropped" });
const doc = defineResource({ uri: "doc://a", name: "a", read: () => "text" });

const ends: (() => Promise<void>)[] = [];
const urls = { places: "", notes: "" };
let places: Server;

beforeAll(async () => {
  places = createServer({
    name: "places",
    version: "1.0.0",
    tools: [search, greet, drop],
    resources: [doc],
  });
  const notes = createServer({ name: "notes", version: "1.0.0", tools: [drop] });
  for (const [name, server] of Object.entries({ places, notes }) as [
    "places" | "notes",
    Server,
  ][]) {
    // Upstreams of the current revision only.
    const endpoint = await serveHttp(server, { port: 0, versions: ["2026-07-28"] });
    urls[name] = endpoint.url;
    ends.push(endpoint.close);
  }
  return async () => {
    for (const end of ends) await end();
  };
});

const running: Gateway[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
});

const quiet = { listen: { port: 0 }, admin: false, log: false, drainMs: 500 } as const;

async function gatewayOf(config: Partial<ConfigInput> = {}, options = {}): Promise<Gateway> {
  const upstreams = { places: { url: urls.places } };
  const gateway = await startGateway({ ...quiet, upstreams, ...config }, options);
  running.push(gateway);
  await gateway.ready();
  return gateway;
}

const http = (gateway: Gateway) => (init: RequestInit) => fetch(gateway.url, init);
const accepting = () => ({ result: { action: "accept", content: { name: "Ana" } } });

async function open(gateway: Gateway, headers = {}) {
  const session = new HttpSession(http(gateway), { answer: accepting, headers });
  await session.open({ version: "2025-06-18", capabilities: { elicitation: {} } });
  return session;
}

describe.each<[string, Partial<ConfigInput>]>([
  ["that parses requests", {}],
  ["that forwards requests unread", { cache: false }],
  ["of several upstreams", { routes: [{ merge: "all" }] }],
])("a gateway %s", (_what, config) => {
  const upstreams = () => ({
    places: { url: urls.places, ...(config.cache === false && { verify: "upstream" as const }) },
    ...(config.routes && { notes: { url: urls.notes } }),
  });

  it("serves sessions over upstreams of the current revision", async () => {
    const session = await open(await gatewayOf({ upstreams: upstreams(), ...config }));
    const { tools } = await session.result("tools/list");
    const names = (tools as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["search", "greet"]));
    expect(names.filter((name) => name.endsWith("drop_all"))).toHaveLength(config.routes ? 2 : 1);
    expect(await session.call("search", { country: "NZ" })).toEqual({
      content: [{ type: "text", text: "in NZ" }],
    });
  });

  it("asks the client in the middle of a call", async () => {
    const session = await open(await gatewayOf({ upstreams: upstreams(), ...config }));
    const { content } = await session.call("greet", {}, { progressToken: 1 });
    expect(content).toEqual([{ type: "text", text: "Hello, Ana" }]);
    expect(session.all("notifications/progress")).toHaveLength(1);
  });
});

it("applies denials, limits and lists to sessions", async () => {
  const gateway = await gatewayOf({
    routes: [
      { match: { method: "tools/call", name: "drop_*" }, deny: "closed" },
      { match: { param: { country: "NZ" } }, deny: "not there" },
      { to: "places" },
    ],
    limits: [{ match: { method: "resources/read" }, rate: { requests: 1, perMs: 60_000 } }],
  } as Partial<ConfigInput>);
  const session = await open(gateway);
  const { tools } = (await session.result("tools/list")) as { tools: { name: string }[] };
  expect(tools.map(({ name }) => name)).toEqual(["search", "greet"]);
  await expect(session.call("drop_all")).rejects.toMatchObject({ message: "closed" });
  await expect(session.call("search", { country: "NZ" })).rejects.toMatchObject({
    message: "not there",
  });
  expect(await session.call("search", { country: "FR" })).toMatchObject({ content: [{}] });
  await session.result("resources/read", { uri: "doc://a" });
  await expect(session.result("resources/read", { uri: "doc://a" })).rejects.toMatchObject({
    message: "Too many requests",
  });
});

describe("tools with one name and different headers", () => {
  /** Counts the lists that an upstream is asked for. */
  async function startOther() {
    let lists = 0;
    const find = defineTool({
      name: "search",
      inputSchema: {
        type: "object",
        properties: {
          country: { type: "string" },
          region: { type: "string", "x-mcp-header": "Region" },
        },
      },
      call: ({ region }) => `in region ${region}`,
    });
    const server = createServer({
      name: "regions",
      version: "1.0.0",
      tools: [find],
      middleware: [
        (next) => (request, context) => {
          if (request.method === "tools/list") lists += 1;
          return next(request, context);
        },
      ],
    });
    const { url, close } = await serveHttp(server, { port: 0, versions: ["2026-07-28"] });
    onTestFinished(close);
    return { url, lists: () => lists };
  }
  const inRegion = { content: [{ type: "text", text: "in region north" }] };

  it("are looked up at the upstream that gets the call", async () => {
    const other = await startOther();
    const gateway = await gatewayOf({
      cache: false,
      upstreams: { places: { url: urls.places }, other: { url: other.url } },
      routes: [{ match: { tool: "search" }, to: "other" }, { to: "places" }],
    });
    const session = await open(gateway);
    expect(await session.call("search", { region: "north" })).toEqual(inRegion);
  });

  it("are looked up once each by callers with different routes", async () => {
    const other = await startOther();
    const token = (letter: string) => letter.repeat(20);
    const gateway = await gatewayOf({
      cache: false,
      auth: { tokens: ["a", "b"].map((id) => ({ id, token: token(id) })) },
      upstreams: { places: { url: urls.places }, other: { url: other.url } },
      routes: [{ match: { principal: "b" }, to: "other" }, { to: "places" }],
    });
    const [a, b] = await Promise.all(
      ["a", "b"].map((id) => open(gateway, { authorization: `Bearer ${token(id)}` })),
    );
    let lists: number | undefined;
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await a?.call("search", { country: "NZ" })).toMatchObject({ content: [{}] });
      expect(await b?.call("search", { country: "FR", region: "north" })).toEqual(inRegion);
      lists ??= other.lists();
    }
    expect(other.lists()).toBe(lists);
  });
});

it("binds a session to its principal, and passes no credentials on", async () => {
  const tokens = [
    { id: "ana", token: "a".repeat(20) },
    { id: "bob", token: "b".repeat(20) },
  ];
  const gateway = await gatewayOf({ auth: { tokens } });
  const session = await open(gateway, { authorization: `Bearer ${tokens[0]?.token}` });
  expect(await session.call("search", { country: "NZ" })).toMatchObject({ content: [{}] });
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
  const statusWith = async (headers: Record<string, string>) =>
    (await fetch(gateway.url, { method: "POST", body, headers: { ...jsonHeaders, ...headers } }))
      .status;
  const stolen = { "mcp-session-id": session.id };
  expect(await statusWith({ ...stolen, authorization: `Bearer ${tokens[1]?.token}` })).toBe(404);
  expect(await statusWith(stolen)).toBe(401);
  expect(await statusWith(session.headers)).toBe(200);
});

it("keeps sessions over a reload, and ends them with DELETE", async () => {
  const gateway = await gatewayOf();
  const session = await open(gateway);
  await gateway.reload({ ...quiet, upstreams: { places: { url: urls.places } }, cache: false });
  expect(await session.call("search", { country: "NZ" })).toMatchObject({ content: [{}] });
  const { headers } = session;
  expect((await fetch(gateway.url, { method: "DELETE", headers })).status).toBe(204);
  await expect(session.call("search")).rejects.toThrow(/Session not found/);
});

it("sends changes of upstreams on the standalone stream", async () => {
  const gateway = await gatewayOf({ routes: [{ merge: "all" }] });
  const session = await open(gateway);
  const stream = await fetch(gateway.url, {
    headers: { ...session.headers, accept: "text/event-stream" },
  });
  await session.result("resources/subscribe", { uri: "doc://a" });
  const methods: string[] = [];
  // Repeated, because the subscription at the upstream begins after the response.
  const timer = setInterval(() => places.resourceUpdated("doc://a"), 50);
  for await (const { data } of eventsOf(stream)) {
    methods.push(JSON.parse(data).method);
    if (methods.includes("notifications/resources/updated")) break;
  }
  clearInterval(timer);
  expect(methods).toContain("notifications/resources/updated");
});

it("asks the client in the middle of a call, though its answer arrives at another gateway", async () => {
  const keys = [{ id: "k", secret: Buffer.alloc(32, 7).toString("base64") }];
  const options = { events: createMemoryEventBus() };
  const both = [await gatewayOf({ keys }, options), await gatewayOf({ keys }, options)] as const;
  let turn = 0;
  const inTurn = (init: RequestInit) => {
    turn += 1;
    return fetch(both[turn % 2 === 0 ? 0 : 1].url, init);
  };
  const session = new HttpSession(inTurn, { answer: accepting });
  await session.open({ version: "2025-06-18", capabilities: { elicitation: {} } });
  for (let call = 0; call < 3; call += 1) {
    const { content } = await session.call("greet");
    expect(content).toEqual([{ type: "text", text: "Hello, Ana" }]);
  }
});

it("refuses sessions where versions are narrowed, and names the version that is served", async () => {
  const gateway = await gatewayOf({ listen: { port: 0, versions: ["2026-07-28"] } });
  await expect(open(gateway)).rejects.toThrow(/2025-06-18.*supports 2026-07-28/);
});
