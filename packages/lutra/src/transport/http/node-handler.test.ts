/** Cases of the Node handler that need a raw connection. */
import { once } from "node:events";
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  request as sendRequest,
} from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ProtocolError } from "../../protocol/errors.ts";
import { createServer } from "../../server/create-server.ts";
import { defineTool } from "../../server/tools.ts";
import { legacySupport } from "./legacy-hook.ts";
import { createNodeHandler } from "./node-handler.ts";

const errors: unknown[] = [];
const onError = (error: unknown) => void errors.push(error);
let ran = 0;
let inFlight = 0;
const echo = defineTool({
  name: "echo",
  inputSchema: {
    type: "object",
    properties: { region: { type: "string", "x-mcp-header": "Region" } },
  },
  call: (args) => {
    ran += 1;
    return JSON.stringify(args);
  },
});
const server = createServer({ name: "test", version: "1", tools: [echo], onError });

let http: HttpServer;
const sockets: Socket[] = [];

beforeAll(async () => {
  const handler = createNodeHandler(server, { onError, maxBodyBytes: 10_000 });
  http = createHttpServer((req, res) => {
    inFlight += 1;
    void handler(req, res).finally(() => {
      inFlight -= 1;
    });
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  expect(errors.splice(0)).toEqual([]);
});
afterAll(async () => {
  http.closeAllConnections();
  await new Promise((resolve) => http.close(resolve));
});

async function open(): Promise<Socket> {
  const socket = connect((http.address() as AddressInfo).port, "127.0.0.1").setEncoding("utf8");
  sockets.push(socket);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Sends raw bytes and reads until the server closes the connection. */
async function exchange(text: string): Promise<string> {
  const socket = await open();
  let answer = "";
  socket.on("data", (chunk) => (answer += chunk));
  socket.write(text);
  await once(socket, "close");
  return answer;
}

const body = (args: object = {}) =>
  JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: {
      name: "echo",
      arguments: args,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    },
  });

const common = [
  "Host: localhost",
  "Content-Type: application/json",
  "MCP-Protocol-Version: 2026-07-28",
  "Mcp-Method: tools/call",
  "Mcp-Name: echo",
];

function request(
  headers: readonly string[],
  content = body(),
  line = "POST /mcp HTTP/1.1",
): string {
  return `${[line, ...headers].join("\r\n")}\r\n\r\n${content}`;
}

const length = `Content-Length: ${body().length}`;
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

it("a valid request is answered", async () => {
  const answer = await exchange(request([...common, length, "Connection: close"]));
  expect(statusOf(answer)).toBe(200);
  expect(answer).toContain('"resultType":"complete"');
});

describe("Node's parser rejects ambiguous requests", () => {
  it.each<[string, string]>([
    [
      "Content-Length and Transfer-Encoding",
      request([...common, length, "Transfer-Encoding: chunked"], `0\r\n\r\n${body()}`),
    ],
    ["two lengths", request([...common, length, "Content-Length: 1"])],
    ["a length that is a list", request([...common, `Content-Length: ${body().length}, 1`])],
    ["a length with a sign", request([...common, `Content-Length: +${body().length}`])],
    ["a length that is not a number", request([...common, "Content-Length: ten"])],
    ["an unknown encoding", request([...common, "Transfer-Encoding: xchunked"])],
    ["chunked, but not at the end", request([...common, "Transfer-Encoding: chunked, identity"])],
    [
      "a header that continues on the next line",
      request([...common, "Mcp-Method: tools/call\r\n x", length]),
    ],
    [
      "a bare line feed at the end of a line",
      request([...common, `X: y\nMcp-Name: other`, length]),
    ],
    ["a bare carriage return in a value", request([...common, "X: y\rMcp-Name: other", length])],
    ["a blank before the colon", request([...common, "Mcp-Name : other", length])],
    ["a NUL in a value", request([...common, "X: y\0", length])],
    ["a control character in a value", request([...common, "X: \x01", length])],
    ["a name that is not a token", request([...common, "X(): y", length])],
    ["no host", request([...common.slice(1), length])],
    [
      "a chunk size that is not a number",
      request([...common, "Transfer-Encoding: chunked"], "zz\r\n"),
    ],
  ])("%s", async (_what, text) => {
    const before = ran;
    expect(statusOf(await exchange(text))).toBe(400);
    expect(ran).toBe(before);
  });
});

describe("repeated headers", () => {
  it.each([
    ["Mcp-Name", "Mcp-Name: echo"],
    ["Mcp-Name, with another value", "Mcp-Name: other"],
    ["Mcp-Method", "mcp-method: tools/call"],
    ["MCP-Protocol-Version", "MCP-PROTOCOL-VERSION: 2026-07-28"],
    ["one that is empty", "Mcp-Name:"],
  ])("basic/transports/streamable-http#server-validation: -32020: %s", async (_what, header) => {
    const answer = await exchange(request([...common, header, length, "Connection: close"]));
    expect(statusOf(answer)).toBe(400);
    expect(answer).toContain('"code":-32020');
  });

  it("a repeated Mcp-Param-* is rejected although the joined value equals the argument", async () => {
    const content = body({ region: "a, b" });
    const twice = ["Mcp-Param-Region: a", "Mcp-Param-Region: b"];
    const sized = `Content-Length: ${content.length}`;
    const refused = await exchange(
      request([...common, ...twice, sized, "Connection: close"], content),
    );
    expect(refused).toContain('"code":-32020');
    const once = [...common, "Mcp-Param-Region: a, b", sized, "Connection: close"];
    expect(statusOf(await exchange(request(once, content)))).toBe(200);
  });

  it("a repeated Origin is refused because it is not listed", async () => {
    const origins = ["Origin: http://localhost", "Origin: http://localhost"];
    const answer = await exchange(request([...common, ...origins, length, "Connection: close"]));
    expect(statusOf(answer)).toBe(403);
  });

  it("a repeated Host is refused, or the first one counts", async () => {
    const answer = await exchange(
      request([...common, "Host: evil.com", length, "Connection: close"]),
    );
    expect([200, 400]).toContain(statusOf(answer));
    const evil = ["Host: evil.com", ...common, length, "Connection: close"];
    expect([400, 403]).toContain(statusOf(await exchange(request(evil))));
  });

  it("a request of HTTP/1.0 is answered, and its connection closed", async () => {
    const answer = await exchange(request([...common, length], body(), "POST /mcp HTTP/1.0"));
    expect(statusOf(answer)).toBe(200);
    expect(answer.toLowerCase()).toContain("connection: close");
    expect(answer.toLowerCase()).not.toContain("transfer-encoding");
  });

  it("a missing Host, which HTTP/1.0 allows, is not a loopback name", async () => {
    const headers = [...common.slice(1), length];
    expect(statusOf(await exchange(request(headers, body(), "POST /mcp HTTP/1.0")))).toBe(403);
  });
});

describe("RFC 9112: a target in absolute form", () => {
  const at = (host: string) =>
    exchange(
      request([...common, length, "Connection: close"], body(), `POST http://${host}/mcp HTTP/1.1`),
    );

  it("is accepted", async () => {
    expect(statusOf(await at("localhost"))).toBe(200);
  });

  it.each(["evil.com", "user@localhost", "localhost.evil.com"])(
    "has a host that takes precedence over Host: %s",
    async (host) => {
      expect(statusOf(await at(host))).toBe(403);
    },
  );
});

describe("bodies", () => {
  it("an endless body is refused while it arrives, and the client receives the response", async () => {
    const socket = await open();
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk));
    socket.write(
      `${[...["POST /mcp HTTP/1.1"], ...common, "Transfer-Encoding: chunked"].join("\r\n")}\r\n\r\n`,
    );
    const closed = once(socket, "close");
    const chunk = `3e8\r\n${" ".repeat(1000)}\r\n`;
    while (!answer.includes("\r\n\r\n") && !socket.destroyed) {
      socket.write(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(statusOf(answer)).toBe(413);
    expect(answer.toLowerCase()).toContain("connection: close");
    socket.destroy();
    await closed;
  });

  it("an endless body after a refusal is read for two seconds at most", async () => {
    const outcomeOf = async (method: string, headers: readonly string[]) => {
      const socket = await open();
      let answer = "";
      socket.on("data", (chunk) => (answer += chunk));
      socket.on("error", () => {});
      const closed = once(socket, "close");
      const lines = [`${method} /mcp HTTP/1.1`, "Host: localhost", ...headers];
      socket.write(`${[...lines, "Transfer-Encoding: chunked"].join("\r\n")}\r\n\r\n`);
      const chunk = `3e8\r\n${" ".repeat(1000)}\r\n`;
      const writing = setInterval(() => socket.write(chunk), 20);
      await Promise.race([closed, delay(8000)]); // time: a bound, if the connection stays open
      clearInterval(writing);
      const isClosed = socket.destroyed;
      socket.destroy();
      return { status: statusOf(answer), isClosed };
    };
    const json = "Content-Type: application/json";
    const outcomes = await Promise.all([
      outcomeOf("POST", ["Content-Type: text/plain"]),
      outcomeOf("PUT", [json]),
      outcomeOf("POST", [json, "Origin: https://foreign.example"]),
    ]);
    expect(outcomes).toEqual([415, 405, 403].map((status) => ({ status, isClosed: true })));
  });

  it("a Content-Length above the limit is refused before the body", async () => {
    const socket = await open();
    socket.write(request([...common, "Content-Length: 10001"], ""));
    const [answer] = await once(socket, "data");
    expect(statusOf(answer)).toBe(413);
  });

  it("a client that disconnects during its body leaves nothing behind", async () => {
    const before = ran;
    const socket = await open();
    const arrived = once(http, "request");
    socket.write(request([...common, length], body().slice(0, 20)));
    await arrived;
    expect(inFlight).toBe(1);
    socket.destroy();
    while (inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(ran).toBe(before);
  });

  it("a connection is reused after results and refusals", async () => {
    const socket = await open();
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk));
    const texts = [
      request([...common, length]),
      request(["Host: localhost", "Content-Length: 2"], "{}"),
      request(["Host: localhost", "Content-Type: application/json", "Content-Length: 1"], "{"),
      request(["Host: localhost"], "", "GET /mcp HTTP/1.1"),
      request([...common, length, "Connection: close"]),
    ];
    for (const text of texts) socket.write(text);
    await once(socket, "close");
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    expect(statuses).toEqual([200, 415, 400, 405, 200]);
  });

  it("Expect: 100-continue gets the response", async () => {
    const headers = [...common, length, "Expect: 100-continue", "Connection: close"];
    const answer = await exchange(request(headers));
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
  });
});

