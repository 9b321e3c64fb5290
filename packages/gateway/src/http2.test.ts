/** HTTP/2 on the listener of a gateway. */
import { readFileSync } from "node:fs";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from "node:http2";
import { serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { createAuthority, hasOpenSSL } from "./fixtures/certificates.ts";
import { startPlainServer } from "./fixtures/plain-server.ts";
import { createPoster } from "./fixtures/posting.ts";
import {
  connectRaw,
  dataFrame,
  frameTypes,
  headersFrame,
  resetFrame,
} from "./fixtures/raw-http2.ts";
import { startGateway } from "./gateway.ts";

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** Starts a server whose tool `hold` answers once `release` is called. */
async function startHolding() {
  const held: (() => void)[] = [];
  const state = { calls: 0, aborted: 0, inFlight: 0, most: 0 };
  const hold = defineTool({
    name: "hold",
    inputSchema: { type: "object" },
    call: async (_args, { signal }) => {
      state.calls += 1;
      state.inFlight += 1;
      state.most = Math.max(state.most, state.inFlight);
      await new Promise<void>((resolve) => {
        held.push(resolve);
        signal.addEventListener("abort", () => {
          state.aborted += 1;
          resolve();
        });
      });
      state.inFlight -= 1;
      return "held";
    },
  });
  const tell = defineTool({
    name: "tell",
    inputSchema: { type: "object" },
    call: async (_args, context) => {
      await context.log("info", "begun");
      await new Promise<void>((resolve) => held.push(resolve));
      return "told";
    },
  });
  const echo = defineTool({ name: "echo", inputSchema: { type: "object" }, call: () => "echo" });
  const server = createServer({ name: "holding", version: "1.0.0", tools: [hold, tell, echo] });
  const endpoint = await serveHttp(server, { port: 0, drainMs: 100 });
  onTestFinished(() => endpoint.close());
  const release = () => {
    for (const resolve of held.splice(0)) resolve();
  };
  return { url: endpoint.url, state, release, held };
}

async function gatewayOf(url: string, more: Partial<ConfigInput> = {}) {
  const authority = createAuthority();
  const lines: string[] = [];
  const gateway = await startGateway(
    {
      admin: false,
      drainMs: 5000,
      upstreams: { only: { url, verify: "upstream" } },
      ...more,
      listen: { port: 0, tls: authority.issue("gateway"), http2: true, ...more.listen },
    },
    {
      notice: () => {},
      logStream: { write: (text) => lines.push(...text.trim().split("\n")) },
    },
  );
  onTestFinished(() => gateway.close());
  await gateway.ready();
  const ca = readFileSync(authority.ca, "utf8");
  return { ...gateway, ca, lines };
}

function open(url: string, ca: string): ClientHttp2Session {
  const session = connect(url, { ca });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** Begins a call of a tool, and sends its body. */
function begin(
  session: ClientHttp2Session,
  name: string,
  headers: OutgoingHttpHeaders = {},
): ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": "/mcp",
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": name,
    ...headers,
  });
  stream.on("error", () => {});
  stream.end(bodyOf(name));
  return stream;
}

function bodyOf(name: string): string {
  const params = { name, arguments: {}, _meta };
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
}

/** The headers of a call of `hold`. */
const rawHeaders = (url: string) => ({
  ":method": "POST",
  ":scheme": "https",
  ":authority": new URL(url).host,
  ":path": "/mcp",
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "hold",
  "content-length": String(bodyOf("hold").length),
});

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
  readonly code: number;
}

/** Resolves once the stream has closed. */
function answerTo(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve) => {
    let [status, text]: [number | undefined, string] = [undefined, ""];
    stream.setEncoding("utf8");
    stream.on("response", (headers) => {
      status = headers[":status"];
    });
    stream.on("data", (chunk: string) => {
      text += chunk;
    });
    stream.on("close", () => resolve({ status, text, code: stream.rstCode }));
  });
}

const call = (session: ClientHttp2Session, name = "echo", headers: OutgoingHttpHeaders = {}) =>
  answerTo(begin(session, name, headers));

const closed = (session: ClientHttp2Session) =>
  new Promise<void>((resolve) => {
    if (session.destroyed) resolve();
    else session.once("close", resolve);
  });

