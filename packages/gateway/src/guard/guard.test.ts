/** Guards of a gateway: an HTTP service and a module. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveHttp } from "lutra/node";
import { createServer as createMCPServer, defineTool } from "lutra/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../config/load.ts";
import type { ParsedConfig } from "../config/parse-config.ts";
import type { ConfigInput } from "../config/schema.ts";
import { startGateway } from "../gateway.ts";

type Question = { readonly phase: "before" | "after"; readonly [member: string]: unknown };
type Decide = (question: Question, res: ServerResponse) => unknown;

/** Starts a service that decides; a returned value is its answer. */
async function startService(decide: Decide) {
  const questions: Question[] = [];
  const headers: unknown[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const question = JSON.parse(Buffer.concat(chunks).toString()) as Question;
    questions.push(question);
    headers.push(req.headers["x-service-key"]);
    const answer = decide(question, res);
    if (answer !== undefined) res.end(JSON.stringify(answer));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/check`;
  return { url, questions, headers };
}

/** Starts an upstream that counts its calls. */
async function startUpstream() {
  const ran: unknown[] = [];
  const echo = defineTool({
    name: "echo",
    inputSchema: { type: "object" },
    call: (args) => {
      ran.push(args);
      return JSON.stringify(args);
    },
  });
  const server = createMCPServer({ name: "one", version: "1.0.0", tools: [echo] });
  const { url, close } = await serveHttp(server, { port: 0 });
  onTestFinished(() => close());
  return { url, ran };
}

const quiet = { listen: { port: 0 }, admin: false, log: false, drainMs: 100 } as const;

async function start(config: ConfigInput | ParsedConfig) {
  const notices: string[] = [];
  const gateway = await startGateway(config, { notice: (line) => notices.push(line) });
  onTestFinished(() => gateway.close());
  await gateway.ready();
  return { url: gateway.url, notices };
}

async function ask(url: string, method = "tools/call", args: object = { a: 1 }) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const isCall = method === "tools/call";
  const params = { ...(isCall && { name: "echo", arguments: args }), _meta };
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(isCall && { "mcp-name": "echo" }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { status, headers } = response;
  const body = (await response.json()) as {
    readonly result?: object;
    readonly error?: { readonly message: string };
  };
  return { status, retryAfter: headers.get("retry-after"), ...body };
}

describe("a service as the guard", () => {
  async function setUp(decide: Decide, guard: object = {}, upstreamMore: object = {}) {
    const [service, upstream] = await Promise.all([startService(decide), startUpstream()]);
    const { url, notices } = await start({
      ...quiet,
      upstreams: { one: { url: upstream.url, ...upstreamMore } },
      guard: { url: service.url, match: { method: "tools/call" }, ...guard },
    });
    return { url, notices, service, upstream };
  }

  it.each([
    ["a parsed request", {}],
    ["a request that would be forwarded unread", { verify: "upstream" }],
  ])("is asked before and after %s", async (_what, more) => {
    const { url, service } = await setUp(() => ({ allow: true }), {}, more);
    expect(await ask(url)).toMatchObject({ status: 200, result: { resultType: "complete" } });
    const call = {
      method: "tools/call",
      params: { name: "echo", arguments: { a: 1 } },
      upstream: "one",
      entry: { kind: "tool", name: "echo" },
      address: "127.0.0.1",
    };
    expect(service.questions).toEqual([
      { phase: "before", ...call },
      { phase: "after", ...call, result: expect.objectContaining({ resultType: "complete" }) },
    ]);
  });

  it("refuses a request, which the upstream then never receives", async () => {
    const decide: Decide = () => ({ allow: false, reason: "not on Sundays" });
    const { url, upstream } = await setUp(decide);
    expect(await ask(url)).toMatchObject({ status: 403, error: { message: "not on Sundays" } });
    expect(upstream.ran).toEqual([]);
  });

  it("withholds a result", async () => {
    const decide: Decide = ({ phase }) => ({ allow: phase === "before" });
    const { url, upstream } = await setUp(decide);
    const { status, result } = await ask(url);
    expect([status, result]).toEqual([403, undefined]);
    expect(upstream.ran).toHaveLength(1);
  });

  it("decides only about requests that match, at the configured times", async () => {
    const { url, service } = await setUp(() => ({ allow: true }), { when: ["after"] });
    await ask(url, "tools/list");
    await ask(url);
    expect(service.questions.map(({ phase, method }) => [phase, method])).toEqual([
      ["after", "tools/call"],
    ]);
  });

  it("receives the configured headers", async () => {
    const headers = { "x-service-key": "s3cret" };
    const { url, service } = await setUp(() => ({ allow: true }), { headers });
    await ask(url);
    expect(service.headers).toEqual(["s3cret", "s3cret"]);
  });

  const failures: { readonly [what: string]: Decide } = {
    "does not answer in time": () => undefined,
    "answers with another status": (_question, res) => {
      res.statusCode = 500;
      return { allow: true };
    },
    "answers without a decision": () => ({ allow: "yes" }),
    "answers without JSON": (_question, res) => void res.end("<html>"),
    "answers at length": () => ({ allow: true, text: "x".repeat(100_000) }),
    disconnects: (_question, res) => void res.destroy(),
  };

  it.each(Object.entries(failures))("that %s refuses requests", async (_what, decide) => {
    const { url, upstream, notices } = await setUp(decide, { timeoutMs: 200 });
    const answer = await ask(url);
    expect(answer).toMatchObject({ status: 503, retryAfter: "1" });
    expect(answer.error?.message).toBe("The guard of the gateway made no decision");
    expect(upstream.ran).toEqual([]);
    expect(notices.join()).toContain("the guard failed");
  });

  it.each(Object.entries(failures))("that %s allows them if it may", async (_what, decide) => {
    const { url, upstream } = await setUp(decide, { timeoutMs: 200, failure: "open" });
    expect(await ask(url)).toMatchObject({ status: 200 });
    expect(upstream.ran).toHaveLength(1);
  });

  it("leaves the errors of the upstream as they are", async () => {
    const { url, service } = await setUp(() => ({ allow: true }));
    const unknown = await ask(url, "tools/dance");
    expect(unknown.status).toBe(404);
    expect(service.questions).toEqual([]);
  });
});

describe("a module as the guard", () => {
  async function setUp(source: string, guard: object = {}) {
    const folder = await mkdtemp(join(tmpdir(), "lutra-guard-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const upstream = await startUpstream();
    await writeFile(join(folder, "guard.mjs"), source);
    const config = {
      ...quiet,
      upstreams: { one: { url: upstream.url } },
      guard: { module: "./guard.mjs", ...guard },
    };
    const file = join(folder, "gateway.json");
    await writeFile(file, JSON.stringify(config));
    return { file, upstream };
  }

  const marking = `export default (next) => async (request, context) => {
  const result = await next(request, context);
  return { ...result, _meta: { ...result._meta, "com.example/checked": true } };
};`;

  it("may change requests and results", async () => {
    const { file } = await setUp(marking);
    const { url } = await start(await loadConfig(file));
    expect(await ask(url)).toMatchObject({
      status: 200,
      result: { _meta: { "com.example/checked": true } },
    });
  });

  it("that throws refuses requests, or allows them if it may", async () => {
    const source = "export default () => async () => { throw new Error('broken'); };";
    const closed = await setUp(source);
    expect(await ask((await start(await loadConfig(closed.file))).url)).toMatchObject({
      status: 503,
    });
    const open = await setUp(source, { failure: "open" });
    expect(await ask((await start(await loadConfig(open.file))).url)).toMatchObject({
      status: 200,
    });
    expect(open.upstream.ran).toHaveLength(1);
  });

  it("that is too slow can't pass the request on later", async () => {
    const source = `let go;
globalThis.lutraGuardTest = { release: () => go() };
export default (next) => async (request, context) => {
  await new Promise((resolve) => { go = resolve; });
  return next(request, context);
};`;
    const { file, upstream } = await setUp(source, {
      timeoutMs: 100,
      match: { method: "tools/call" },
    });
    const { url } = await start(await loadConfig(file));
    expect(await ask(url)).toMatchObject({ status: 503 });
    const { lutraGuardTest } = globalThis as unknown as { lutraGuardTest: { release(): void } };
    lutraGuardTest.release();
    expect((await ask(url, "tools/list")).status).toBe(200);
    expect(upstream.ran).toEqual([]);
  });

  it("without a function as its default export is refused", async () => {
    const { file } = await setUp("export default 5;");
    await expect(loadConfig(file)).rejects.toThrow(
      "guard.module: expected a Middleware as the default export",
    );
  });
});
