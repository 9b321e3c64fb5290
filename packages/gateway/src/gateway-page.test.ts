/** The page of a gateway, and its answers to requests that are not yet right. */
import { type HttpEndpoint, serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import type { GatewayOptions } from "./gateway-options.ts";

const echo = defineTool({
  name: "echo",
  description: "Repeats <b>all</b>",
  inputSchema: { type: "object" },
  call: (args) => JSON.stringify(args),
});
const drop = defineTool({ name: "drop_all", description: "Drops everything", call: () => "" });

let one: HttpEndpoint;
const running: Gateway[] = [];

beforeAll(async () => {
  const server = createServer({ name: "one", version: "1.0.0", tools: [echo, drop] });
  one = await serveHttp(server, { port: 0 });
  return () => one.close();
});
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
});

async function gatewayOf(config: Partial<ConfigInput> = {}, options: GatewayOptions = {}) {
  const quiet = { listen: { port: 0 }, admin: false, log: false, drainMs: 500 } as const;
  const gateway = await startGateway(
    { ...quiet, upstreams: { one: { url: one.url } }, ...config },
    { notice: () => {}, ...options },
  );
  running.push(gateway);
  await gateway.ready();
  return gateway;
}

const headers = { accept: "text/html" };

async function pageOf(gateway: Gateway) {
  const response = await fetch(new URL("/", gateway.url), { headers });
  const text = (await response.text()).replace(/<style>[\s\S]*<\/style>/, "");
  return { response, text };
}

describe("the page of a gateway", () => {
  it.each<[string, Partial<ConfigInput>, string]>([
    ["over one upstream", {}, "one"],
    ["over merged upstreams", { name: "all of them", routes: [{ merge: "all" }] }, "all of them"],
  ])("shows the offer %s, escaped", async (_what, config, name) => {
    const { response, text } = await pageOf(await gatewayOf(config));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
    expect(text).toContain(`<h1>${name}</h1>`);
    expect(text).toContain("Repeats &lt;b&gt;all&lt;/b&gt;");
    expect(text).not.toMatch(/<b>|<script/);
  });

  it("leaves out what routes deny to every caller", async () => {
    const routes = [{ match: { tool: "drop_*" }, deny: "no" }, { merge: "all" as const }];
    const { text } = await pageOf(await gatewayOf({ routes }));
    expect(text).toContain("echo");
    expect(text).not.toContain("Drops everything");
  });

  it("shows nothing where callers need credentials", async () => {
    const authenticate: GatewayOptions["authenticate"] = () => undefined;
    const { text } = await pageOf(await gatewayOf({}, { authenticate }));
    expect(text).toContain("requires credentials");
    expect(text).not.toContain("echo");
    const open = await pageOf(await gatewayOf({}, { authenticate, anonymous: true }));
    expect(open.text).toContain("echo");
  });

  it("counts against the limits of its visitor", async () => {
    const limits = [{ per: ["address" as const], rate: { requests: 1, perMs: 60_000 } }];
    const gateway = await gatewayOf({ limits });
    const pages = [await pageOf(gateway), await pageOf(gateway)];
    expect(pages.map(({ text }) => text.includes("Drops everything"))).toEqual([false, false]);
    expect(pages.map(({ text }) => text.includes("<h1>one</h1>"))).toEqual([true, false]);
    expect(pages[1]?.text).toContain("does not tell at the moment");
  });

  it("is switched off with listen.page, also by a reload", async () => {
    const gateway = await gatewayOf({ listen: { port: 0, page: false }, admin: { port: 0 } });
    expect((await pageOf(gateway)).response.status).toBe(404);
    expect(await (await fetch(gateway.adminUrl as string, { headers })).text()).toMatch(
      /^\/healthz/,
    );
    const upstreams = { one: { url: one.url } };
    const quiet = { admin: { port: 0 }, log: false, drainMs: 500, upstreams } as const;
    await gateway.reload({ ...quiet, listen: { port: 0 } });
    expect((await pageOf(gateway)).response.status).toBe(200);
    expect(await (await fetch(gateway.adminUrl as string, { headers })).text()).toContain(
      '<a href="/healthz">',
    );
  });
});

describe("basic/transports/streamable-http#earlier-streamable-http-revisions", () => {
  it("GET of the endpoint is answered with 405: a page for browsers, or a command", async () => {
    const { url } = await gatewayOf();
    const page = await fetch(url, { headers });
    expect([page.status, page.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await page.text()).toContain("<h1>one</h1>");
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await answer.text()).toContain(`curl '${url}'`);
  });
});

describe("a request that is not yet right", () => {
  const call = {
    jsonrpc: "2.0",
    id: 7,
    method: "tools/call",
    params: { name: "echo", arguments: { a: 1 } },
  };
  const initialize = {
    jsonrpc: "2.0",
    id: 7,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {} },
  };
  const json = { "content-type": "application/json" };
  const byName = { routes: [{ match: { name: "none" }, deny: "no" }, { to: "one" }] };
  const forwarding = { upstreams: () => ({ one: { url: one.url, verify: "upstream" as const } }) };

  type Sent = { readonly [name: string]: string };
  it.each<[string, Sent, object, number, number]>([
    ["another media type", { "content-type": "text/plain" }, call, 415, -32600],
    ["no headers of the protocol", json, call, 400, -32020],
    ["an older version", { ...json, "mcp-protocol-version": "2025-11-25" }, call, 400, -32022],
    ["no Mcp-Method", { ...json, "mcp-protocol-version": "2026-07-28" }, call, 400, -32020],
    ["initialize", json, initialize, 400, -32020],
  ])("gets an example that is answered: %s", async (what, sent, body, status, code) => {
    // Clients of earlier revisions would be served.
    const listen = { port: 0, versions: ["2026-07-28" as const] };
    const gateways = [
      await gatewayOf({ listen }),
      await gatewayOf({ ...byName, listen }),
      await gatewayOf({ ...byName, listen, upstreams: forwarding.upstreams() }),
    ];
    for (const [index, { url }] of gateways.entries()) {
      const text = JSON.stringify(body);
      const response = await fetch(url, { method: "POST", headers: sent, body: text });
      const { id, error } = await response.json();
      // Without a rule on headers or bodies, "no Mcp-Method" is a problem of the _meta first.
      const isMetaFirst = what === "no Mcp-Method" && index === 0;
      expect([response.status, error.code, id]).toEqual([status, isMetaFirst ? -32602 : code, 7]);
      if (what === "initialize") {
        expect(error.message).toMatch(/^Unsupported protocol version: .*2025-11-25.*2026-07-28/);
      }
      const { example } = error.data;
      const answered = await fetch(url, {
        method: "POST",
        headers: example.headers,
        body: JSON.stringify(example.body),
      });
      expect(answered.status).toBe(200);
      expect(await answered.json()).toMatchObject({ result: { resultType: "complete" } });
    }
  });
});