describe.skipIf(!hasOpenSSL)("a listener with HTTP/2 (needs openssl)", () => {
  it.each(["upstream", "gateway"] as const)(
    "serves both versions where the %s compares headers",
    async (verify) => {
      const { url } = await startHolding();
      const gateway = await gatewayOf(url, { upstreams: { only: { url, verify } } });
      const session = open(gateway.url, gateway.ca);
      expect(await call(session)).toMatchObject({ status: 200, code: 0 });
      expect((await call(session)).text).toContain('"echo"');
      expect(session.alpnProtocol).toBe("h2");
      const post = createPoster({ ca: gateway.ca });
      const params = { name: "echo", arguments: {} };
      expect((await post(gateway.url, "tools/call", params)).status).toBe(200);
    },
  );

  it("is chosen only with the setting", async () => {
    const { url } = await startHolding();
    const gateway = await gatewayOf(url, { listen: { http2: false } });
    const session = open(gateway.url, gateway.ca);
    await closed(session);
    expect(session.alpnProtocol).not.toBe("h2");
  });

  it("passes on the headers that a request over HTTP/1.1 has", async () => {
    const upstream = await startPlainServer();
    const gateway = await gatewayOf(`http://127.0.0.1:${upstream.port}/mcp`);
    const session = open(gateway.url, gateway.ca);
    const cookie = ["a=1", "b=2"];
    expect(await call(session, "echo", { cookie, "x-tenant": "acme" })).toMatchObject({
      status: 200,
    });
    const { host } = new URL(gateway.url);
    expect(upstream.lastHeaders()).toMatchObject({
      cookie: "a=1; b=2",
      "x-tenant": "acme",
      "x-forwarded-proto": "https",
      "x-forwarded-host": host,
      "x-forwarded-for": "127.0.0.1",
    });
    expect(Object.keys(upstream.lastHeaders()).filter((name) => name.startsWith(":"))).toEqual([]);
  });

  it("refuses names that are not allowed, as over HTTP/1.1", async () => {
    const { url } = await startHolding();
    const gateway = await gatewayOf(url);
    const session = open(gateway.url, gateway.ca);
    expect(await call(session, "echo", { ":authority": "evil.example" })).toMatchObject({
      status: 403,
    });
    expect(await call(session)).toMatchObject({ status: 200 });
  });

  it("answers a GET and another path without a body", async () => {
    const { url } = await startHolding();
    const gateway = await gatewayOf(url);
    const session = open(gateway.url, gateway.ca);
    const get = (path: string) => answerTo(session.request({ ":path": path }));
    expect(await get("/mcp")).toMatchObject({ status: 405, code: 0 });
    expect(await get("/other")).toMatchObject({ status: 404, code: 0 });
  });

  it("handles the requests of a connection in parallel", async () => {
    const { url, state, release } = await startHolding();
    const gateway = await gatewayOf(url);
    const session = open(gateway.url, gateway.ca);
    const held = Array.from({ length: 20 }, () => call(session, "hold"));
    await vi.waitFor(() => expect(state.inFlight).toBe(20), 10_000);
    expect(await call(session)).toMatchObject({ status: 200 });
    release();
    const answers = await Promise.all(held);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it("sends the events of a stream as they come", async () => {
    const { url, release, held } = await startHolding();
    const gateway = await gatewayOf(url);
    const session = open(gateway.url, gateway.ca);
    const stream = begin(session, "tell", {});
    const answer = answerTo(stream);
    await vi.waitFor(() => expect(held).toHaveLength(1), 10_000);
    release();
    expect((await answer).text).toContain("told");
  });

  it("aborts the request of a stream that the client closes, and no other", async () => {
    const { url, state, release } = await startHolding();
    const gateway = await gatewayOf(url);
    const session = open(gateway.url, gateway.ca);
    const other = call(session, "hold");
    const stream = begin(session, "hold");
    await vi.waitFor(() => expect(state.inFlight).toBe(2), 10_000);
    stream.close(constants.NGHTTP2_CANCEL);
    await vi.waitFor(() => expect(state.aborted).toBe(1), 10_000);
    expect(state.inFlight).toBe(1);
    release();
    expect(await other).toMatchObject({ status: 200 });
  });

  it("announces its end, and answers the requests in flight", async () => {
    const { url, state, release } = await startHolding();
    const gateway = await gatewayOf(url);
    const session = open(gateway.url, gateway.ca);
    const [held, idle] = [call(session, "hold"), open(gateway.url, gateway.ca)];
    await call(idle);
    await vi.waitFor(() => expect(state.inFlight).toBe(1), 10_000);
    const goaway = new Promise<number>((resolve) => session.once("goaway", resolve));
    const ended = gateway.close();
    expect(await goaway).toBe(constants.NGHTTP2_NO_ERROR);
    await closed(idle);
    release();
    expect(await held).toMatchObject({ status: 200, code: 0 });
    await Promise.all([closed(session), ended]);
  });

  it("limits the streams of a connection", async () => {
    const { url, state, release } = await startHolding();
    const gateway = await gatewayOf(url, {
      upstreams: { only: { url, verify: "upstream", concurrency: { max: 1000 } } },
    });
    const session = open(gateway.url, gateway.ca);
    await call(session);
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    const all = Array.from({ length: 130 }, () => call(session, "hold"));
    await vi.waitFor(() => expect(state.inFlight).toBe(100), 10_000);
    const timer = setInterval(release, 20);
    onTestFinished(() => clearInterval(timer));
    const answers = await Promise.all(all);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(130);
    expect(state.most).toBe(100);
  });

  it("counts the streams of all connections for maxConnections", async () => {
    const { url, state, release } = await startHolding();
    const gateway = await gatewayOf(url, { listen: { maxConnections: 3 } });
    const session = open(gateway.url, gateway.ca);
    const held = Array.from({ length: 3 }, () => call(session, "hold"));
    await vi.waitFor(() => expect(state.inFlight).toBe(3), 10_000);
    expect((await call(session)).code).toBe(constants.NGHTTP2_REFUSED_STREAM);
    release();
    await Promise.all(held);
    expect(await call(session)).toMatchObject({ status: 200 });
  });

  it("refuses streams of a client that ignores the limit", async () => {
    const { url } = await startHolding();
    const gateway = await gatewayOf(url);
    const raw = await connectRaw(gateway.url, gateway.ca);
    const ids = Array.from({ length: 150 }, (_, index) => 2 * index + 1);
    raw.write(Buffer.concat(ids.map((id) => headersFrame(id, rawHeaders(gateway.url), true))));
    const refused = () => raw.frames.filter(({ type }) => type === frameTypes.reset);
    await vi.waitFor(() => expect(refused().length).toBeGreaterThanOrEqual(50), 10_000);
    const codes = new Set(refused().map(({ payload }) => payload.readUInt32BE(0)));
    expect(codes).toEqual(new Set([constants.NGHTTP2_REFUSED_STREAM]));
  });

  it("closes a connection that resets streams without end, and serves others", async () => {
    const { url, state } = await startHolding();
    const gateway = await gatewayOf(url);
    const other = open(gateway.url, gateway.ca);
    await call(other);
    const raw = await connectRaw(gateway.url, gateway.ca);
    let sent = 0;
    while (!raw.isClosed() && sent < 5000) {
      const frames = Array.from({ length: 20 }, () => {
        const id = 2 * sent + 1;
        sent += 1;
        const begun = [
          headersFrame(id, rawHeaders(gateway.url), true),
          dataFrame(id, bodyOf("hold")),
        ];
        return Buffer.concat([...begun, resetFrame(id, constants.NGHTTP2_CANCEL)]);
      });
      raw.write(Buffer.concat(frames));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const ends = raw.frames.filter(({ type }) => type === frameTypes.goaway);
    expect(ends.at(-1)?.payload.readUInt32BE(4)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(sent).toBeLessThan(5000);
    await vi.waitFor(() => expect(state.inFlight).toBe(0), 10_000);
    expect(await call(other)).toMatchObject({ status: 200 });
  });

  it.each([
    ["too large", { "x-large": "x".repeat(20_000) }],
    ["too many", Object.fromEntries(Array.from({ length: 1200 }, (_, i) => [`x-${i}`, "1"]))],
  ])("serves no request whose headers are %s", async (_what, headers) => {
    const { url, state } = await startHolding();
    const gateway = await gatewayOf(url);
    const session = open(gateway.url, gateway.ca);
    await call(session);
    const { status } = await call(session, "hold", headers);
    expect(status === undefined || status >= 400).toBe(true);
    expect(state.calls).toBe(0);
    expect(await call(open(gateway.url, gateway.ca))).toMatchObject({ status: 200 });
  });

  it("writes a line of the log for each request", async () => {
    const { url } = await startHolding();
    const gateway = await gatewayOf(url);
    const { text } = await call(open(gateway.url, gateway.ca));
    await vi.waitFor(() => expect(gateway.lines).toHaveLength(1), 10_000);
    expect(JSON.parse(gateway.lines[0] ?? "")).toMatchObject({
      method: "tools/call",
      name: "echo",
      address: "127.0.0.1",
      upstream: "only",
      status: 200,
      bytesOut: text.length,
    });
    expect(gateway.lines[0]).not.toContain('"broken"');
  });
});
