/** Bodies that a framework has read before `createNodeHandler` is called. */
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { createServer } from "../../server/create-server.ts";
import { defineTool } from "../../server/tools.ts";
import { createNodeHandler } from "./node-handler.ts";
import type { HttpHandlerOptions } from "./rules.ts";

const echo = defineTool({
  name: "echo",
  inputSchema: { type: "object" },
  call: (args) => JSON.stringify(args),
});
const server = createServer({ name: "test", version: "1", tools: [echo] });

/** Reads a request as a framework would, and returns the value for `req.body`. */
type Parser = (req: IncomingMessage) => Promise<unknown>;

const toValue: Parser = async (req) => JSON.parse(String(await buffer(req)));
const toText: Parser = async (req) => String(await buffer(req));
const toBytes: Parser = (req) => buffer(req);
const toNothing: Parser = async (req) => void (await buffer(req));

const message = (args: unknown = { a: 1 }) => ({
  jsonrpc: "2.0",
  id: 7,
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

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly reported: readonly unknown[];
}

/** Sends a request to a handler behind a parser. */
async function ask(
  parser: Parser,
  body: string | ReadableStream = JSON.stringify(message()),
  options: HttpHandlerOptions = {},
): Promise<Answer> {
  const reported: unknown[] = [];
  const onError = (error: unknown) => void reported.push(error);
  const handler = createNodeHandler(server, { ...options, onError });
  const http = createHttpServer(async (req, res) => {
    await handler(Object.assign(req, { body: await parser(req) }), res);
  });
  return { ...(await post(http, body)), reported };
}

/** Sends a request to a server, which is closed afterwards. */
async function post(
  http: Server,
  body: string | ReadableStream,
): Promise<Pick<Answer, "status" | "body">> {
  onTestFinished(async () => void (await once(http.close(), "close")));
  await once(http.listen(0, "127.0.0.1"), "listening");
  const { port } = http.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
      connection: "close",
    },
    body,
    ...(typeof body !== "string" && { duplex: "half" }),
  });
  return { status: response.status, body: await response.json() };
}

/** A body without a `Content-Length`. */
const chunked = (text: string) => new Blob([text]).stream();

const called = {
  status: 200,
  body: { id: 7, result: { content: [{ text: '{"a":1}' }] } },
  reported: [],
};

it.each([
  ["a decoded value", toValue],
  ["text", toText],
  ["bytes", toBytes],
])("uses %s in req.body of a request that has been read", async (_what, parser) => {
  expect(await ask(parser)).toMatchObject(called);
});

it("uses req.body after an authenticate that waits", async () => {
  const authenticate = async () => ({ id: "ada" });
  expect(await ask(toValue, undefined, { authenticate })).toMatchObject(called);
});

it("reads a request that a parser has left unread, although there is a req.body", async () => {
  expect(await ask(async () => ({}))).toMatchObject(called);
});

it.each([
  ["a body", JSON.stringify(message())],
  ["an empty body", ""],
  ["a chunked body", chunked("{}")],
])("answers 500 when %s was read and req.body is missing, and reports it", async (_what, body) => {
  const { status, body: answer, reported } = await ask(toNothing, body);
  const text =
    "body: it was read before; set req.body, or mount createNodeHandler before the body parser";
  expect([status, answer]).toEqual([
    500,
    { jsonrpc: "2.0", error: { code: -32603, message: text } },
  ]);
  expect(reported).toMatchObject([{ message: text }]);
});

it("answers 500 when only a part of the body was read", async () => {
  const readOnce: Parser = async (req) => {
    await once(req, "data");
    req.pause();
  };
  expect(await ask(readOnce)).toMatchObject({ status: 500, body: { error: { code: -32603 } } });
});

it.each([
  ["a string", '"x"'],
  ["a list", "[]"],
  ["null", "null"],
  ["an object that is not a message", "{}"],
])("answers 400 to a decoded body that is %s", async (_what, body) => {
  expect(await ask(toValue, body)).toMatchObject({ status: 400, reported: [] });
});

