/** The contract of a protected server, run against a gateway in front of an open one. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { protect } from "lutra/auth";
import { serveHttp } from "lutra/node";
import { createServer, defineTool, unauthorized } from "lutra/server";
import { createTestIssuer, resourceServerContract, type TestIssuer } from "lutra/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Gateway, startGateway } from "./gateway.ts";

const resource = "https://library.example.com/mcp";
const tool = { name: "add_book", scope: "books:write" };
const server = createServer({
  name: "library",
  version: "1.0.0",
  tools: [defineTool({ name: tool.name, call: () => "added" })],
});

let issuer: TestIssuer;
let gateway: Gateway;
const close: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  issuer = await createTestIssuer({ resource });
  const upstream = await serveHttp(server, { port: 0 });
  const config = {
    listen: { port: 0 },
    admin: false,
    log: false,
    upstreams: { library: { url: upstream.url } },
  } as const;
  const authenticate = protect(issuer.options);
  gateway = await startGateway(config, { notice: () => {}, authenticate });
  await gateway.ready();
  close.push(upstream.close, gateway.close);
});
afterAll(async () => {
  for (const end of close.reverse()) await end();
});

/** Sends the request to the address at which the gateway listens. */
async function send(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { method, headers } = request;
  const body = request.body === null ? null : await request.text();
  return fetch(new URL(pathname + search, gateway.url), { method, headers, body });
}

/** The scopes of tools are those of an upstream, which gets no tokens of callers. */
const ofUpstreams = new Set([
  "refuses a call without its scope, and names the scope",
  "does not take a part of a scope for the scope",
]);

describe("a protected gateway", () => {
  for (const { name, run } of resourceServerContract(() => ({ issuer, tool, send }))) {
    if (!ofUpstreams.has(name)) it(name, run);
  }
});

const metadata =
  'resource_metadata="https://library.example.com/.well-known/oauth-protected-resource/mcp"';

it("the configuration alone protects a gateway with the tokens of an issuer", async () => {
  const keys = createHttpServer(async (req, res) => {
    const answer = await issuer.options.fetch(`${issuer.issuer}${req.url}`);
    const text = (await answer.text()).replaceAll(issuer.issuer, origin);
    res.writeHead(answer.status, { "content-type": "application/json" }).end(text);
  });
  await once(keys.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    keys.closeAllConnections();
    keys.close();
  });
  const origin = `http://127.0.0.1:${(keys.address() as AddressInfo).port}`;
  const upstream = await serveHttp(server, { port: 0 });
  onTestFinished(() => upstream.close());
  const front = await startGateway(
    {
      ...{ listen: { port: 0 }, admin: false, log: false },
      auth: { issuer: origin, resource, scopes: ["books:write"] },
      upstreams: { library: { url: upstream.url } },
    },
    { notice: () => {} },
  );
  onTestFinished(() => front.close());
  await front.ready();
  const statusOf = async (scope: string) =>
    callTool(front.url, tool.name, await issuer.token({ iss: origin, scope }));
  expect((await statusOf("books:write")).status).toBe(200);
  expect(await statusOf("other")).toEqual({
    status: 403,
    challenge: `Bearer error="insufficient_scope", scope="books:write", ${metadata}`,
  });
  const described = await fetch(new URL("/.well-known/oauth-protected-resource/mcp", front.url));
  expect(await described.json()).toMatchObject({
    ...{ resource, authorization_servers: [origin], scopes_supported: ["books:write"] },
  });
});

describe("a protected gateway completes the challenge of an upstream", () => {
  it.each([
    ["forwarded", undefined],
    ["parsed", [{ merge: "all" as const }]],
  ])("when the request is %s", async (_way, routes) => {
    const scoped = createServer({
      name: "scoped",
      version: "1.0.0",
      tools: [defineTool({ name: "add", scopes: ["write"], call: () => "" })],
    });
    const upstream = await serveHttp(scoped, { port: 0 });
    onTestFinished(() => upstream.close());
    const config = {
      listen: { port: 0 },
      admin: false,
      log: false,
      upstreams: { scoped: { url: upstream.url } },
      ...(routes && { routes }),
    } as const;
    const authenticate = protect(issuer.options);
    const front = await startGateway(config, { notice: () => {}, authenticate });
    onTestFinished(() => front.close());
    await front.ready();
    const { status, challenge } = await callTool(front.url, "add", await issuer.token());
    expect([status, challenge]).toEqual([401, `Bearer scope="write", ${metadata}`]);
  });
});

describe("a protected gateway decides where its clients get tokens", () => {
  const evil = "https://evil.example/.well-known";
  it.each([
    ["forwarded", `Bearer resource_metadata="${evil}"`],
    ["forwarded", `Bearer Resource_Metadata = ${evil}, error="invalid_token"`],
    ["forwarded", `Basic realm="a", Bearer resource_metadata="${evil}"`],
    ["forwarded", `Bearer error_description="resource_metadata=${evil} "`],
    ["forwarded", `Bearer resource_resource_metadata=a metadata="${evil}"`],
    ["parsed", `Bearer resource_metadata="${evil}"`],
    ["parsed", `Basic realm="a", Bearer resource_metadata="${evil}"`],
    ["one of a session", `Bearer resource_metadata="${evil}"`],
  ])("when the request is %s and its upstream answers %s", async (how, challenge) => {
    const refusing = createServer({
      name: "refusing",
      version: "1.0.0",
      tools: [
        defineTool({
          name: "add",
          call: () => {
            throw unauthorized({ challenge });
          },
        }),
      ],
    });
    const upstream = await serveHttp(refusing, { port: 0 });
    onTestFinished(() => upstream.close());
    const config = {
      listen: { port: 0 },
      admin: false,
      log: false,
      upstreams: { refusing: { url: upstream.url } },
      ...(how === "parsed" && { routes: [{ merge: "all" as const }] }),
    } as const;
    const authenticate = protect(issuer.options);
    const front = await startGateway(config, { notice: () => {}, authenticate });
    onTestFinished(() => front.close());
    await front.ready();
    const callIt = how === "one of a session" ? callInSession : callTool;
    const refused = await callIt(front.url, "add", await issuer.token());
    expect(refused.status).toBe(401);
    expect(refused.challenge).not.toMatch(/resource_metadata\s*=\s*"?https:..evil/i);
    if (challenge.startsWith("Bearer")) expect(refused.challenge).toContain(metadata);
  });
});

async function callTool(url: string, name: string, token: string) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name, arguments: {}, _meta };
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": name,
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  });
  await response.text();
  return { status: response.status, challenge: response.headers.get("www-authenticate") };
}

/** Calls a tool in a session of an earlier revision. */
async function callInSession(url: string, name: string, token: string) {
  const post = (headers: { readonly [name: string]: string }, message: object) =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
    });
  const clientInfo = { name: "old", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const opened = await post({}, { method: "initialize", params });
  await opened.text();
  const session = opened.headers.get("mcp-session-id") ?? "";
  const response = await post(
    { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" },
    { method: "tools/call", params: { name, arguments: {} } },
  );
  await response.text();
  return { status: response.status, challenge: response.headers.get("www-authenticate") };
}