it("a request with two hosts is refused with 400", async () => {
  const headers = [...common, "Host: localhost", length, "Connection: close"];
  const answer = await exchange(request(headers));
  expect(statusOf(answer)).toBe(400);
  expect(answer).toContain("Host: sent more than once");
});

it.each(["GET", "DELETE"])("a %s with two sessions is refused with 400", async (method) => {
  const load = () => Promise.reject(new Error("expected no endpoint"));
  const handler = createNodeHandler(server, { onError }, legacySupport({}, load));
  const own = createHttpServer(handler);
  await once(own.listen(0, "127.0.0.1"), "listening");
  const { port } = own.address() as AddressInfo;
  const headers = { "mcp-session-id": ["a", "b"], connection: "close" };
  const req = sendRequest({ port, host: "127.0.0.1", method, headers }).end();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  expect(res.statusCode).toBe(400);
  expect(await text(res)).toContain("mcp-session-id: sent more than once");
  await new Promise((resolve) => own.close(resolve));
});

it("closes the connection of a response whose headers are invalid", async () => {
  const reported: unknown[] = [];
  const authenticate = () => {
    throw new ProtocolError("invalidRequest", "no", { status: 401, challenge: "Bearer\nx" });
  };
  const handler = createNodeHandler(server, {
    authenticate,
    onError: (error) => reported.push(error),
  });
  const own = createHttpServer(handler);
  await once(own.listen(0, "127.0.0.1"), "listening");
  const { port } = own.address() as AddressInfo;
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  await expect(
    fetch(`http://127.0.0.1:${port}`, { method: "POST", headers, body }),
  ).rejects.toThrow();
  expect(reported).toMatchObject([{ code: "ERR_INVALID_CHAR" }]);
  own.close();
});
