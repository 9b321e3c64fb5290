/** Calls that are passed into sessions unparsed have the outcome of calls that are parsed. */
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import { type Gateway, startGateway } from "../gateway.ts";

const elicitation = { elicitation: { form: {} } };
const metaOf = (capabilities: object) => ({
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "ann", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": capabilities,
});
const _meta = metaOf({});
const nested = "[".repeat(200) + "]".repeat(200);
const question = {
  method: "elicitation/create",
  params: { message: "?", requestedSchema: { type: "object", properties: {} } },
};
const accepted = { action: "accept", content: {} };

type Message = Record<string, unknown> & { readonly id?: unknown };

/** A call that the server has received. */
interface Received {
  readonly res: ServerResponse;
  readonly id: unknown;
  readonly req: IncomingMessage;
  readonly params: Record<string, unknown>;
}

const json = (res: ServerResponse, text: string | Buffer, status = 200) =>
  res.writeHead(status, { "content-type": "application/json" }).end(text);
const text = (id: unknown, result: object) => JSON.stringify({ jsonrpc: "2.0", id, result });
const content = { content: [{ type: "text", text: "hä 🦦 \u2028" }] };
const stream = (res: ServerResponse) => res.writeHead(200, { "content-type": "text/event-stream" });
const event = (data: string) => `event: message\ndata: ${data}\n\n`;
const notification = (method: string, params: object) =>
  JSON.stringify({ jsonrpc: "2.0", method, params });
const progress = (progressToken: unknown) =>
  notification("notifications/progress", { progressToken, progress: 1 });
const failure = (id: unknown, code: number) =>
  JSON.stringify({ jsonrpc: "2.0", id, error: { code, message: "fails", data: { x: 1 } } });

/** Waits until all of a text is sent, so that the next one arrives in another chunk. */
const write = (res: ServerResponse, part: string) =>
  new Promise<void>((resolve) => {
    res.write(part, () => setImmediate(resolve));
  });

