/** The policy for headers is the same for every method and every way of a request. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import type { JSONObject } from "lutra/protocol";
import { expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { send } from "./delivery/fixtures/front.ts";
import { startGateway } from "./gateway.ts";

interface Received {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** Starts an upstream whose lists contain everything that it received. */
async function startEcho() {
  const received: Received[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const { id, method } = JSON.parse(body);
    received.push({ method, headers: req.headers });
    const seen = JSON.stringify([req.rawHeaders, body]);
    const result = answers(seen)[method] ?? { resultType: "complete", content: [] };
    res.writeHead(200, { "content-type": "application/json" });
    res.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, received };
}

const hints = { ttlMs: 60_000, cacheScope: "public", resultType: "complete" };

function answers(seen: string): { readonly [method: string]: JSONObject } {
  const tool = { name: "t", description: seen, inputSchema: { type: "object" } };
  const capabilities = { tools: {}, resources: {} };
  return {
    "server/discover": { supportedVersions: ["2026-07-28"], capabilities, ...hints },
    "tools/list": { tools: [tool], ...hints },
    "resources/list": { resources: [{ uri: "a:b", name: "b" }], ...hints },
    "resources/templates/list": { resourceTemplates: [], ...hints },
    "prompts/list": { prompts: [], ...hints },
    "resources/read": { contents: [{ uri: "a:b", text: seen }], ...hints },
  };
}

const quiet = { listen: { port: 0 }, admin: false, log: false, drainMs: 100 } as const;

async function startFor(config: ConfigInput) {
  const gateway = await startGateway({ ...quiet, ...config }, { notice: () => {} });
  onTestFinished(() => gateway.close());
  await gateway.ready();
  return { port: Number(new URL(gateway.url).port) };
}

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

function ask(
  front: { readonly port: number },
  method: string,
  headers: { [name: string]: string },
  { id = 1, meta = {}, ...params }: { [name: string]: unknown } = {},
) {
  const own = { ..._meta, ...(meta as object) };
  const body = JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta: own } });
  const name = params.name ?? params.uri;
  const named = typeof name === "string" ? { "mcp-name": name } : {};
  const accept = { accept: "application/json, text/event-stream" };
  return send(front, method, { headers: { ...accept, ...named, ...headers }, body });
}

const ways: { readonly [way: string]: object } = {
  "passed through": { upstream: { verify: "upstream" }, cache: false },
  "parsed, without a cache": { cache: false },
  "parsed, with a cache": {},
  limited: { limits: [{ rate: { requests: 1000, perMs: 1000 } }] },
  merged: { routes: [{ merge: ["one", "two"], prefix: "always" }] },
  "merged, without a cache": {
    routes: [{ merge: ["one", "two"], prefix: "always" }],
    cache: false,
  },
};

const sentHeaders = {
  authorization: "Bearer a",
  cookie: "c=1",
  "x-api-key": "k",
  dpop: "proof",
  "x-tenant": "t",
  "x-request-id": "r",
  "user-agent": "u",
  "accept-language": "mi",
  "x-user": "ada",
  "x-secret": "s",
  baggage: "b=1",
};

const names = [...Object.keys(sentHeaders), "x-caller", "x-own", "x-forwarded-for", "x-real-ip"];

it.each(Object.entries(ways))("a request that is %s has the same headers", async (_way, way) => {
  const { upstream = {}, ...rest } = way as { readonly upstream?: object };
  const echo = await startEcho();
  const headers = {
    rename: { "x-user": "x-caller" },
    remove: ["x-secret"],
    set: { "x-own": "1" },
  };
  const one = { url: echo.url, headers, ...upstream };
  const upstreams = "routes" in rest ? { one, two: one } : { one };
  const front = await startFor({ upstreams, ...rest });
  const tool = "routes" in rest ? "one.t" : "t";
  const list = await ask(front, "tools/list", sentHeaders);
  expect(list.status).toBe(200);
  await ask(front, "tools/call", sentHeaders, { name: tool, arguments: {} });
  await ask(front, "resources/read", sentHeaders, { uri: "a:b" });
  const expected = {
    ...sentHeaders,
    "x-user": undefined,
    "x-secret": undefined,
    "x-caller": "ada",
    "x-own": "1",
    "x-forwarded-for": "127.0.0.1",
    "x-real-ip": "127.0.0.1",
  };
  const forCaller = echo.received.filter((one) => one.headers.authorization !== undefined);
  const methods = new Set(forCaller.map(({ method }) => method));
  for (const method of ["tools/list", "tools/call", "resources/read"]) {
    if (method !== "resources/read" || !("routes" in rest)) expect(methods).toContain(method);
  }
  for (const { headers: got } of forCaller) {
    const seen = Object.fromEntries(names.map((name) => [name, got[name]]));
    expect(seen).toEqual(expected);
  }
});

/** A part of a request that carries a mark of its sender. */
const marked = fc.constantFrom(
  { headers: { "user-agent": "evil" } },
  { headers: { "x-request-id": "evil" } },
  { headers: { "accept-language": "evil" } },
  { headers: { traceparent: "00-evil", tracestate: "evil=1", baggage: "evil=1" } },
  { headers: { host: "evil.example" } },
  { headers: { "x-forwarded-host": "evil.example", "x-forwarded-for": "evil" } },
  { headers: { "mcp-param-evil": "evil" } },
  { headers: { "x-tenant": "evil" } },
  { headers: { cookie: "evil=1" } },
  { headers: { "sec-fetch-mode": "evil", via: "1.1 evil" } },
  { headers: { from: "evil" } },
  { headers: { dpop: "evil" } },
  { id: "evil" },
  { meta: { "io.modelcontextprotocol/clientInfo": { name: "evil", version: "1" } } },
  { meta: { baggage: "evil=1", tracestate: "evil=1", traceparent: "evil" } },
  { meta: { progressToken: "evil" } },
  { meta: { "com.example/evil": "evil" } },
  { meta: { "io.modelcontextprotocol/clientCapabilities": { experimental: { evil: {} } } } },
);

type Marked = {
  readonly headers?: { readonly [name: string]: string };
  readonly id?: string;
  readonly meta?: JSONObject;
};

it.each([
  ["one server", {}],
  ["a merged server", { routes: [{ merge: ["one", "two"] }] }],
  ["a merged server without a cache", { routes: [{ merge: ["one", "two"] }], cache: false }],
] as const)(
  "no caller shapes a public list that others get from %s",
  async (_what, more) => {
    const echo = await startEcho();
    const upstreams = "routes" in more ? { one: echo, two: echo } : { one: echo };
    const listen = { port: 0, allowedHosts: ["evil.example", "127.0.0.1", "localhost"] };
    const urls = Object.fromEntries(
      Object.entries(upstreams).map(([name, { url }]) => [name, { url }]),
    );
    const requests = fc.array(marked, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        requests,
        fc.constantFrom("tools/list", "server/discover"),
        async (all, method) => {
          const front = await startFor({ ...more, listen, upstreams: urls } as ConfigInput);
          const parts: readonly Marked[] = all;
          const headers = Object.assign({}, ...parts.map((part) => part.headers));
          const meta = Object.assign({}, ...parts.map((part) => part.meta));
          const id = parts.find((part) => part.id !== undefined)?.id ?? 1;
          expect((await ask(front, method, headers, { id, meta })).status).toBe(200);
          const plain = await ask(front, method, {});
          expect(plain.status).toBe(200);
          expect(plain.body).not.toContain("evil");
        },
      ),
      { numRuns: 40 },
    );
  },
  60_000,
);
