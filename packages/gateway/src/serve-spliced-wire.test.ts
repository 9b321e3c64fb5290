/** Responses byte for byte: each has the same outcome whether its request is parsed or not. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { type Gateway, startGateway } from "./gateway.ts";

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

const body = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}';
const json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const chunked = `${json}transfer-encoding: chunked\r\n`;
const part = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

function whole(text: string, head = json): string {
  return `${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

const status = (line: string, headers = "") =>
  `HTTP/1.1 ${line}\r\n${headers}content-length: 0\r\n\r\n`;

const challenge = 'www-authenticate: Bearer resource_metadata="https://other.example/"\r\n';

/** The text of each response. Its connection is closed behind it. */
const responses: { readonly [what: string]: string } = {
  complete: whole(body),
  empty: whole(""),
  "empty in chunks": `${chunked}\r\n0\r\n\r\n`,
  "empty until the end": `${json}connection: close\r\n\r\n`,
  "in chunks": `${chunked}\r\n${part(body.slice(0, 9))}${part(body.slice(9))}0\r\n\r\n`,
  "until the end": `${json}connection: close\r\n\r\n${body}`,
  "with two lengths": whole(body, `${json}content-length: 3\r\n`),
  "with a length and chunks": `${chunked}content-length: 48\r\n\r\n${part(body)}0\r\n\r\n`,
  "longer than its length": `${whole(body)}{}`,
  "shorter than its length": `${json}content-length: 200\r\n\r\n${body}`,
  "two values": whole(body + body),
  "with a byte order mark": whole(`\ufeff${body}`),
  "after an early hint": `HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n${whole(body)}`,
  "without a type": whole(body, "HTTP/1.1 200 OK\r\n"),
  "with an encoding": whole(body, `${json}content-encoding: gzip\r\n`),
  "with headers for clients": whole(body, `${json}set-cookie: a=b\r\nmcp-session-id: s\r\n`),
  "a batch": whole(`[${body}]`),
  "null as its result": whole('{"jsonrpc":"2.0","id":1,"result":null}'),
  "a text as its id": whole(body.replace("1,", '"1",')),
  created: whole(body, "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n"),
  accepted: status("202 Accepted"),
  "no content": "HTTP/1.1 204 No Content\r\n\r\n",
  redirect: status("301 Moved", "location: http://other.example/\r\n"),
  unauthorized: status("401 Unauthorized", challenge),
  "not found": status("404 Not Found"),
  unavailable: status("503 Service Unavailable", "retry-after: 3\r\n"),
  "a malformed head": "HTTP/1.1 200 OK\r\nmalformed\r\n\r\n",
};

/** The response to the next calls. */
let next = "";
const ends: (() => unknown)[] = [];
let spliced: Gateway;
let parsed: Gateway;

function answer(socket: Socket, request: string): void {
  if (request.includes("tools/call")) {
    socket.end(next);
    return;
  }
  const { id } = JSON.parse(request.slice(request.indexOf("\r\n\r\n")) || "{}");
  const hints = { resultType: "complete", ttlMs: 60_000, cacheScope: "public" };
  const discovered = { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } };
  const tools = [{ name: "t", inputSchema: { type: "object" } }];
  const result = { ...hints, ...discovered, tools };
  socket.end(whole(JSON.stringify({ jsonrpc: "2.0", id, result }), `${json}connection: close\r\n`));
}

async function startUpstream(): Promise<string> {
  const server = createServer((socket) => {
    let request = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      request += chunk;
      const length = Number(/^content-length: (\d+)/im.exec(request)?.[1]);
      if (request.length === request.indexOf("\r\n\r\n") + 4 + length) answer(socket, request);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  ends.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

async function start(url: string, verify: "upstream" | "gateway"): Promise<Gateway> {
  const upstream = {
    url,
    verify,
    era: "modern" as const,
    health: { intervalMs: 3_600_000, failures: 1_000_000 },
  };
  const config: ConfigInput = {
    ...{ listen: { port: 0 }, admin: false, log: false, drainMs: 100 },
    upstreams: { a: upstream, b: upstream },
    routes: [{ merge: "all", prefix: "always" }],
  };
  const gateway = await startGateway(config, { notice: () => {} });
  ends.unshift(() => gateway.close());
  await gateway.ready();
  await post(gateway, "tools/list", {});
  return gateway;
}

async function post({ url }: Gateway, method: string, params: object, name?: string) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(name !== undefined && { "mcp-name": name }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
  const text = await response.text();
  const headers = Object.fromEntries(response.headers);
  return { status: response.status, headers: { ...headers, date: "" }, text };
}

const call = (gateway: Gateway) => post(gateway, "tools/call", { name: "a.t" }, "a.t");

beforeAll(async () => {
  const url = await startUpstream();
  spliced = await start(url, "upstream");
  parsed = await start(url, "gateway");
});

afterAll(async () => {
  for (const end of ends) await end();
});

async function expectSame(text: string): Promise<void> {
  next = text;
  expect(await call(spliced)).toEqual(await call(parsed));
}

it.each(Object.entries(responses))(
  "answers as a request that is parsed: %s",
  async (_what, text) => {
    await expectSame(text);
  },
);

it.each(["complete", "in chunks", "until the end"])(
  "answers as a request that is parsed to a response that ends anywhere: %s",
  async (what) => {
    const text = responses[what] as string;
    for (let end = 0; end < text.length; end += 1) await expectSame(text.slice(0, end));
    const inFlight = () => spliced.upstreams().map((one) => one.inFlight - one.ownSubscriptions);
    await expect.poll(inFlight).toEqual([0, 0]);
  },
);
