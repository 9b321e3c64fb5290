import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import type { GatewayOptions } from "./gateway-options.ts";

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } },
};

/** A value with more levels than the gateway parses. */
const nested = "[".repeat(200) + "]".repeat(200);

type Respond = (res: ServerResponse, id: unknown) => void;

const json = (res: ServerResponse, text: string, status = 200) =>
  res.writeHead(status, { "content-type": "application/json" }).end(text);
const answer = (res: ServerResponse, id: unknown, result: object) =>
  json(res, JSON.stringify({ jsonrpc: "2.0", id, result }));

/** The responses of the upstreams to calls, by the tool. */
const responses: { readonly [tool: string]: Respond } = {
  plain: (res, id) => answer(res, id, { resultType: "complete", content: [], x: "\u{1f980}" }),
  spaced: (res, id) =>
    json(res, `{ "result" : { "content" : [ ] } , "id" : ${id}, "jsonrpc":"2.0"}`),
  link: (res, id) =>
    answer(res, id, { content: [{ type: "resource_link", name: "n", uri: "x:y" }] }),
  asks: (res, id) =>
    answer(res, id, {
      resultType: "input_required",
      inputRequests: { q: { method: "elicitation/create", params: { message: "?" } } },
      requestState: "own",
    }),
  fails: (res, id) =>
    json(
      res,
      JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32603, message: "tool fails" } }),
      500,
    ),
  page: (res) => res.writeHead(502, { "content-type": "text/html" }).end("<p>"),
  wrong: (res) => answer(res, "other", {}),
  deep: (res, id) => json(res, `{"jsonrpc":"2.0","id":${id},"result":{"x":${nested}}}`),
  broken: (res) => json(res, '{"jsonrpc":"2.0","id":1,"result":{'),
  large: (res, id) => answer(res, id, { content: [{ type: "text", text: "x".repeat(1_500_000) }] }),
  leaves: (res) => res.destroy(),
  waits: (res) => {
    onWait(res);
    onArrival();
  },
  limited: (res) => res.writeHead(429, { "retry-after": "7" }).end(),
  empty: (res) =>
    res.writeHead(200, { "content-type": "application/json", "content-length": 0 }).end(),
  cookie: (res, id) => {
    res.setHeader("set-cookie", "a=b");
    answer(res, id, { content: [] });
  },
  streams: (res, id) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    const params = { progressToken: "p", progress: 1 };
    const progress = { jsonrpc: "2.0", method: "notifications/progress", params };
    const result = { content: [{ type: "text", text: "done" }] };
    for (const message of [progress, { jsonrpc: "2.0", id, result }]) {
      res.write(`data: ${JSON.stringify(message)}\n\n`);
    }
    res.end();
  },
};

/** The headers of each request. */
const protocolHeaders = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
};

