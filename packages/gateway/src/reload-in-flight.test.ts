/** A reload while the body of a request has not arrived yet. */
import { once } from "node:events";
import { request } from "node:http";
import { type HttpEndpoint, serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { startGateway } from "./gateway.ts";

let old: HttpEndpoint;
let next: HttpEndpoint;

const start = (name: string) => {
  const tool = defineTool({ name: "who", call: () => name });
  return serveHttp(createServer({ name, version: "1.0.0", tools: [tool] }), { port: 0 });
};

beforeEach(async () => {
  [old, next] = await Promise.all([start("old"), start("next")]);
});

afterEach(async () => {
  await Promise.all([old.close(), next.close()]);
});

const quiet = { listen: { port: 0 }, admin: false, log: false, drainMs: 5000 } as const;

const ways: readonly [string, (url: string) => ConfigInput][] = [
  ["forwarded", (url) => ({ ...quiet, upstreams: { one: { url, verify: "upstream" } } })],
  ["parsed", (url) => ({ ...quiet, upstreams: { one: { url, verify: "gateway" } } })],
  ["merged", (url) => ({ ...quiet, upstreams: { one: { url } }, routes: [{ merge: ["one"] }] })],
];

it.each(ways)("a %s request whose body is on its way is answered", async (_way, configOf) => {
  const gateway = await startGateway(configOf(old.url), { notice: () => {} });
  onTestFinished(() => gateway.close());
  await gateway.ready();
  const sent = await sendHead(gateway.url);
  await gateway.reload(configOf(next.url));
  expect(await sent.end()).toEqual([200, expect.stringMatching(/"text":"(old|next)"/)]);
});

it("an upstream is closed at the end of drainMs, although a body has not arrived", async () => {
  const [, configOf] = ways[0] as (typeof ways)[number];
  const gateway = await startGateway(configOf(old.url), { notice: () => {} });
  onTestFinished(() => gateway.close());
  await gateway.ready();
  const sent = await sendHead(gateway.url);
  const config = { ...configOf(next.url), drainMs: 1 };
  await gateway.reload(config);
  // time: the limit of 1 ms has begun with the reload, and timers expire in their order.
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await sent.end()).toEqual([503, expect.stringContaining("No replica")]);
});

/** Sends the head of a call, and resolves once the gateway handles it. `end` sends the body. */
async function sendHead(url: string) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name: "who", arguments: {}, _meta };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const req = request(url, {
    method: "POST",
    headers: {
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "who",
      expect: "100-continue",
    },
  });
  const answered = once(req, "response");
  req.flushHeaders();
  await once(req, "continue");
  return {
    end: async () => {
      req.end(body);
      const [res] = await answered;
      let text = "";
      for await (const chunk of res) text += String(chunk);
      return [res.statusCode, text] as const;
    },
  };
}