it.each([
  ["too many values", Array(50).fill(0), "expected at most 40 keys and values"],
  ["too many levels", JSON.parse(`${"[".repeat(130)}${"]".repeat(130)}`), "at most 128 levels"],
])("refuses a decoded body with %s, with the id", async (_what, args, text) => {
  const body = JSON.stringify(message(args));
  const answer = await ask(toValue, body, { maxBodyValues: args.length === 1 ? 1000 : 40 });
  const error = { code: -32602, message: expect.stringContaining(text) };
  expect(answer).toMatchObject({ status: 400, body: { id: 7, error } });
});

it.each([
  ["a decoded body by its Content-Length", toValue, JSON.stringify(message())],
  ["text by its own length", toText, chunked(JSON.stringify(message()))],
  ["bytes by their own length", toBytes, chunked(JSON.stringify(message()))],
])("answers 413 to %s", async (_what, parser, body) => {
  expect(await ask(parser, body, { maxBodyBytes: 100 })).toMatchObject({ status: 413 });
});

it("reads a request whose data another listener observes", async () => {
  let seen = "";
  const handler = createNodeHandler(server);
  const http = createHttpServer((req, res) => {
    req.on("data", (chunk) => {
      seen += chunk;
    });
    void handler(req, res);
  });
  const { status, body } = called;
  expect(await post(http, JSON.stringify(message()))).toMatchObject({ status, body });
  expect(seen).toBe(JSON.stringify(message()));
});

it.each([
  ["its body has arrived", JSON.stringify(message())],
  ["a part of its body has arrived", JSON.stringify(message()).slice(0, -1)],
])(
  "ends a request whose client disconnects while its credentials are checked, when %s",
  async (_what, body) => {
    let endCheck = () => {};
    const checked = new Promise<undefined>((resolve) => {
      endCheck = () => resolve(undefined);
    });
    const handler = createNodeHandler(server, { authenticate: () => checked });
    const http = createHttpServer();
    onTestFinished(() => void http.close());
    await once(http.listen(0, "127.0.0.1"), "listening");
    const { port } = http.address() as AddressInfo;
    const socket = connect(port, "127.0.0.1");
    const length = JSON.stringify(message()).length;
    socket.write(`POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`);
    socket.write(`Content-Length: ${length}\r\n\r\n${body}`);
    const [req, res] = await once(http, "request");
    const answered = handler(req, res);
    socket.destroy();
    await once(res, "close");
    endCheck();
    await answered;
    expect(res.headersSent).toBe(false);
  },
);

it.each([
  ["a result", JSON.stringify(message()), 200],
  ["an error", "{", 400],
])(
  "ends the stream of a request that got %s, for listeners of a framework",
  async (_what, body, status) => {
    const handler = createNodeHandler(server);
    const events: string[] = [];
    const http = createHttpServer((req, res) => {
      for (const event of ["end", "close"]) req.on(event, () => events.push(event));
      void handler(req, res);
    });
    // A body in the packet of its head, as most clients send it.
    onTestFinished(async () => void (await once(http.close(), "close")));
    await once(http.listen(0, "127.0.0.1"), "listening");
    const socket = connect((http.address() as AddressInfo).port, "127.0.0.1");
    const names =
      "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\n";
    const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${names}`;
    socket.write(`${head}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) text += chunk;
    expect(text).toContain(`HTTP/1.1 ${status}`);
    expect(events).toEqual(["end", "close"]);
  },
);

it("reads a body in several pieces that another listener takes after the handler was called", async () => {
  const handler = createNodeHandler(server);
  let seen = "";
  const http = createHttpServer((req, res) => {
    // By then, the body has arrived, as behind any middleware that waits.
    req.socket.once("waited", () => {
      void handler(req, res);
      req.on("data", (chunk) => {
        seen += chunk;
      });
    });
  });
  onTestFinished(async () => void (await once(http.close(), "close")));
  await once(http.listen(0, "127.0.0.1"), "listening");
  const socket = connect((http.address() as AddressInfo).port, "127.0.0.1");
  const body = JSON.stringify(message());
  const parts = [body.slice(0, 40), body.slice(40)];
  const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
  const names = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\n";
  const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${names}`;
  socket.write(`${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
  const [req] = await once(http, "request");
  setImmediate(() => req.socket.emit("waited"));
  let text = "";
  for await (const chunk of socket.setEncoding("utf8")) text += chunk;
  expect(text).toContain("HTTP/1.1 200");
  expect(seen).toBe(body);
});