interface Received {
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

let onWait: (res: ServerResponse) => void = () => {};
let onArrival: () => void = () => {};
let received: Received[] = [];
const ends: (() => unknown)[] = [];
let spliced: Gateway;
let parsed: Gateway;
let denying: Gateway;
let identifying: Gateway;
/** Resolves when the credentials of callers have been checked. */
let checked: Promise<void> = Promise.resolve();

async function startUpstream(): Promise<string> {
  const server = createServer(async (req, res) => {
    const text = Buffer.concat(await req.toArray()).toString();
    const { id, method, params } = JSON.parse(text || "{}");
    if (method === "tools/call") {
      received.push({ headers: req.headers, text });
      return responses[params.name]?.(res, id);
    }
    const tools = Object.keys(responses).map((name) => ({ name, inputSchema: { type: "object" } }));
    const hints = { ttlMs: 60_000, cacheScope: "public" };
    const capabilities = { tools: {}, resources: {} };
    const discovered = { supportedVersions: ["2026-07-28"], capabilities };
    const lists = { tools, resources: [], resourceTemplates: [], prompts: [] };
    return answer(res, id, { resultType: "complete", ...hints, ...lists, ...discovered });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

beforeAll(async () => {
  const [a, b] = await Promise.all([startUpstream(), startUpstream()]);
  const start = async (
    verify: "upstream" | "gateway",
    more: Partial<ConfigInput> = {},
    options: Partial<GatewayOptions> = {},
  ) => {
    const config: ConfigInput = {
      ...{ listen: { port: 0 }, admin: false, log: false, drainMs: 100 },
      upstreams: {
        a: { url: a, verify, era: "modern" },
        b: { url: b, verify, era: "modern", tools: { exclude: ["link"] } },
      },
      ...more,
    };
    const gateway = await startGateway(config, { notice: () => {}, ...options });
    ends.unshift(() => gateway.close());
    await gateway.ready();
    const list = { jsonrpc: "2.0", id: 0, method: "tools/list", params: { _meta } };
    await post(gateway, JSON.stringify(list), { "mcp-method": "tools/list" });
    return gateway;
  };
  spliced = await start("upstream");
  parsed = await start("gateway");
  const authenticate = () => checked.then(() => ({ id: "ann" }));
  identifying = await start("upstream", {}, { authenticate });
  const deny = { match: { upstream: "b", tool: "plain" }, deny: "not plain" };
  denying = await start("upstream", { routes: [deny, { merge: "all" }] });
});

afterAll(async () => {
  for (const end of ends) await end();
});

async function post(
  { url }: Gateway,
  body: string | readonly string[],
  headers: Record<string, string | undefined> = {},
) {
  const sent = {
    ...protocolHeaders,
    ...(typeof body === "string" && { "content-length": String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const given = Object.entries(sent).filter(([, value]) => value !== undefined);
  const req = httpRequest(url, { method: "POST", headers: Object.fromEntries(given) });
  for (const part of [body].flat()) {
    await new Promise((resolve) => req.write(part, resolve));
  }
  req.end();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  return { res, text: Buffer.concat(await res.toArray()).toString() };
}

function call(tool: string, members: object = {}): string {
  const params = { name: tool, arguments: { name: tool }, _meta, ...members };
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
}

const naming = (tool: string) => ({ "mcp-method": "tools/call", "mcp-name": tool });

/** Returns the parts of a response that clients depend on. Sealed state differs in each response. */
async function outcome(
  gateway: Gateway,
  ...sent: [Parameters<typeof post>[1], Record<string, string>]
) {
  const { res, text } = await post(gateway, ...sent);
  const { date: _date, "content-length": _length, ...headers } = res.headers;
  const sealed = text.replace(/"requestState":"[^"]*"/, '"requestState":"sealed"');
  const body = headers["content-type"] === "application/json" ? JSON.parse(sealed) : sealed;
  return { status: res.statusCode, headers, body };
}

const answered = Object.keys(responses).filter((tool) => tool !== "waits");

it.each(answered)("answers like a request that is parsed: %s", async (tool) => {
  const name = `a.${tool}`;
  const sent = [call(name, { _meta: { ..._meta, progressToken: "p" } }), naming(name)] as const;
  expect(await outcome(spliced, ...sent)).toEqual(await outcome(parsed, ...sent));
});

it.each([
  ["another name in the body", call("a.plain"), naming("b.plain")],
  ["a name that is not listed", call("c.plain"), naming("c.plain")],
  ["a plain name of several upstreams", call("plain"), naming("plain")],
  ["a truncated body", "{", naming("a.plain")],
  ["no protocol fields", call("a.plain", { _meta: undefined }), naming("a.plain")],
  ["foreign request state", call("a.asks", { requestState: "own" }), naming("a.asks")],
  ["an id of a wrong type", call("a.plain").replace('"id":1', '"id":null'), naming("a.plain")],
  ["an id that is not safe", call("a.plain").replace('"id":1', '"id":1e99'), naming("a.plain")],
  ["too many levels", call("a.plain").replace("{}", nested), naming("a.plain")],
  ["no name in its head", call("a.plain"), { "mcp-method": "tools/call" }],
])("refuses like a request that is parsed, and sends nothing: %s", async (_what, body, head) => {
  received = [];
  const refused = await outcome(spliced, body, head);
  expect(refused).toEqual(await outcome(parsed, body, head));
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(received).toEqual([]);
});

it.each([
  ["denies a tool of one upstream by the name that clients know", "b.plain", 403],
  ["denies it only there", "a.plain", 200],
  ["does not send a call of a tool that is not selected", "b.link", 400],
])("%s", async (_what, name, status) => {
  received = [];
  expect((await outcome(denying, call(name), naming(name))).status).toBe(status);
  expect(received).toHaveLength(status === 200 ? 1 : 0);
});

it("forwards the bytes of the body but for the name", async () => {
  received = [];
  const body = call("a.plain").replaceAll(":", " : ").replace('"1', '"\\u0031');
  const { text } = await post(spliced, body, naming("a.plain"));
  const [first] = received;
  expect(first?.text).toBe(body.replace('"name" : "a.plain"', '"name" : "plain"'));
  expect(first?.headers["mcp-name"]).toBe("plain");
  expect(JSON.parse(text).result.x).toBe("\u{1f980}");
});

it("passes the bytes of a final result on", async () => {
  const { text, res } = await post(spliced, call("a.spaced"), naming("a.spaced"));
  expect(text).toBe('{ "result" : { "content" : [ ] } , "id" : 1, "jsonrpc":"2.0"}');
  expect(res.headers["x-lutra-replica"]).toBe("1");
});

it("forwards a body that arrives in several parts", async () => {
  const body = call("a.plain");
  const parts = [body.slice(0, 9), body.slice(9, 40), body.slice(40)];
  const { res } = await post(spliced, parts, naming("a.plain"));
  expect(res.statusCode).toBe(200);
});

it("ends the request to the upstream when the client disconnects", async () => {
  const ended = new Promise((resolve) => {
    onWait = (res) => res.on("close", resolve);
  });
  const body = call("a.waits");
  const headers = { ...protocolHeaders, ...naming("a.waits") };
  const req = httpRequest(spliced.url, { method: "POST", headers });
  req.on("error", () => {});
  const arrived = new Promise((resolve) => {
    onArrival = () => resolve(req.destroy());
  });
  req.end(body);
  await arrived;
  await ended;
  expect(req.destroyed).toBe(true);
});

/** Resolves to the response to the next request that a server in this process receives. */
function nextResponse(): Promise<ServerResponse> {
  return new Promise((resolve) => {
    const channel = "http.server.request.start";
    const onRequest = (message: unknown) => {
      unsubscribe(channel, onRequest);
      resolve((message as { readonly response: ServerResponse }).response);
    };
    subscribe(channel, onRequest);
  });
}

it("sends nothing for a client that disconnects while its credentials are checked", async () => {
  received = [];
  let check: () => void = () => {};
  checked = new Promise((resolve) => {
    check = resolve;
  });
  const next = nextResponse();
  const headers = { ...protocolHeaders, ...naming("a.plain") };
  const req = httpRequest(identifying.url, { method: "POST", headers });
  req.on("error", () => {});
  req.end(call("a.plain"));
  const closed = once(await next, "close");
  req.destroy();
  await closed;
  check();
  const { res } = await post(identifying, call("a.plain"), naming("a.plain"));
  expect(res.statusCode).toBe(200);
  expect(received).toHaveLength(1);
});