/** The responses to calls, by the tool. */
const responses: { readonly [tool: string]: (received: Received) => unknown } = {
  plain: ({ res, id }) => json(res, text(id, content)),
  empty: ({ res, id }) => json(res, text(id, {})),
  spaced: ({ res, id }) => json(res, `{ "result" : { } , "id" : ${id} , "jsonrpc":"2.0"}`),
  escaped: ({ res, id }) => json(res, text(id, { "\u0001": "\u0002" }).replace("id", "\\u0069d")),
  typed: ({ res, id }) => json(res, text(id, { ...content, resultType: "other" })),
  "typed with escapes": ({ res, id }) =>
    json(res, text(id, { ...content, resultType: 7 }).replace("resultT", "\\u0072esultT")),
  "with the error of the tool": ({ res, id }) => json(res, text(id, { ...content, isError: true })),
  "with a link": ({ res, id }) =>
    json(res, text(id, { content: [{ type: "resource_link", name: "n", uri: "x:y" }] })),
  "with hints": ({ res, id }) =>
    json(res, text(id, { ...content, ttlMs: 5, cacheScope: "public" })),
  "with two members of one name": ({ res, id }) =>
    json(res, `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"content":[1]}}`),
  "with two results": ({ res, id }) =>
    json(res, `{"jsonrpc":"2.0","id":${id},"result":{"x":1},"result":{"x":2}}`),
  "not an object": ({ res, id }) => json(res, `{"jsonrpc":"2.0","id":${id},"result":[]}`),
  "with too many levels": ({ res, id }) =>
    json(res, `{"jsonrpc":"2.0","id":${id},"result":{"x":${nested}}}`),
  "with invalid JSON": ({ res, id }) => json(res, `{"jsonrpc":"2.0","id":${id},"result":{"x":[}]}`),
  "with an invalid value": ({ res, id }) =>
    json(res, `{"jsonrpc":"2.0","id":${id},"result":{"x":nothing}}`),
  "in invalid UTF-8": ({ res, id }) =>
    json(res, Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":{"x":"\xff"}}`, "latin1")),
  "with a byte order mark": ({ res, id }) => json(res, `\ufeff${text(id, content)}`),
  truncated: ({ res, id }) => json(res, text(id, content).slice(0, -4)),
  "with another id": ({ res }) => json(res, text(1, content)),
  "with a text as its id": ({ res, id }) => json(res, text(String(id), content)),
  "in a batch": ({ res, id }) => json(res, `[${text(id, content)}]`),
  "without a body": ({ res }) => res.writeHead(200, { "content-type": "application/json" }).end(),
  accepted: ({ res }) => res.writeHead(202).end(),
  "without a type": ({ res, id }) => res.writeHead(200).end(text(id, content)),
  "with 200 and an error": ({ res, id }) => json(res, failure(id, -32_603)),
  "with 400 and an error": ({ res, id }) => json(res, failure(id, -32_602), 400),
  "with 500 and an error": ({ res, id }) => json(res, failure(id, -32_603), 500),
  "with an old error": ({ res, id }) => json(res, failure(id, -32_002)),
  "with a page": ({ res }) => res.writeHead(502, { "content-type": "text/html" }).end("<p>"),
  limited: ({ res }) => res.writeHead(429, { "retry-after": "7" }).end(),
  challenged: ({ res }) => res.writeHead(401, { "www-authenticate": 'Bearer realm="x"' }).end(),
  redirected: ({ res }) => res.writeHead(302, { location: "http://other.example/" }).end(),
  large: ({ res, id }) => json(res, text(id, { x: "x".repeat(1_500_000) })),
  "too large": ({ res, id }) => json(res, text(id, { x: "x".repeat(17_000_000) })),
  leaves: ({ res }) => res.destroy(),
  "with a cookie": ({ res, id }) => {
    res.setHeader("set-cookie", "a=b");
    json(res, text(id, content));
  },
  "in an event": ({ res, id }) => stream(res).end(event(text(id, content))),
  "in an event with other line ends": ({ res, id }) =>
    stream(res).end(`id: 1\r\nretry: 5\r\ndata:${text(id, content)}\r\n\r\n`),
  "in an event of two lines": ({ res, id }) =>
    stream(res).end(`data: {"jsonrpc":"2.0","id":${id},\ndata: "result":{}}\n\n`),
  "in an event of another type": ({ res, id }) =>
    stream(res).end(`event: other\ndata: ${text(id, content)}\n\n${event(text(id, {}))}`),
  "in an event without an end": ({ res, id }) => stream(res).end(event(text(id, {})).trimEnd()),
  "in an event that lone carriage returns divide": ({ res, id }) =>
    stream(res).end(`data: {\rdata: ${text(id, content).slice(1)}\r\r\n\n`),
  "in an event after a priming one": ({ res, id }) =>
    stream(res).end(`id: 1\ndata: \n\n${event(text(id, content))}`),
  "in an event some time after a priming one": async ({ res, id }) => {
    await write(stream(res), "id: 1\ndata: \n\n");
    res.end(event(text(id, content)));
  },
  "in an event in several chunks": async ({ res, id }) => {
    const whole = event(text(id, content));
    for (const part of whole.match(/[\s\S]{1,20}/g) ?? []) await write(res, part);
    res.end();
  },
  "after progress without a token": ({ res, id }) =>
    stream(res).end(event(progress("other")) + event(text(id, content))),
  "after a log message": ({ res, id }) => {
    const logged = notification("notifications/message", { level: "error", data: "x" });
    stream(res).end(event(logged) + event(text(id, content)));
  },
  "after a ping": ({ res, id }) => {
    const ping = JSON.stringify({ jsonrpc: "2.0", id: "p", method: "ping" });
    stream(res).end(event(ping) + event(text(id, content)));
  },
  "after a request that is not declared": async ({ res, id }) => {
    const answered = answerTo("q");
    stream(res).write(event(JSON.stringify({ jsonrpc: "2.0", id: "q", ...question })));
    res.end(event(text(id, { error: (await answered).error as object })));
  },
  "in a stream that ends too early": ({ res }) => stream(res).end(": hi\n\n"),
  "in a stream that is resumed": async ({ res, id }) => {
    toResume = event(text(id, content));
    await write(stream(res), "id: here\nretry: 100\ndata: \n\n");
    res.end();
  },
  "in a stream that breaks and is resumed": async ({ res, id }) => {
    toResume = event(text(id, content));
    await write(stream(res), "id: here\nretry: 100\ndata: \n\n");
    res.destroy();
  },
};

let toResume = "";
let calls: { readonly id: unknown; readonly text: string; readonly headers: object }[] = [];
let posted: Message[] = [];
let onCall: ((received: Received) => void) | undefined;
let sessions = 0;
let known: ReadonlySet<string> = new Set();
const waiting = new Map<string, (message: Message) => void>();
let standalone: ServerResponse | undefined;
let hasStandalone = false;
const ends: (() => unknown)[] = [];
let url: string;
let short: Gateway;
let parsed: Gateway;

/** Resolves to the answer of the client to a request of the server. */
function answerTo(id: string): Promise<Message> {
  return new Promise((resolve) => waiting.set(id, resolve));
}

/** Resolves to the next notification of a method. */
function notified(method: string): Promise<Message> {
  return new Promise((resolve) => waiting.set(method, resolve));
}

function handle(req: IncomingMessage, res: ServerResponse, sent: string): unknown {
  if (req.method === "DELETE") return res.writeHead(200).end();
  if (req.method === "GET" && req.headers["last-event-id"]) return stream(res).end(toResume);
  if (req.method === "GET" && hasStandalone) {
    standalone = res;
    return stream(res).write(": open\n\n");
  }
  if (req.method === "GET") return res.writeHead(405).end();
  const message = JSON.parse(sent) as Message & { readonly params?: Received["params"] };
  const { id, method = String(id), params = {} } = message;
  if (method === "initialize") {
    sessions += 1;
    res.setHeader("mcp-session-id", `session-${sessions}`);
    known = new Set([...known, `session-${sessions}`]);
    const capabilities = { tools: {}, logging: {} };
    const serverInfo = { name: "old", version: "1" };
    return json(res, text(id, { protocolVersion: "2025-11-25", capabilities, serverInfo }));
  }
  if (!known.has(String(req.headers["mcp-session-id"]))) return res.writeHead(404).end();
  if (method === "tools/call") {
    calls.push({ id, text: sent, headers: req.headers });
    onCall?.({ res, id, req, params });
    return responses[String(params.name)]?.({ res, id, req, params });
  }
  if (method === "tools/list") {
    const tools = Object.keys(responses).map((name) => ({ name, inputSchema: { type: "object" } }));
    return json(res, text(id, { tools: [...tools, mirroring] }));
  }
  posted.push(message);
  res.writeHead(202).end();
  waiting.get(String(method))?.(message);
}

const country = { type: "string", "x-mcp-header": "Country" };
/** A tool that mirrors an argument into a header. */
const mirroring = { name: "mirrors", inputSchema: { type: "object", properties: { country } } };

async function startServer(): Promise<string> {
  const server = createServer(async (req, res) => {
    handle(req, res, Buffer.concat(await req.toArray()).toString());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

async function start(url: string, more: Partial<ConfigInput> = {}): Promise<Gateway> {
  const health = { intervalMs: 3_600_000 };
  const config: ConfigInput = {
    ...{ listen: { port: 0 }, admin: false, log: false, drainMs: 100 },
    upstreams: { old: { url, era: "legacy", health } },
    ...more,
  };
  const gateway = await startGateway(config, { notice: () => {} });
  ends.unshift(() => gateway.close());
  await gateway.ready();
  return gateway;
}

/** A limit that no test reaches. With limits, all requests are parsed. */
const limits: ConfigInput["limits"] = [{ match: {}, concurrency: 1_000_000 }];

beforeAll(async () => {
  url = await startServer();
  short = await start(url);
  parsed = await start(url, { limits });
  // The first call of a caller opens its session, and fetches the list of tools.
  for (const gateway of [short, parsed]) {
    for (const declared of [{}, elicitation])
      await call(gateway, "plain", { _meta: metaOf(declared) });
  }
});

beforeEach(() => {
  calls = [];
  posted = [];
  onCall = undefined;
  waiting.clear();
});

afterAll(async () => {
  for (const end of ends) await end();
});

const headersOf = (tool: string) => ({
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name":
    encodeURI(tool) === tool ? tool : `=?base64?${Buffer.from(tool).toString("base64")}?=`,
});

function bodyOf(tool: string, members: object = {}): string {
  const params = { name: tool, arguments: { b: "hä 🦦", a: 1 }, _meta, ...members };
  return JSON.stringify({ jsonrpc: "2.0", id: "ä\n1", method: "tools/call", params });
}

function open({ url }: Gateway, tool: string, body: string, more: object = {}) {
  const req = httpRequest(url, { method: "POST", headers: { ...headersOf(tool), ...more } });
  req.end(body);
  return req;
}

async function send(gateway: Gateway, tool: string, body: string, more: object = {}) {
  const [res] = (await once(open(gateway, tool, body, more), "response")) as [IncomingMessage];
  const { date: _date, "content-length": _length, ...headers } = res.headers;
  const received = Buffer.concat(await res.toArray()).toString();
  const isJSON = headers["content-type"] === "application/json";
  return {
    status: res.statusCode,
    headers,
    text: received,
    body: isJSON ? JSON.parse(received) : received,
  };
}

const call = (gateway: Gateway, tool: string, members: object = {}) =>
  send(gateway, tool, bodyOf(tool, members));

/** Returns an outcome without what differs in each response. */
function comparable({ status, headers, text: _text, body }: Awaited<ReturnType<typeof send>>) {
  const sealed = JSON.stringify(body).replace(/"requestState":"[^"]*"/, '"requestState":"sealed"');
  const ids = sealed.replace(/\b100\d{4}\b/g, "id").replace(/:\d{4,5}\//g, ":port/");
  return { status, headers, body: JSON.parse(ids) };
}

it("passes a result on, with the members of the current revision", async () => {
  const { text: passed } = await call(short, "plain");
  const result = `{"resultType":"complete",${JSON.stringify(content).slice(1)}`;
  expect(passed).toBe(`{"jsonrpc":"2.0","id":"ä\\n1","result":${result}}`);
  const { text: streamed } = await call(short, "in an event");
  expect(streamed).toBe(passed);
});

it.each(Object.keys(responses))("answers like a call that is parsed: %s", async (tool) => {
  const outcome = comparable(await call(short, tool));
  const [sent] = calls;
  expect(outcome).toEqual(comparable(await call(parsed, tool)));
  expect(JSON.parse(sent?.text ?? "")).toEqual({
    ...JSON.parse(calls.at(-1)?.text ?? ""),
    id: sent?.id,
  });
});

describe("sends what a call that is parsed sends", () => {
  const written = bodyOf("plain");
  it.each([
    ["members that the revision does not know", bodyOf("plain", { task: { ttl: 1 }, other: null })],
    [
      "a trace and members of others in _meta",
      bodyOf("plain", { _meta: { ..._meta, traceparent: "00", "a/ä": "🦦" } }),
    ],
    ["responses without state", bodyOf("plain", { inputResponses: {} })],
    ["a token for progress", bodyOf("plain", { _meta: { ..._meta, progressToken: "ä" } })],
    [
      "a level for log messages",
      bodyOf("plain", { _meta: { ..._meta, "io.modelcontextprotocol/logLevel": "info" } }),
    ],
    ["a name with escapes", written.replace('"plain"', '"pl\\u0061in"')],
    [
      "names of members with escapes",
      written.replace('"_meta"', '"\\u005fmeta"').replace('"arguments"', '"argument\\u0073"'),
    ],
    ["_meta with escapes", written.replace("clientInfo", "client\\u0049nfo")],
    ["a parameter of an unusual name", bodyOf("plain", { "ä\n": 1 })],
    ["white space", JSON.stringify(JSON.parse(written), undefined, 2)],
    ["a number that is written differently", written.replace('"a":1', '"a":1.0e0')],
    ["a repeated member in _meta", written.replace('"_meta":{', '"_meta":{"a":1,"a":2,')],
    ["a repeated _meta", written.replace('"_meta"', `"_meta":{"x":1},"_meta"`)],
    ["a repeated member in the arguments", written.replace('"a":1', '"a":1,"a":2')],
    ["a large body", bodyOf("plain", { arguments: { x: "ä".repeat(40_000) } })],
  ])("%s", async (_what, body) => {
    const [a, b] = [await send(short, "plain", body), await send(parsed, "plain", body)];
    expect(comparable(a)).toEqual(comparable(b));
    expect(a.status).toBe(200);
    const [first, second] = calls.map(({ id, text: sent }) => {
      const { id: _, ...message } = JSON.parse(sent.replaceAll(String(id), "1"));
      return message;
    });
    expect(first).toEqual(second);
    expect(JSON.stringify(first)).not.toContain("io.modelcontextprotocol");
  });
});

it.each([
  ["another name in the body", bodyOf("empty"), {}],
  ["a truncated body", bodyOf("plain").slice(0, 90), {}],
  ["no protocol fields", bodyOf("plain", { _meta: undefined }), {}],
  ["invalid JSON in the arguments", bodyOf("plain").replace('"a":1', '"a":no'), {}],
  ["brackets in a wrong order", bodyOf("plain").replace('"a":1', '"a":[}]{'), {}],
  ["foreign request state", bodyOf("plain", { requestState: "own" }), {}],
  ["a version of _meta alone", bodyOf("plain").replace("2026-07-28", "2026-01-01"), {}],
  [
    "a version that is not served",
    bodyOf("plain").replace("2026-07-28", "2026-01-01"),
    { "mcp-protocol-version": "2026-01-01" },
  ],
])("refuses like a call that is parsed, and sends nothing: %s", async (_what, body, more) => {
  const refused = comparable(await send(short, "plain", body, more));
  expect(refused).toEqual(comparable(await send(parsed, "plain", body, more)));
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(calls).toEqual([]);
});

it("refuses a header that differs from the argument it mirrors", async () => {
  const body = bodyOf("mirrors", { arguments: { country: "fr" } });
  const headers = { "mcp-param-country": "de" };
  const refused = await send(short, "mirrors", body, headers);
  expect(refused).toMatchObject({ status: 400, body: { error: { code: -32_020 } } });
  expect(calls).toEqual([]);
});

it("keeps the session of each caller, and its credentials", async () => {
  const seen: unknown[] = [];
  for (const authorization of ["Bearer a", "Bearer b", "Bearer a", "Bearer b"]) {
    await send(short, "plain", bodyOf("plain"), { authorization });
    const { headers } = calls.at(-1) as { readonly headers: IncomingMessage["headers"] };
    seen.push([headers["mcp-session-id"], headers.authorization]);
  }
  const [a, b] = seen as [readonly string[], readonly string[]];
  expect(seen).toEqual([a, b, a, b]);
  expect([a[1], b[1]]).toEqual(["Bearer a", "Bearer b"]);
  expect(a[0]).not.toBe(b[0]);
});

it("opens a session that the server has forgotten, and sends the call once more", async () => {
  await call(short, "plain");
  known = new Set();
  const before = sessions;
  calls = [];
  expect(await call(short, "plain")).toMatchObject({ status: 200 });
  expect([calls.length, sessions]).toEqual([1, before + 1]);
  expect((await call(short, "plain")).text).toContain('"result":{"resultType":"complete"');
});

it("cancels a call at the server when its client has disconnected", async () => {
  await call(short, "plain");
  const cancelled = notified("notifications/cancelled");
  const received = new Promise<Received>((resolve) => {
    onCall = resolve;
  });
  const req = open(short, "waits", bodyOf("waits"));
  req.on("error", () => {});
  const { id, res } = await received;
  const closed = once(res, "close");
  req.destroy();
  expect((await cancelled).params).toMatchObject({ requestId: id });
  await closed;
});

/** Calls a tool that asks, and retries the call with the answer. */
async function exchange(tool: string, ask: (received: Received) => unknown) {
  const received = new Promise<Received>((resolve) => {
    onCall = resolve;
  });
  const asked = call(short, tool, { _meta: metaOf(elicitation) });
  const own = await received;
  await ask(own);
  const { body } = await asked;
  expect(body.result).toMatchObject({ resultType: "input_required" });
  const { inputRequests, requestState } = body.result;
  const inputResponses = Object.fromEntries(
    Object.keys(inputRequests).map((key) => [key, accepted]),
  );
  const answered = answerTo("q");
  const members = { _meta: metaOf(elicitation), inputResponses, requestState };
  const retried = call(short, tool, members);
  expect((await answered).result).toEqual(accepted);
  own.res.end(event(text(own.id, content)));
  return (await retried).body.result;
}

const asking = event(JSON.stringify({ jsonrpc: "2.0", id: "q", ...question }));
const answeredWith = { resultType: "complete", ...content };

it("asks the client in the middle of a call", async () => {
  const result = await exchange("asks", ({ res }) => stream(res).write(asking));
  expect(result).toEqual(answeredWith);
});

it("asks the client on the stream of the session, before the call has a response", async () => {
  hasStandalone = true;
  known = new Set();
  await call(short, "plain", { _meta: metaOf(elicitation) });
  hasStandalone = false;
  const result = await exchange("asks", ({ res }) => {
    standalone?.write(asking);
    stream(res);
  });
  standalone?.end();
  expect(result).toEqual(answeredWith);
});

it("waits for the first message of a stream as for the first byte of a response", async () => {
  const config = { url, era: "legacy", timeouts: { idleMs: 50 } } as const;
  const gateway = await start(url, { upstreams: { old: config } });
  await call(gateway, "plain");
  onCall = ({ res, id }) => {
    stream(res).flushHeaders();
    setTimeout(() => res.end(event(text(id, content))), 200);
  };
  expect((await call(gateway, "slow")).body.result).toEqual(answeredWith);
});

it("passes a result on before its stream has ended, and ends the stream", async () => {
  await call(short, "plain");
  const closed = new Promise((resolve) => {
    onCall = ({ res, id }) => {
      res.on("close", resolve);
      stream(res).write(event(text(id, content)));
    };
  });
  expect((await call(short, "stays")).body.result).toEqual(answeredWith);
  await closed;
});
